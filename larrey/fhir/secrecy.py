"""Who must not see a resource, as its own labels say; and which units are sensitive.

Labels stand in ``meta.security`` (http://hl7.org/fhir/R4/security-labels.html), ``DocumentReference.securityLabel`` and
``Composition.confidentiality``. Content of any shape is taken: what is not a label that is known says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PATIENT_ONLY = 1
"""The patient keeps it for herself: no professional ever, whatever the door."""
HIDDEN = 2
"""Hidden by the patient from professionals; its author sees it, and who breaks the glass."""
INVISIBLE_PATIENT = 4
"""Not yet for the patient: she is to hear of it from a professional first."""
INVISIBLE_REPRESENTATIVES = 8
"""A minor's secret toward those who stand for her."""
VIP = 16
"""A patient whom not everyone may look for; of a Patient only."""
RESTRICTED = 32
"""No label says it: the record sets it on what belongs to a stay in a sensitive unit or to a patient who opposes sharing."""

OURS = "https://larrey.example/fhir/CodeSystem/confidentiality"
A07 = "urn:oid:1.2.250.1.213.1.1.4.13"
"""The visibility of documents of the ANS (TRE_A07-StatutVisibiliteDocument)."""
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

# The ANS publishes A07 under its OID and under this address.
_A07_ADDRESS = "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument"
_BITS = {
    "PATIENT_ONLY": PATIENT_ONLY,
    "MASQUE_PS": HIDDEN,
    "INVISIBLE_PATIENT": INVISIBLE_PATIENT,
    "INVISIBLE_REPRESENTANTS_LEGAUX": INVISIBLE_REPRESENTATIVES,
}
# A label of one of these systems, or of none, is taken at its word: hiding too much can be put right, showing cannot.
_SYSTEMS = frozenset({OURS, A07, _A07_ADDRESS, None, ""})

# http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy, without what is about persons (CEL, EMP…).
_SENSITIVITIES = frozenset(
    [
        "BH", "COGN", "DIA", "DVD", "EMOTDIS", "ETH", "ETHUD", "GDIS", "HIV", "IDS", "MH", "MST", "OPIOIDUD", "PREGNANT", "PSY",
        "PSYTHPN", "SCA", "SDV", "SEX", "SICKLE", "SPI", "STD", "SUD", "TBOO", "VIO",
    ]
)  # fmt: skip
_RESTRICTED = frozenset({"R", "V"})


def secrecy(resource: Mapping[str, Any]) -> int:
    """The bits of ``resource``'s labels; 0 for nearly everything.

    A Bundle, and what contains others, is at least as secret as what is in it.
    """
    bits = _labels(resource)
    if "contained" in resource or "entry" in resource:
        stack = list(_inside(resource))
        while stack:
            inner = stack.pop()
            bits |= _labels(inner) & ~VIP
            stack.extend(_inside(inner))
    return bits


def sensitive(organization: Mapping[str, Any]) -> bool:
    """Whether a unit's work is itself a secret (psychiatry, addiction…): its ``meta.security`` says so."""
    meta = organization.get("meta")
    if not isinstance(meta, Mapping):
        return False
    return any(
        (system == ACT_CODE and code in _SENSITIVITIES) or (system == CONFIDENTIALITY and code in _RESTRICTED)
        for system, code in _codings(meta.get("security"))
    )


def _labels(resource: Mapping[str, Any]) -> int:
    bits = 0
    meta = resource.get("meta")
    if isinstance(meta, Mapping) and "security" in meta:
        for system, code in _codings(meta["security"]):
            if system in _SYSTEMS:
                bits |= _BITS.get(code, 0)
            elif system == ACT_CODE and code == "CEL" and resource.get("resourceType") == "Patient":
                bits |= VIP
    for name in ("securityLabel", "confidentiality"):
        if name in resource:
            for system, code in _codings(resource[name]):
                if system in _SYSTEMS:
                    bits |= _BITS.get(code, 0)
    return bits


def _inside(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The resources in ``contained``, and those of a Bundle's entries."""
    contained = resource.get("contained")
    for inner in contained if isinstance(contained, list) else ():
        if isinstance(inner, Mapping):
            yield inner
    entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        inner = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(inner, Mapping):
            yield inner


def _codings(value: Any) -> Iterator[tuple[str | None, str]]:
    """(system, code) of a code, a Coding, a CodeableConcept, or a list of these."""
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str):
            yield None, item
        elif isinstance(item, Mapping):
            inner = item.get("coding")
            for coding in inner if isinstance(inner, list) else (item,):
                if isinstance(coding, Mapping) and isinstance(coding.get("code"), str):
                    system = coding.get("system")
                    if system is None or isinstance(system, str):
                        yield system, coding["code"]
