"""The face: Jinja environment, layouts, components, words for FHIR resources, static files."""
