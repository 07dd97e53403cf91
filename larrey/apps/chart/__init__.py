"""The room where a patient is found and her record read."""
