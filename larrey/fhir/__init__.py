"""Pure storey: FHIR R4 definitions, paths, search grammar, validation, reading helpers. No I/O, no framework."""
