"""One file per interaction of the FHIR API: ``interaction(request, session) -> Response``."""
