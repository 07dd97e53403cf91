from __future__ import annotations

import pytest

from larrey.access.scopes import rights
from larrey.kit.errors import Invalid, LarreyError, Unsupported


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("system/*.rs", {"*": "rs"}),
        ("system/Observation.cruds", {"Observation": "cruds"}),
        ("system/Patient.r  system/Patient.s", {"Patient": "rs"}),
        ("system/*.read system/Observation.write", {"*": "rs", "Observation": "cud"}),
        ("system/*.*", {"*": "cruds"}),
    ],
)
def test_scopes_become_rights(scope: str, expected: dict[str, str]) -> None:
    assert rights(scope) == expected


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        ("", Invalid),
        ("system/*.", Invalid),
        ("system/*.sr", Invalid),
        ("system/Nonsense.r", Invalid),
        ("openid", Invalid),
        ("system/*.rs\n' or 1=1", Invalid),
        ("user/*.rs", Unsupported),
        ("patient/Observation.rs", Unsupported),
        ("system/Observation.rs?category=laboratory", Unsupported),
    ],
)
def test_what_is_not_understood_is_refused(scope: str, error: type[LarreyError]) -> None:
    with pytest.raises(error):
        rights(scope)
