"""Which date and which patient each type of resource is filed under.

Both name search parameters that have at most one value in a resource (a test proves it from the cardinalities), so
that the record can keep the value in the resource's own row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larrey.fhir.definitions.elements import resource_types
from larrey.fhir.definitions.parameters import search_parameters

_DATES = {
    "date": """AdverseEvent AllergyIntolerance Appointment AuditEvent CarePlan CareTeam ClinicalImpression Composition
        Consent DiagnosticReport DocumentReference Encounter EpisodeOfCare FamilyMemberHistory Flag Immunization
        ImmunizationEvaluation ImmunizationRecommendation Invoice List MeasureReport Observation
        OrganizationAffiliation PractitionerRole Procedure ResearchStudy ResearchSubject RiskAssessment Schedule
        SupplyRequest
        ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap
        EffectEvidenceSynthesis EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition
        ImplementationGuide Library Measure MessageDefinition NamingSystem OperationDefinition PlanDefinition
        Questionnaire ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis SearchParameter
        StructureDefinition StructureMap TerminologyCapabilities TestScript ValueSet""",
    "created": """Basic Claim ClaimResponse CoverageEligibilityRequest CoverageEligibilityResponse DocumentManifest
        ExplanationOfBenefit Media PaymentNotice PaymentReconciliation""",
    "authored": "CommunicationRequest QuestionnaireResponse RequestGroup ServiceRequest",
    "authored-on": "DeviceRequest Task",
    "authoredon": "MedicationRequest",
    "birthdate": "Patient Person RelatedPerson",
    "collected": "Specimen",
    "datetime": "NutritionOrder",
    "datewritten": "VisionPrescription",
    "effective": "MedicationStatement",
    "effective-time": "MedicationAdministration",
    "identified": "DetectedIssue",
    "issued": "Contract TestReport",
    "occurrence": "ChargeItem",
    "onset-date": "Condition",
    "period": "Account",
    "recorded": "Provenance",
    "sent": "Communication",
    "start": "Slot",
    "start-date": "Goal",
    "started": "ImagingStudy",
    "timestamp": "Bundle",
    "whenhandedover": "MedicationDispense",
}

CLINICAL_DATE: Mapping[str, str] = MappingProxyType({type_: code for code, types in _DATES.items() for type_ in types.split()})
"""Type → code of the date parameter that says when it matters clinically (for definitions: when it was issued)."""

_SEVERAL_PATIENTS = frozenset({"AuditEvent", "Appointment", "Contract", "Group", "Person", "Provenance"})
_SUBJECT = frozenset({"AdverseEvent", "SupplyRequest"})

PATIENT_PARAMETER: Mapping[str, str] = MappingProxyType(
    {
        type_: "subject" if type_ in _SUBJECT else "patient"
        for type_ in sorted(resource_types() - _SEVERAL_PATIENTS)
        if type_ in _SUBJECT or ("patient" in search_parameters(type_) and type_ != "Account")
    }
)
"""Type → code of the reference parameter that names its one patient; types that may have several are absent."""
