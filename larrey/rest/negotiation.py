"""Content negotiation: Accept, _format, Content-Type and Prefer (http://hl7.org/fhir/R4/http.html#mime-type)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from larrey.kit.errors import Invalid, NotAcceptable, UnsupportedMediaType
from larrey.rest.response import FHIR_JSON

JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir"})
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"

_PLAIN_JSON = "application/json; charset=utf-8"
_ANSWERS = {
    "application/fhir+json": FHIR_JSON,
    "application/json+fhir": FHIR_JSON,
    "application/json": _PLAIN_JSON,
    "text/json": "text/json; charset=utf-8",
    "json": FHIR_JSON,
    "application/*": FHIR_JSON,
    "*/*": FHIR_JSON,
}
_VERSIONS = ("4.0", "4.0.0", "4.0.1")


class MediaType(NamedTuple):
    """``name`` in lower case, parameters with lower-case names."""

    name: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        """The weight ``q`` (RFC 9110, section 12.4.2); 0 when it cannot be read, so that it is never chosen."""
        try:
            return min(max(float(self.parameters.get("q", "1")), 0.0), 1.0)
        except ValueError:
            return 0.0


def media_type(text: str) -> MediaType:
    """Read one media type, with or without parameters."""
    name, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest if "=" in part)
    return MediaType(name.strip().lower(), {k.strip().lower(): v.strip().strip('"') for k, _, v in pairs})


@lru_cache(maxsize=512)
def answer_type(accept: str) -> str:
    """The Content-Type to answer with for the value of an Accept header; empty: FHIR JSON.

    Raises ``NotAcceptable`` where no form of JSON of FHIR 4.0 is accepted.
    """
    if not accept.strip():
        return FHIR_JSON
    best, best_rank = "", (0.0, 0)
    for choice in map(media_type, accept.split(",")):
        answer = _ANSWERS.get(choice.name)
        rank = (choice.quality, 0 if "*" in choice.name else 1)
        if answer and choice.parameters.get("fhirversion", "4.0") in _VERSIONS and rank > best_rank and choice.quality:
            best, best_rank = answer, rank
    if not best:
        raise NotAcceptable(
            f"This server answers in JSON of FHIR 4.0 only (application/fhir+json), not in {accept[:200]!r}.",
            expression="http.Accept",
        )
    return best


@lru_cache(maxsize=512)
def format_type(text: str) -> str:
    """The Content-Type to answer with for the value of ``_format``, which overrides Accept.

    A plus sign that was not percent-encoded arrives as a space and is understood.
    """
    choice = media_type(text.replace(" ", "+") if "=" not in text else text)
    answer = _ANSWERS.get(choice.name)
    if answer is None or choice.parameters.get("fhirversion", "4.0") not in _VERSIONS:
        raise NotAcceptable(
            f"The format {text[:200]!r} is not offered; use _format=json or application/fhir+json.",
            expression="http._format",
        )
    return answer


@lru_cache(maxsize=512)
def accepts_resource(accept: str) -> bool:
    """Whether an Accept header asks for FHIR JSON by name, rather than for a Binary's own content.

    http://hl7.org/fhir/R4/binary.html#rest
    """
    return any(media_type(part).name in ("application/fhir+json", "application/json+fhir") for part in accept.split(","))


@lru_cache(maxsize=512)
def body_type(content_type: str) -> str:
    """The media type of a request body, in lower case without parameters.

    Raises ``UnsupportedMediaType`` for a charset other than UTF-8 (JSON has no other) or another FHIR version.
    """
    sent = media_type(content_type)
    if sent.parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(
            f"The content must be in UTF-8, not in {sent.parameters['charset'][:40]!r}.", expression="http.Content-Type"
        )
    if sent.parameters.get("fhirversion", "4.0") not in _VERSIONS:
        raise UnsupportedMediaType(
            f"This server speaks FHIR 4.0, not {sent.parameters['fhirversion'][:40]!r}.", expression="http.Content-Type"
        )
    return sent.name


class Preference(NamedTuple):
    """What the client prefers (http://hl7.org/fhir/R4/http.html#ops).

    ``answer`` is ``minimal``, ``representation``, ``OperationOutcome``, or empty when nothing is said; ``lenient``:
    unknown search parameters are ignored.
    """

    answer: str = ""
    lenient: bool = False


_ANSWER_FORMS = {"minimal": "minimal", "representation": "representation", "operationoutcome": "OperationOutcome"}


@lru_cache(maxsize=512)
def preference(text: str) -> Preference:
    """Read a Prefer header. Unknown preferences are ignored, as RFC 7240 wants; a wrong value of ours is ``Invalid``."""
    answer, lenient = "", False
    for part in text.replace(";", ",").split(","):
        name, _, value = (piece.strip().lower() for piece in part.partition("="))
        value = value.strip('"')
        if name == "return":
            if value not in _ANSWER_FORMS:
                raise Invalid(f"Prefer: return={value[:40]} is unknown.", expression="http.Prefer")
            answer = _ANSWER_FORMS[value]
        elif name == "handling":
            if value not in ("strict", "lenient"):
                raise Invalid(f"Prefer: handling={value[:40]} is unknown.", expression="http.Prefer")
            lenient = value == "lenient"
    return Preference(answer, lenient)
