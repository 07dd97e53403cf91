"""What each role of the house may do in the record: one table. Default: nothing. No Django: the machine door reads it too.

``RULES`` says for each role which types it reads and writes, how far it sees (``reach``), and what else it may. The table is
drawn in docs/reference/roles.md. A right on a type never opens a patient by itself: whose rows are seen is the ``Sight`` that
``larrey.access.standing`` computes from the role's reach and the person's units. Titles are in ``larrey.access.titles``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Role(StrEnum):
    """The trade of an account's holder; the value is what the command line and the trace write."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    MIDWIFE = "midwife"
    PHARMACIST = "pharmacist"
    ADMISSION_DESK = "admission-desk"
    IDENTITY_OFFICER = "identity-officer"
    MEDICAL_SECRETARY = "medical-secretary"
    CODER = "coder"
    RESEARCHER = "researcher"
    SUPPORT_AGENT = "support-agent"
    ADMINISTRATOR = "administrator"
    SECURITY_OFFICER = "security-officer"
    PATIENT = "patient"


Reach = Literal["unit", "hospital", "group", "own", "nobody"]
"""Whose patients: of her units, of her hospitals, of the whole group (as far as ``identities`` go), herself, nobody's."""

_FAMILIES = {
    "identity": "Patient Person RelatedPerson",
    "stays": "Encounter EpisodeOfCare Appointment AppointmentResponse Schedule Slot",
    "insurance": """Account Coverage CoverageEligibilityRequest CoverageEligibilityResponse EnrollmentRequest
        EnrollmentResponse Contract Claim ClaimResponse ExplanationOfBenefit ChargeItem Invoice PaymentNotice
        PaymentReconciliation""",
    "letters": "Composition DocumentReference DocumentManifest Binary Communication CommunicationRequest",
    "clinical": """AdverseEvent AllergyIntolerance Basic BodyStructure CarePlan CareTeam ClinicalImpression Condition Consent
        DetectedIssue DeviceUseStatement DiagnosticReport FamilyMemberHistory Flag Goal Group GuidanceResponse
        ImagingStudy Linkage List Media MolecularSequence NutritionOrder Observation Procedure Provenance QuestionnaireResponse
        RequestGroup RiskAssessment ServiceRequest Specimen Task VisionPrescription DeviceRequest Device DeviceMetric
        BiologicallyDerivedProduct SupplyRequest SupplyDelivery""",
    "medication": """MedicationRequest MedicationAdministration MedicationDispense MedicationStatement Immunization
        ImmunizationEvaluation ImmunizationRecommendation""",
    "structure": """Organization OrganizationAffiliation Location Practitioner PractitionerRole HealthcareService Endpoint
        InsurancePlan""",
    "knowledge": """Medication MedicationKnowledge Substance DeviceDefinition CodeSystem ValueSet ConceptMap NamingSystem
        Questionnaire PlanDefinition ActivityDefinition ObservationDefinition SpecimenDefinition ChargeItemDefinition CatalogEntry
        Library Measure""",
    "research": """ResearchStudy ResearchSubject ResearchDefinition ResearchElementDefinition Evidence EvidenceVariable
        EffectEvidenceSynthesis RiskEvidenceSynthesis MeasureReport""",
    "technical": """AuditEvent Bundle CapabilityStatement CompartmentDefinition EventDefinition ExampleScenario GraphDefinition
        ImplementationGuide MessageDefinition MessageHeader OperationDefinition OperationOutcome Parameters SearchParameter
        StructureDefinition StructureMap Subscription SubstanceNucleicAcid SubstancePolymer SubstanceProtein
        SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification TerminologyCapabilities TestReport TestScript
        VerificationResult MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
        MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
        MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect""",
}
FAMILIES: Mapping[str, frozenset[str]] = MappingProxyType({name: frozenset(types.split()) for name, types in _FAMILIES.items()})
"""Every resource type of R4 in one family: what the table gives and refuses together."""


def _rights(*grants: str) -> Mapping[str, str]:
    """``"clinical.rs"`` is the whole family, ``"Observation.c"`` one type; letters of several grants add up."""
    found: dict[str, set[str]] = {}
    for grant in grants:
        names, _, letters = grant.rpartition(".")
        for name in names.split():
            for type_ in FAMILIES.get(name, (name,)):
                found.setdefault(type_, set()).update(letters)
    return MappingProxyType(
        {type_: "".join(letter for letter in "cruds" if letter in letters) for type_, letters in sorted(found.items())}
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """What a role may. ``rights``: type → SMART v2 letters; the types not named are refused.

    ``after``: days for which a patient is still seen after she left; ``ahead``: days before she comes. ``identities``: types
    seen of every patient of the group. ``finds``: may look for any patient by her identity, discreet ones apart, and sees of
    one who is not hers no more than that. ``glass``: may break the glass. ``told``: a refusal says why.
    """

    rights: Mapping[str, str]
    reach: Reach = "nobody"
    after: int = 0
    ahead: int = 0
    identities: frozenset[str] = frozenset()
    finds: bool = False
    glass: bool = False
    told: bool = True


_NAMES = "structure knowledge.rs"
_CHART = ("identity stays insurance letters clinical medication.rs", _NAMES)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        Role.DOCTOR: Rule(
            _rights(
                *_CHART,
                "letters clinical medication Encounter EpisodeOfCare Appointment AppointmentResponse.cu",
            ),
            reach="unit",
            after=90,
            ahead=2,
            finds=True,
            glass=True,
        ),
        Role.NURSE: Rule(
            _rights(
                *_CHART,
                "Observation Procedure MedicationAdministration MedicationStatement Immunization AllergyIntolerance.cu",
                "QuestionnaireResponse Flag Task Specimen DeviceUseStatement Device NutritionOrder SupplyRequest.cu",
                "CarePlan Goal Communication ClinicalImpression AdverseEvent DocumentReference Binary Media List Appointment.cu",
                "Encounter.u",
            ),
            reach="unit",
            ahead=2,
            finds=True,
            glass=True,
        ),
        Role.MIDWIFE: Rule(
            _rights(
                *_CHART,
                "letters clinical medication Encounter EpisodeOfCare Appointment AppointmentResponse.cu",
            ),
            reach="unit",
            ahead=2,
            finds=True,
            glass=True,
        ),
        Role.PHARMACIST: Rule(
            _rights(
                *_CHART,
                "medication DetectedIssue ClinicalImpression Observation Task Communication Medication MedicationKnowledge.cu",
                "AllergyIntolerance DocumentReference Binary QuestionnaireResponse AdverseEvent Flag.cu",
            ),
            reach="unit",
            after=30,
            ahead=2,
            finds=True,
            glass=True,
        ),
        Role.ADMISSION_DESK: Rule(
            _rights(
                "Patient Person RelatedPerson Encounter EpisodeOfCare Appointment AppointmentResponse Schedule Slot.rs",
                "Account Coverage CoverageEligibilityRequest CoverageEligibilityResponse Contract Invoice ChargeItem.rs",
                "Patient RelatedPerson Encounter Appointment Coverage CoverageEligibilityRequest Account.cu",
                _NAMES,
            ),
            reach="hospital",
            after=365,
            ahead=365,
            identities=frozenset({"Patient", "Person", "RelatedPerson", "Coverage"}),
            finds=True,
        ),
        Role.IDENTITY_OFFICER: Rule(
            _rights("identity.rs", "Patient Person RelatedPerson.cu", "structure.rs"),
            reach="group",
            identities=frozenset({"Patient", "Person", "RelatedPerson"}),
            finds=True,
        ),
        Role.MEDICAL_SECRETARY: Rule(
            _rights(
                "identity stays letters Coverage Flag Task CareTeam.rs",
                "Appointment AppointmentResponse Schedule Slot letters Task.cu",
                _NAMES,
            ),
            reach="unit",
            after=365,
            ahead=365,
            finds=True,
        ),
        Role.CODER: Rule(_rights(*_CHART, "Claim ChargeItem.cu"), reach="hospital", after=400),
        Role.RESEARCHER: Rule(_rights(_NAMES)),
        Role.SUPPORT_AGENT: Rule(_rights(_NAMES)),
        Role.ADMINISTRATOR: Rule(_rights(_NAMES)),
        Role.SECURITY_OFFICER: Rule(_rights(_NAMES)),
        Role.PATIENT: Rule(
            _rights(
                "Patient RelatedPerson stays insurance letters clinical medication.rs",
                _NAMES,
            ),
            reach="own",
            told=False,
        ),
    }
)
"""Role → what it may."""

NOTHING = Rule(MappingProxyType({}), told=False)
"""For a role that is not in the table."""
