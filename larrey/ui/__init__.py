"""Face: Jinja components, layouts, form fields, static files."""
