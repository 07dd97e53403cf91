"""The thirty representative searches, written for each shape as its best hand would write them.

A search is a function of a ``Draw`` (random values taken from the data) and a ``Sql`` (how a shape expresses a
condition); its docstring is the FHIR request it stands for. Every page is 50 resources with their bodies.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from larrey.cli.benchmarks.shapes.corpus import Catalogue
from larrey.store.keys import ANY_REFERENCE, parameter_key, present_key, token_key

PAGE = 50
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


@dataclass(slots=True)
class Draw:
    """Random values out of the data itself."""

    catalogue: Catalogue
    random: random.Random
    patients: list[tuple[Any, int, int]]
    """(patient uuid, resource key, an identifier's token key)"""
    encounters: list[int]
    """resource keys"""
    names: list[str]
    updated: tuple[datetime, datetime]

    def code(self, type_: str, name: str, band: str) -> int:
        """The key of a random code of a parameter: ``frequent`` (≥ 2 % of the type), ``medium``, ``rare`` (≤ 0.05 %)."""
        counter = self.catalogue.codes[type_, name]
        total = counter.total()
        low, high = {"frequent": (0.02, 1.1), "medium": (0.001, 0.02), "rare": (0.0, 0.0005)}[band]
        found = [code for code, count in counter.items() if low <= count / total < high] or [
            min(counter, key=lambda code: counter[code])
        ]
        return token_key(parameter_key(type_, name), *self.random.choice(found))

    def patient(self) -> tuple[Any, int, int]:
        return self.random.choice(self.patients)

    def day(self) -> datetime:
        return datetime.fromisoformat("2010-01-01T00:00:00+00:00") + timedelta(days=self.random.randrange(3000))


@dataclass(slots=True)
class Sql:
    """One search of one type under construction, in one shape."""

    shape: str
    type: str
    joins: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    order: str = "r.rid desc"
    bound: bool = False
    """Whether the patient is known; then the array's conditions are kept out of GIN by ``is true``: an index scan of
    a frequent code reads all its postings, the patient's rows are few, and the planner underestimates the former."""

    @property
    def rows(self) -> bool:
        return self.shape == "a"

    def on(self, condition: str) -> Sql:
        self.where.append(condition)
        return self

    def has(self, key: int, alias: str = "r") -> Sql:
        """The resource has ``key``."""
        if not self.rows:
            return self.on(self._array(f"{alias}.tokens @> array[{key}]::bigint[]"))
        name = f"t{len(self.joins)}"
        self.joins.append(f"join a.token {name} on {name}.key = {key} and {name}.rid = {alias}.rid")
        return self

    def any(self, found: list[int]) -> Sql:
        """The resource has one of ``found``."""
        listed = ",".join(map(str, found))
        if not self.rows:
            return self.on(self._array(f"r.tokens && array[{listed}]::bigint[]"))
        return self.on(f"exists (select from a.token t where t.key = any(array[{listed}]::bigint[]) and t.rid = r.rid)")

    def lacks(self, key: int) -> Sql:
        if not self.rows:
            return self.on(f"not r.tokens @> array[{key}]::bigint[]")
        return self.on(f"not exists (select from a.token t where t.key = {key} and t.rid = r.rid)")

    def _array(self, condition: str) -> str:
        return f"({condition}) is true" if self.bound else condition

    def of(self, patient: Any) -> Sql:
        self.bound = True
        return self.on(f"r.patient = '{patient}'")

    def by_date(self) -> Sql:
        self.order = "r.date_low desc, r.rid desc"
        return self

    def by_main_code(self, key: int) -> Sql:
        """The resource's main code is ``key``, newest clinical date first: what shape c has its ordered rows for."""
        self.order = "r.date_low desc, r.rid desc"
        if self.shape != "c":
            return self.has(key)
        self.joins.append(f"join c.ordered o on o.key = {key} and o.rid = r.rid")
        self.order = "o.date_low desc, o.rid desc"
        return self

    def text(self) -> str:
        return f"select r.rid, r.body {self._rest()} order by {self.order} limit {PAGE + 1}"

    def count(self) -> str:
        return f"select count(*) {self._rest()}"

    def _rest(self) -> str:
        joins, where = " ".join(self.joins), "".join(f" and {c}" for c in self.where)
        return f"from {self.shape}.resource r {joins} where r.type = '{self.type}'{where}"


Search = Callable[[Draw, Callable[[str], Sql]], str]
SEARCHES: dict[str, Search] = {}


def search(function: Search) -> Search:
    """Register a representative search."""
    SEARCHES[function.__name__] = function
    return function


def _observation(band: str) -> Search:
    return lambda d, new: new("Observation").has(d.code("Observation", "code", band)).text()


SEARCHES["code_frequent"] = _observation("frequent")
SEARCHES["code_medium"] = _observation("medium")
SEARCHES["code_rare"] = _observation("rare")
for _band in ("frequent", "medium", "rare"):
    SEARCHES[f"code_{_band}_by_date"] = lambda d, new, band=_band: (
        new("Observation").by_main_code(d.code("Observation", "code", band)).text()
    )  # type: ignore[misc]  # mypy cannot infer a lambda with a default


@search
def patient_newest(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?patient=X&_sort=-date"""
    return new("Observation").of(d.patient()[0]).by_date().text()


@search
def patient_code(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?patient=X&code=Y&_sort=-date"""
    return new("Observation").of(d.patient()[0]).has(d.code("Observation", "code", "frequent")).by_date().text()


@search
def patient_code_by_gin(d: Draw, new: Callable[[str], Sql]) -> str:
    """The same, left to the planner: it combines the patient's btree with GIN."""
    query = new("Observation").on(f"r.patient = '{d.patient()[0]}'")
    return query.has(d.code("Observation", "code", "frequent")).by_date().text()


@search
def patient_category(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?patient=X&category=laboratory&_sort=-date"""
    return new("Observation").of(d.patient()[0]).has(d.code("Observation", "category", "frequent")).by_date().text()


@search
def patient_codes(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?patient=X&code=A,B,C,D,E"""
    return new("Observation").of(d.patient()[0]).any([d.code("Observation", "code", "frequent") for _ in range(5)]).text()


@search
def codes(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=A,B,C,D,E"""
    return new("Observation").any([d.code("Observation", "code", "medium") for _ in range(5)]).text()


@search
def codes_rare(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=A,B,C with rare codes"""
    return new("Observation").any([d.code("Observation", "code", "rare") for _ in range(3)]).text()


@search
def any_of_system(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=http://loinc.org|"""
    return new("Observation").has(token_key(parameter_key("Observation", "code"), LOINC, None)).text()


@search
def contradiction(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?category=survey&code=Y, both frequent, seldom together"""
    survey = token_key(parameter_key("Observation", "category"), None, "survey")
    return new("Observation").has(survey).has(d.code("Observation", "code", "frequent")).text()


@search
def status_and_code(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?status=final&code=Y: the first says nothing"""
    return new("Observation").has(d.code("Observation", "status", "frequent")).has(d.code("Observation", "code", "medium")).text()


@search
def identifier(d: Draw, new: Callable[[str], Sql]) -> str:
    """Patient?identifier=S|V"""
    return new("Patient").has(d.patient()[2]).text()


@search
def encounter(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?encounter=Encounter/X"""
    return new("Observation").has(parameter_key("Observation", "encounter") ^ d.random.choice(d.encounters)).text()


@search
def missing(d: Draw, new: Callable[[str], Sql]) -> str:
    """Encounter?reason-code:missing=true&class=EMER"""
    emergency = token_key(parameter_key("Encounter", "class"), None, "EMER")
    return new("Encounter").has(emergency).lacks(present_key(parameter_key("Encounter", "reasonCode"))).text()


@search
def missing_everywhere(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code:missing=true: nothing matches"""
    return new("Observation").lacks(present_key(parameter_key("Observation", "code"))).text()


@search
def not_code(d: Draw, new: Callable[[str], Sql]) -> str:
    """Condition?code:not=X"""
    return new("Condition").lacks(d.code("Condition", "code", "frequent")).text()


@search
def active_condition(d: Draw, new: Callable[[str], Sql]) -> str:
    """Condition?clinical-status=active&code=X&_sort=-onset-date"""
    active = token_key(parameter_key("Condition", "clinicalStatus"), None, "active")
    return new("Condition").has(active).has(d.code("Condition", "code", "medium")).by_date().text()


@search
def total_frequent(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=X&_total=accurate (the count alone)"""
    return new("Observation").has(d.code("Observation", "code", "frequent")).count()


@search
def total_medium(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=X&_summary=count"""
    return new("Observation").has(d.code("Observation", "code", "medium")).count()


@search
def total_patient(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?patient=X&_summary=count"""
    return new("Observation").of(d.patient()[0]).count()


@search
def code_in_month(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=X&date=ge2013-05-01&date=lt2013-06-01"""
    day = d.day()
    query = new("Observation").has(d.code("Observation", "code", "frequent"))
    return query.on(f"r.date_low >= '{day}' and r.date_low < '{day + timedelta(days=30)}'").text()


@search
def encounters_of_a_day(d: Draw, new: Callable[[str], Sql]) -> str:
    """Encounter?date=2013-05-01&_sort=-date"""
    day = d.day()
    return new("Encounter").on(f"r.date_low >= '{day}' and r.date_low < '{day + timedelta(days=1)}'").by_date().text()


@search
def changed_since(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?_lastUpdated=gt…&_sort=_lastUpdated"""
    first, last = d.updated
    since = first + (last - first) * d.random.random()
    query = new("Observation").on(f"r.updated > '{since}'")
    query.order = "r.updated, r.rid"
    return query.text()


@search
def newest_changed_code(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=X&_sort=-_lastUpdated"""
    query = new("Observation").has(d.code("Observation", "code", "frequent"))
    query.order = "r.updated desc, r.rid desc"
    return query.text()


@search
def name_prefix(d: Draw, new: Callable[[str], Sql]) -> str:
    """Patient?name=abc&gender=female"""
    query = new("Patient").has(token_key(parameter_key("Patient", "gender"), None, "female"))
    name, start = parameter_key("Patient", "name-family"), d.random.choice(d.names)[:3]
    named = f"select s.rid from common.string_value s where s.key = {name} and s.value >= '{start}'"
    return query.on(f"r.rid in ({named} and s.value < '{start}\U0010ffff')").text()


@search
def value_above(d: Draw, new: Callable[[str], Sql]) -> str:
    """Observation?code=8302-2&value-quantity=gt190"""
    height = token_key(parameter_key("Observation", "code"), LOINC, "8302-2")
    value = parameter_key("Observation", "valueQuantity")
    limit = d.random.uniform(150, 190)
    return (
        new("Observation")
        .has(height)
        .on(f"exists (select from common.number_value n where n.key = {value} and n.value > {limit} and n.rid = r.rid)")
        .text()
    )


@search
def referrers(d: Draw, new: Callable[[str], Sql]) -> str:
    """DELETE Encounter/X: is anything of any type referring to it?"""
    target = d.random.choice(d.encounters)
    query = new("Observation")
    if query.rows:
        found = f"a.token t join a.resource r on r.rid = t.rid where t.key = {ANY_REFERENCE ^ target}"
        return f"select r.type, r.id from {found} limit 11"
    return (
        f"select r.type, r.id from {query.shape}.resource r where r.tokens @> array[{ANY_REFERENCE ^ target}]::bigint[] limit 11"
    )


@search
def revinclude(d: Draw, new: Callable[[str], Sql]) -> str:
    """Encounter?…&_revinclude=Observation:encounter for a page of 20 encounters"""
    p = parameter_key("Observation", "encounter")
    found = d.random.sample(d.encounters, 20)
    query = new("Observation")
    if query.rows:
        listed = ",".join(map(str, found))
        join = "a.link l join a.resource r on r.rid = l.rid and r.type = 'Observation'"
        return f"select r.body from {join} where l.parameter = {p} and l.target in ({listed}) limit 1000"
    listed = ",".join(str(p ^ key) for key in found)
    source = f"{query.shape}.resource r where r.type = 'Observation'"
    return f"select r.body from {source} and r.tokens && array[{listed}]::bigint[] limit 1000"
