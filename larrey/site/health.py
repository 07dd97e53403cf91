"""Whether this installation is alive and ready, for load balancers and for ``larrey check``."""

from __future__ import annotations

from larrey.kit.errors import LarreyError
from larrey.site import schema


def reasons(url: str) -> list[str]:
    """Why requests cannot be answered now; empty when they can: the database answers and its schema is this version's."""
    try:
        with schema.connected(url) as connection:
            connection.execute("set statement_timeout = '5s'")
            missing = schema.pending(connection)
    except LarreyError as error:
        return [error.message]
    return [f"The database lacks the migration {name}; run `larrey migrate`." for name in missing]
