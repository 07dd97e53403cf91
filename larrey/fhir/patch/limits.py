"""What both patch languages owe the resource: a copy to work on, its identity kept, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from larrey.kit import json
from larrey.kit.errors import Invalid, TooLarge, Unprocessable

MOST_OPERATIONS = 1000
"""Operations of one patch. Larger changes are better sent whole."""

Json = dict[str, Any]


def applied(resource: Json, count: int, work: Callable[[Json], Any]) -> Json:
    """Run ``work`` on a copy of ``resource`` and give what it returns, once it is still the same resource.

    Raises ``TooLarge`` for ``count`` beyond ``MOST_OPERATIONS`` and for values nested too deeply, ``Unprocessable``
    when the outcome is another resource or none.
    """
    if count > MOST_OPERATIONS:
        raise TooLarge(f"A patch may hold at most {MOST_OPERATIONS} operations, not {count}.")
    try:
        # Through the codec: faster than a deep copy, and exact.
        changed = work(json.loads(json.dumps(resource)))
    except RecursionError:
        raise TooLarge("A value of the patch is nested too deeply.") from None
    if not isinstance(changed, dict):
        raise Unprocessable("The patch must leave a resource, an object.")
    for name in ("resourceType", "id"):
        if changed.get(name) != resource.get(name):
            raise Unprocessable(f"A patch must not change {name!r}.", expression=f"{resource.get('resourceType')}.{name}")
    return changed


def text(value: Any, name: str, expression: str) -> str:
    """``value`` as the string it must be; raises ``Invalid``."""
    if not isinstance(value, str):
        raise Invalid(f"{name!r} must be a string.", expression=expression)
    return value
