"""Record storey: the record in PostgreSQL. Takes a psycopg cursor; knows no HTTP, no Django views."""
