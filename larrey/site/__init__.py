"""Wiring: settings, URLs, WSGI entry, embedded PostgreSQL. Imported by nobody."""
