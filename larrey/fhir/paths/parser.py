"""FHIRPath text → syntax tree. Grammar: http://hl7.org/fhirpath/N1/grammar.html, without arithmetic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from larrey.kit.errors import Invalid, Unsupported


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant collection: one value, or none for ``{}``. Dates are kept as text, without ``@``."""

    values: tuple[str | bool | int | Decimal, ...]


@dataclass(frozen=True, slots=True)
class This:
    """``$this``, or the input of the whole expression."""


@dataclass(frozen=True, slots=True)
class Resource:
    """``%resource`` or ``%context``: the resource that the whole expression is asked of."""


@dataclass(frozen=True, slots=True)
class Name:
    """The first name of a path: a type (then the input itself, if it is of that type) or an element of the input."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    of: Node
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    of: Node
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operator`` is ``is`` (a boolean) or ``as`` (the items of that type; also ``ofType``)."""

    operator: str
    of: Node
    type: str


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node


Node: TypeAlias = "Literal | This | Resource | Name | Member | Index | Call | TypeTest | Binary"

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<date>@T?[\d\-:T.Z+]+)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*|`(?:[^`\\]|\\.)*`)"
    r"|(?P<variable>[%$](?:\w[\w\-]*|`[^`]*`|'[^']*'))"
    r"|(?P<symbol><=|>=|!=|!~|[.()\[\]|=~<>,{}+*/&\-]))",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "!=", "~", "!~"}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"|"}),
)
"""Binary operators, loosest first (http://hl7.org/fhirpath/N1/#operator-precedence)."""
_TYPE_FUNCTIONS = {"as": "as", "ofType": "as", "is": "is"}
_LONGEST = 4000
_MOST_TOKENS = 500
_DEEPEST = 30


@lru_cache(maxsize=4096)
def parse(expression: str) -> Node:
    """The syntax tree of ``expression``. Raises ``Invalid`` for bad syntax, ``Unsupported`` for arithmetic."""
    if len(expression) > _LONGEST:
        raise Invalid(f"A FHIRPath expression may have at most {_LONGEST} characters.")
    return _Parser(expression).whole()


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES.get(m[2], m[2]), text)


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(expression.rstrip())
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                raise Invalid(f"FHIRPath: unexpected {expression[position : position + 20]!r} in {expression[:200]!r}.")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        if len(self.tokens) > _MOST_TOKENS:
            raise Invalid(f"A FHIRPath expression may have at most {_MOST_TOKENS} words and signs.")
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.operation(0)
        if self.at < len(self.tokens):
            raise self.wrong()
        return node

    def wrong(self) -> Invalid | Unsupported:
        found = self.tokens[self.at][1] if self.at < len(self.tokens) else "the end"
        if found in {"+", "-", "*", "/", "&", "div", "mod"}:
            return Unsupported(f"FHIRPath: the operator {found} is not supported, in {self.expression[:200]!r}.")
        return Invalid(f"FHIRPath: unexpected {found!r} in {self.expression[:200]!r}.")

    def peek(self) -> str:
        """The next token's text when it is an operator, keyword or symbol; else empty."""
        if self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind in {"symbol", "name"}:
                return text
        return ""

    def accept(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.wrong()

    def operation(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.typed()
        left = self.operation(level + 1)
        while (operator := self.peek()) in _LEVELS[level]:
            self.at += 1
            left = Binary(operator, left, self.operation(level + 1))
        return left

    def typed(self) -> Node:
        node = self.path()
        while (operator := self.peek()) in {"is", "as"}:
            self.at += 1
            node = TypeTest(operator, node, self.type_name())
        return node

    def type_name(self) -> str:
        name = self.name()
        if name in {"FHIR", "System"} and self.accept("."):
            name = self.name()
        return name

    def name(self) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "name":
            text = self.tokens[self.at][1]
            self.at += 1
            return _unescape(text[1:-1]) if text[0] == "`" else text
        raise self.wrong()

    def path(self) -> Node:
        node = self.term()
        while True:
            if self.accept("."):
                name = self.name()
                node = self.call(node, name) if self.peek() == "(" else Member(node, name)
            elif self.accept("["):
                kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                if kind != "number" or not text.isdecimal():
                    raise self.wrong()
                self.at += 1
                self.expect("]")
                node = Index(node, int(text[:9]))
            else:
                return node

    def call(self, of: Node, name: str) -> Node:
        self.expect("(")
        if name in _TYPE_FUNCTIONS:
            type_ = self.type_name()
            self.expect(")")
            return TypeTest(_TYPE_FUNCTIONS[name], of, type_)
        arguments = []
        if not self.accept(")"):
            arguments.append(self.nested())
            while self.accept(","):
                arguments.append(self.nested())
            self.expect(")")
        return Call(of, name, tuple(arguments))

    def nested(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Invalid(f"FHIRPath: nested more than {_DEEPEST} deep.")
        node = self.operation(0)
        self.depth -= 1
        return node

    def term(self) -> Node:
        if self.at >= len(self.tokens):
            raise self.wrong()
        kind, text = self.tokens[self.at]
        if self.accept("("):
            node = self.nested()
            self.expect(")")
            return node
        if self.accept("{"):
            self.expect("}")
            return Literal(())
        if kind == "symbol":
            raise self.wrong()
        if kind == "name" and text not in {"true", "false"}:
            name = self.name()
            return self.call(This(), name) if self.peek() == "(" else Name(name)
        self.at += 1
        if kind == "variable":
            return self.variable(text)
        return Literal((_literal(kind, text),))

    def variable(self, text: str) -> Node:
        if text == "$this":
            return This()
        if text in {"%resource", "%context", "%rootResource"}:
            return Resource()
        constants = {"%ucum": "http://unitsofmeasure.org", "%sct": "http://snomed.info/sct", "%loinc": "http://loinc.org"}
        if text in constants:
            return Literal((constants[text],))
        raise Unsupported(f"FHIRPath: {text} is not supported, in {self.expression[:200]!r}.")


def _literal(kind: str, text: str) -> str | bool | int | Decimal:
    if kind == "string":
        return _unescape(text[1:-1])
    if kind == "date":
        return text.removeprefix("@").removeprefix("T")
    if kind == "number":
        return Decimal(text) if "." in text else int(text[:300])
    return text == "true"
