"""The ``_filter`` parameter (http://hl7.org/fhir/R4/search_filter.html) as a node of the tree.

Expressions joined by ``and``, ``or`` (``and`` binds tighter), ``not (…)``, parentheses, chains by dots. The meaning of an
operator on a kind of parameter is that of the corresponding prefix or modifier; an operator that a parameter
does not support, and bracketed filters inside a path, are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from larrey.fhir.definitions import SearchParameter
from larrey.fhir.query.criteria import Bounds, criterion
from larrey.fhir.query.nodes import (
    All,
    AnyOf,
    Chain,
    DateOperand,
    Match,
    Node,
    Not,
    NumberOperand,
    OfType,
    Operand,
    Prefix,
    QuantityOperand,
    TextOperand,
    UriOperand,
)
from larrey.kit.errors import Invalid, TooCostly, Unsupported

_LEXEME = re.compile(r'\s*(?:([()\[\]])|"((?:[^"\\]|\\.)*)"|([^\s()\[\]"]+))', re.DOTALL)
_DEPTH = 32

_COMPARED = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})
_SUPPORT = {
    "string": frozenset({"eq", "ne", "co", "sw", "ew"}),
    "uri": frozenset({"eq", "ne", "co", "sw", "ew"}),
    "token": frozenset({"eq", "ne", "in", "ni", "ss", "sb"}),
    "reference": frozenset({"eq", "ne", "re"}),
    "date": _COMPARED | {"po"},
    "number": _COMPARED,
    "quantity": _COMPARED,
    "composite": frozenset({"eq", "ne"}),
}
_MODIFIER = {"in": "in", "ni": "not-in", "ss": "above", "sb": "below"}


class _Lexeme(NamedTuple):
    text: str
    quoted: bool


def parse_filter(types: Sequence[str] | None, text: str, bounds: Bounds) -> Node:
    """The node for a whole ``_filter`` value. Raises as ``criteria.criterion`` does, with expression ``_filter``."""
    reader = _Reader(types, _lexemes(text), bounds)
    node = reader.either(0)
    if reader.peek() is not None:
        raise _malformed(f"{reader.text()!r} was not expected")
    return node


def _malformed(what: str) -> Invalid:
    return Invalid(f"The _filter expression is malformed: {what}.", expression="_filter")


def _lexemes(text: str) -> list[_Lexeme]:
    found, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _LEXEME.match(text, position)
        if match is None:
            raise _malformed(f"it cannot be read at character {position + 1}")
        mark, quoted, bare = match.groups()
        if quoted is not None:
            found.append(_Lexeme(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), True))
        else:
            found.append(_Lexeme(mark or bare, False))
        position = match.end()
    return found


class _Reader:
    """Recursive descent over the lexemes."""

    def __init__(self, types: Sequence[str] | None, lexemes: list[_Lexeme], bounds: Bounds) -> None:
        self.types, self.lexemes, self.bounds = types, lexemes, bounds
        self.at = 0
        self.tests = 0

    def peek(self) -> str | None:
        """The next bare lexeme's text; a quoted one counts as a value only."""
        if self.at >= len(self.lexemes):
            return None
        lexeme = self.lexemes[self.at]
        return '"' if lexeme.quoted else lexeme.text

    def text(self) -> str:
        return self.lexemes[self.at].text

    def take(self, what: str) -> _Lexeme:
        if self.at >= len(self.lexemes):
            raise _malformed(f"{what} is missing at the end")
        self.at += 1
        return self.lexemes[self.at - 1]

    def either(self, depth: int) -> Node:
        nodes = [self.both(depth)]
        while self.peek() == "or":
            self.at += 1
            nodes.append(self.both(depth))
        return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))

    def both(self, depth: int) -> Node:
        nodes = [self.one(depth)]
        while self.peek() == "and":
            self.at += 1
            nodes.append(self.one(depth))
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def one(self, depth: int) -> Node:
        if depth > _DEPTH:
            raise TooCostly(f"The _filter expression is nested deeper than {_DEPTH}.", expression="_filter")
        if self.peek() == "not":
            self.at += 1
            if self.peek() != "(":
                raise _malformed("'not' must be followed by a parenthesis")
            return Not(self.one(depth + 1))
        if self.peek() == "(":
            self.at += 1
            node = self.either(depth + 1)
            if self.peek() != ")":
                raise _malformed("a parenthesis is not closed")
            self.at += 1
            return node
        return self.test()

    def test(self) -> Node:
        self.tests += 1
        if self.tests > self.bounds.or_values:
            raise TooCostly(
                f"The _filter expression has more than {self.bounds.or_values} tests (setting LARREY_MAX_OR_VALUES).",
                expression="_filter",
            )
        path = self.take("a parameter")
        if path.quoted or path.text in ")]":
            raise _malformed(f"{path.text!r} is not a parameter")
        if self.peek() == "[" or path.text == "[":
            raise Unsupported("Bracketed filters inside a _filter path are not supported.", expression="_filter")
        operator = self.take("an operator").text
        value = self.take("a value")
        if not value.quoted and value.text in "()[]":
            raise _malformed(f"{value.text!r} is not a value")
        return _test(self.types, path.text, operator, value, self.bounds)


def _test(types: Sequence[str] | None, path: str, operator: str, value: _Lexeme, bounds: Bounds) -> Node:
    if ":" in path.rpartition(".")[2]:
        raise Unsupported(f"Modifiers such as in {path!r} are not supported in _filter.", expression="_filter")
    if operator == "pr":
        return criterion(types, f"{path}:missing", "false" if value.text == "true" else _true_for(value.text), bounds)
    if operator in ("po", *_COMPARED) or operator in {o for offered in _SUPPORT.values() for o in offered}:
        modifier = _MODIFIER.get(operator)
        name = f"{path}:{modifier}" if modifier else path
        return _apply(criterion(types, name, _raw(value), bounds), operator)
    raise Unsupported(f"The operator {operator!r} is not supported in _filter.", expression="_filter")


def _true_for(text: str) -> str:
    if text != "false":
        raise _malformed("'pr' must be followed by true or false")
    return "true"


def _raw(value: _Lexeme) -> str:
    """The value in the escaped form that a criterion takes; in a filter a comma is no list."""
    text = value.text.replace("\\", "\\\\").replace(",", "\\,")
    return text.replace("|", "\\|").replace("$", "\\$") if value.quoted and "|" not in value.text else text


def _apply(node: Node, operator: str) -> Node:
    """``node``, a criterion by default comparison, with ``operator`` in its place; goes down chains to the match."""
    if isinstance(node, Match):
        return _matched(node, operator)
    if isinstance(node, Chain):
        return replace(node, inner=_apply(node.inner, operator))
    if isinstance(node, OfType):
        return replace(node, inner=_apply(node.inner, operator))
    if isinstance(node, AnyOf):
        return AnyOf(tuple(_apply(each, operator) for each in node.nodes))
    raise Unsupported(f"The operator {operator!r} is not supported here in _filter.", expression="_filter")


def _matched(node: Match, operator: str) -> Node:
    parameter = node.parameters[0]
    if operator not in _SUPPORT.get(parameter.type, ()):
        raise Unsupported(f"The operator {operator!r} is not supported for {parameter.code!r} in _filter.", expression="_filter")
    if operator in _MODIFIER or operator == "re":
        return node
    if parameter.type in ("date", "number", "quantity"):
        return replace(node, operands=tuple(_prefixed(parameter, each, operator) for each in node.operands))
    operands = tuple(_compared(each, operator) for each in node.operands)
    return replace(node, operands=operands, negated=operator == "ne")


def _prefixed(parameter: SearchParameter, operand: Operand, operator: str) -> Operand:
    prefix = cast(Prefix, operator)
    if isinstance(operand, DateOperand | NumberOperand):
        if operand.prefix != "eq":
            raise Invalid(f"A value of {parameter.code!r} in _filter has no prefix.", expression="_filter")
        return operand._replace(prefix=prefix)
    if isinstance(operand, QuantityOperand):
        return operand._replace(number=cast(NumberOperand, _prefixed(parameter, operand.number, operator)))
    raise AssertionError(operand)


def _compared(operand: Operand, operator: str) -> Operand:
    if isinstance(operand, TextOperand):
        how = {"eq": "equals", "ne": "equals", "co": "contains", "sw": "starts", "ew": "ends"}[operator]
        return TextOperand(operand.text, how)  # type: ignore[arg-type]  # one of the literals
    if isinstance(operand, UriOperand):
        how = {"eq": "exact", "ne": "exact", "co": "contains", "sw": "below", "ew": "ends"}[operator]
        return UriOperand(operand.text, how)  # type: ignore[arg-type]  # one of the literals
    return operand
