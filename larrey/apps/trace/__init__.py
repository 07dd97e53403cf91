"""Who opened whose record: for the patient's doctors, for the security officer, for the patient."""
