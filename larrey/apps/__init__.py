"""Rooms: one Django app per job people do. Siblings meet only through other.api."""
