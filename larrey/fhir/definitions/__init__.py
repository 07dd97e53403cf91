"""The FHIR R4 definitions (4.0.1) as compact tables: types, required codes, search parameters, compartments.

Pure and read-only; loaded from the package at the first question. Source: the official definitions (CC0), see
``scripts/make_fhir_definitions.py``.
"""

from larrey.fhir.definitions.clinical import CLINICAL_DATE, PATIENT_PARAMETER
from larrey.fhir.definitions.elements import (
    Element,
    TypeDefinition,
    ancestors,
    is_type,
    required_codes,
    resource_types,
    type_definition,
)
from larrey.fhir.definitions.parameters import (
    OWN,
    SearchParameter,
    alternatives,
    compartment,
    official_parameters,
    search_parameter,
    search_parameters,
)

__all__ = [
    "CLINICAL_DATE",
    "OWN",
    "PATIENT_PARAMETER",
    "Element",
    "SearchParameter",
    "TypeDefinition",
    "alternatives",
    "ancestors",
    "compartment",
    "is_type",
    "official_parameters",
    "required_codes",
    "resource_types",
    "search_parameter",
    "search_parameters",
    "type_definition",
]
