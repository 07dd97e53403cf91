"""The one error tree. Each door renders it: an HTML page, an OperationOutcome, an HL7 ACK, an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Issue:
    """One precise complaint about one place of the input.

    ``code`` is a FHIR issue-type code (http://hl7.org/fhir/R4/valueset-issue-type.html), ``expression`` a
    FHIRPath such as ``Patient.name[0].family``, empty where no place can be named.
    """

    code: str
    diagnostics: str
    expression: str = ""
    severity: str = "error"


class LarreyError(Exception):
    """Root of every error that a person or a machine outside may see.

    ``message`` is a sentence for people, in English, without a secret and without a stack trace; ``issues`` are
    the details for machines. ``category`` names the kind; a door maps it to its own language.
    """

    category: ClassVar[str] = "fault"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    issue_code: ClassVar[str] = "exception"

    def __init__(self, message: str, *, expression: str = "", issues: tuple[Issue, ...] = (), **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.issues = issues or (Issue(self.issue_code, message, expression),)


class NotFound(LarreyError):
    """Nothing by that name, or nothing that this caller may know of."""

    category, http_status, exit_code, issue_code = "not-found", 404, 4, "not-found"


class Gone(LarreyError):
    """It existed and was deleted; its history remains."""

    category, http_status, exit_code, issue_code = "gone", 410, 4, "deleted"


class Conflict(LarreyError):
    """Someone else changed it first, or other resources depend on it."""

    category, http_status, exit_code, issue_code = "conflict", 409, 5, "conflict"


class PreconditionFailed(Conflict):
    """A condition sent with the request (If-Match, conditional criteria) does not hold."""

    category, http_status, issue_code = "precondition", 412, "conflict"


class MultipleMatches(PreconditionFailed):
    """Criteria that must select one resource select several."""

    issue_code = "multiple-matches"


class Unauthenticated(LarreyError):
    """No valid proof of who is calling."""

    category, http_status, exit_code, issue_code = "unauthenticated", 401, 6, "login"


class Forbidden(LarreyError):
    """The caller is known and may not do this."""

    category, http_status, exit_code, issue_code = "forbidden", 403, 6, "forbidden"


class Invalid(LarreyError):
    """The request or its content is malformed."""

    category, http_status, exit_code, issue_code = "invalid", 400, 2, "invalid"


class Unprocessable(Invalid):
    """Well-formed, but refused by the rules of FHIR or of the record."""

    category, http_status, issue_code = "unprocessable", 422, "processing"


class Unsupported(LarreyError):
    """A feature that is not offered; the message names it."""

    category, http_status, exit_code, issue_code = "unsupported", 400, 2, "not-supported"


class MethodNotAllowed(Unsupported):
    """The address exists but not with this HTTP method."""

    category, http_status = "method", 405


class NotAcceptable(Unsupported):
    """The format asked for is not offered."""

    category, http_status = "not-acceptable", 406


class UnsupportedMediaType(Unsupported):
    """The format sent is not understood."""

    category, http_status = "media-type", 415


class TooLarge(LarreyError):
    """The input passes a limit; the message names the limit and its setting."""

    category, http_status, exit_code, issue_code = "too-large", 413, 2, "too-long"


class TooCostly(LarreyError):
    """The request is understood but passes a limit of work (time, depth, values); it must be narrowed."""

    category, http_status, exit_code, issue_code = "too-costly", 403, 2, "too-costly"


class Unavailable(LarreyError):
    """Something Larrey stands on (database, disk) does not answer now; trying later may help."""

    category, http_status, exit_code, issue_code = "unavailable", 503, 7, "transient"


class Misconfigured(LarreyError):
    """A setting is missing or wrong; the message names it."""

    category, http_status, exit_code, issue_code = "misconfigured", 500, 3, "exception"


class Fault(LarreyError):
    """A defect of ours. The message never carries the cause; the log does."""
