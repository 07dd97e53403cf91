"""The error tree: every error can be rendered by every door."""

from __future__ import annotations

import pytest

from larrey.kit import errors
from larrey.kit.errors import Conflict, Invalid, Issue, LarreyError, NotFound


def every(kind: type[LarreyError]) -> list[type[LarreyError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every(child))]


# http://hl7.org/fhir/R4/valueset-issue-type.html
ISSUE_TYPES = {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden",
    "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long",
    "code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
    "exception", "timeout", "incomplete", "throttled", "informational",
}  # fmt: skip


@pytest.mark.parametrize("kind", every(LarreyError), ids=lambda kind: kind.__name__)
def test_every_error_can_be_told_to_people_and_machines(kind: type[LarreyError]) -> None:
    error = kind("It went wrong.", expression="Patient.name")
    assert str(error) == error.message == "It went wrong."
    assert 400 <= error.http_status < 600
    assert 0 < error.exit_code < 126
    assert error.issue_code in ISSUE_TYPES
    assert error.issues == (Issue(error.issue_code, "It went wrong.", "Patient.name"),)
    assert kind.__doc__


def test_categories_tell_errors_apart() -> None:
    kinds = [kind for kind in every(LarreyError) if kind.__module__ == errors.__name__]
    categories = [kind.category for kind in kinds if kind not in (LarreyError, errors.MultipleMatches)]
    assert len(set(categories)) == len(categories)


def test_details_and_issues_are_kept() -> None:
    issues = (Issue("value", "Bad date.", "Patient.birthDate"), Issue("required", "No status."))
    error = Invalid("Two problems.", issues=issues, type="Patient")
    assert error.issues == issues
    assert error.details == {"type": "Patient"}
    assert not isinstance(error, Conflict | NotFound)


def test_only_a_fault_is_ours() -> None:
    ours = {kind.__name__ for kind in every(LarreyError) if kind.http_status == 500 and kind.__module__ == errors.__name__}
    assert ours == {"LarreyError", "Fault", "Misconfigured"}
