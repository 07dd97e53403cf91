"""Access: accounts, roles, tokens of machines, the trace of openings. Above the record, below every screen.

``tokens``, ``scopes``, ``roles``, ``standing``, ``territory`` and ``trail`` use no Django, so that the machine door
stands without it.
"""
