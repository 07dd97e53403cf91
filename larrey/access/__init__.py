"""Access: accounts, roles, tokens of machines, the trace of openings. Above the record, below every screen.

``tokens`` and ``scopes`` use no Django, so that the machine door stands without it.
"""
