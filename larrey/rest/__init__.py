"""Machine door: the FHIR REST API as a slim WSGI application. No Django inside."""
