"""What ``:in``, ``:not-in``, ``:above`` and ``:below`` mean: value sets and code systems of the record, as lists of codes.

Understood: ``ValueSet.expansion`` when there is one; else ``compose.include`` and ``exclude`` with listed concepts, whole code
systems, nested value sets, and the filters ``concept is-a`` and ``concept descendent-of`` (and ``descendant-of``);
hierarchy by nesting and by the ``parent`` and ``subsumedBy`` properties. Anything else is refused by name, never guessed.
http://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from psycopg import Cursor

from larrey.fhir.definitions import SearchParameter, required_codes
from larrey.fhir.query.nodes import HierarchyOperand, Operand, TokenOperand, ValueSetOperand
from larrey.fhir.references import relative
from larrey.kit import json
from larrey.kit.errors import Invalid, TooCostly, Unsupported
from larrey.store.caller import Caller
from larrey.store.keys import exact_key, parameter_key, resource_key
from larrey.store.search.policy import policy
from larrey.store.search.sql import sql

Code = tuple[str, str]
"""System and code."""
_NESTING = 10


class Terminology:
    """Reads what one search needs; ``limit`` is the most codes that one operand may stand for."""

    def __init__(self, cursor: Cursor[Any], caller: Caller, limit: int) -> None:
        self.cursor, self.caller, self.limit = cursor, caller, limit

    def expand(self, parameter: SearchParameter, operand: Operand) -> Collection[TokenOperand]:
        """The tokens that ``operand`` of ``parameter`` stands for. Raises with the parameter as expression."""
        try:
            return self._expand(parameter, operand)
        except (KeyError, TypeError, AttributeError):
            raise Invalid(f"What {parameter.code!r} refers to is malformed.", expression=parameter.code) from None

    def _expand(self, parameter: SearchParameter, operand: Operand) -> Collection[TokenOperand]:
        if isinstance(operand, HierarchyOperand):
            codes = self._relatives(operand, parameter.code)
            return self._within({TokenOperand(operand.system, code) for code in codes}, parameter.code)
        assert isinstance(operand, ValueSetOperand)
        url = operand.url.partition("|")[0]
        stored = self._resource("ValueSet", operand.url)
        if stored is not None:
            found = {TokenOperand(*code) for code in self._value_set(stored, parameter.code, 0)}
            return self._within(found, parameter.code)
        required = required_codes(url)
        if required is None:
            raise Invalid(f"The value set {operand.url[:200]!r} is not known.", expression=parameter.code)
        return {TokenOperand(None, code) for code in required}

    def _within(self, found: set[TokenOperand], name: str) -> set[TokenOperand]:
        if len(found) > self.limit:
            raise TooCostly(
                f"The value of {name!r} stands for more than {self.limit} codes (setting LARREY_MAX_EXPANSION).", expression=name
            )
        return found

    def _resource(self, type_: str, url: str) -> Any:
        """The current ``type_`` with this canonical URL (with ``|version`` that version; else the newest) or reference."""
        local = relative(url)
        if local is not None:
            where = sql("r.key = %s::bigint", resource_key(*local))
            if local[0] != type_:
                return None
        else:
            canonical, _, version = url.partition("|")
            where = sql("r.tokens @> %s::bigint[]", [exact_key(parameter_key(type_, "url"), canonical)])
        allowed = policy("r", self.caller, "s", [type_])
        statement = sql("select r.body from record.resource r where %s and %s order by r.updated desc limit 20", allowed, where)
        rows = self.cursor.execute(statement.text.encode(), statement.values).fetchall()
        for row in rows:
            resource = json.loads(row[0])
            if local is not None or not version or resource.get("version") == version:
                return resource
        return None

    def _value_set(self, value_set: Any, name: str, depth: int) -> set[Code]:
        if depth > _NESTING:
            raise TooCostly(f"The value set of {name!r} nests deeper than {_NESTING}.", expression=name)
        if "contains" in value_set.get("expansion", {}):
            return set(_contained(value_set["expansion"]["contains"]))
        compose = value_set.get("compose", {})
        found: set[Code] = set()
        for component in compose.get("include", []):
            found |= self._component(component, name, depth)
        for component in compose.get("exclude", []):
            found -= self._component(component, name, depth)
        return found

    def _component(self, component: Any, name: str, depth: int) -> set[Code]:
        """The codes of one include or exclude: of its system and of every value set it names."""
        sets: list[set[Code]] = []
        system = component.get("system")
        if system is not None:
            if component.get("concept"):
                sets.append({(system, concept["code"]) for concept in component["concept"]})
            else:
                sets.append(self._system(component, name))
        for url in component.get("valueSet", []):
            nested = self._resource("ValueSet", url)
            if nested is None:
                raise Invalid(f"The value set {url!r}, which {name!r} needs, is not known.", expression=name)
            sets.append(self._value_set(nested, name, depth + 1))
        return set.intersection(*sets) if sets else set()

    def _system(self, component: Any, name: str) -> set[Code]:
        system = component["system"]
        parents = self._parents(system, name)
        codes = set(parents)
        for condition in component.get("filter", []):
            operator, value = condition.get("op"), condition.get("value")
            if condition.get("property") not in ("concept", "code") or operator not in (
                "is-a",
                "descendent-of",
                "descendant-of",
            ):
                raise Unsupported(
                    f"The filter {condition.get('property')!r} {operator!r} of a value set is not supported.", expression=name
                )
            below = _below(parents, value)
            codes &= below if operator == "is-a" else below - {value}
        return {(system, code) for code in codes}

    def _relatives(self, operand: HierarchyOperand, name: str) -> set[str]:
        parents = self._parents(operand.system, name)
        if operand.code not in parents:
            raise Invalid(f"The code {operand.code[:64]!r} is not in {operand.system[:200]!r}.", expression=name)
        return _above(parents, operand.code) if operand.up else _below(parents, operand.code)

    def _parents(self, system: str, name: str) -> dict[str, set[str]]:
        """Code → its direct parents, of every code of a code system."""
        stored = self._resource("CodeSystem", system)
        if stored is None or stored.get("content") not in ("complete", "fragment", "supplement", None):
            raise Invalid(f"The codes of {system[:200]!r} are not in the record.", expression=name)
        found: dict[str, set[str]] = {}
        stack: list[tuple[Any, str | None]] = [(concept, None) for concept in stored.get("concept", [])]
        while stack:
            concept, parent = stack.pop()
            known = found.setdefault(concept["code"], set())
            if parent is not None:
                known.add(parent)
            for value in concept.get("property", []):
                if value.get("code") in ("parent", "subsumedBy"):
                    known.update(v for k, v in value.items() if k in ("valueCode", "valueString"))
            stack.extend((child, concept["code"]) for child in concept.get("concept", []))
        return found


def _contained(items: Any) -> Iterator[Code]:
    stack = list(items)
    while stack:
        item = stack.pop()
        if "code" in item and not item.get("abstract"):
            yield item.get("system", ""), item["code"]
        stack.extend(item.get("contains", []))


def _above(parents: dict[str, set[str]], code: str) -> set[str]:
    found: set[str] = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(parents.get(one, ()))
    return found


def _below(parents: dict[str, set[str]], code: str) -> set[str]:
    children: dict[str, set[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, set()).add(child)
    return _above(children, code)
