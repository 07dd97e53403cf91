"""How much one search may ask for. Each limit is a setting; passing one is an error that names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``page``: matches on a page when ``_count`` is absent; ``page_max``: the most that ``_count`` may ask for.

    ``includes``: most resources included on one page; ``include_depth``: rounds of ``:iterate``.
    ``or_values``: values in one list; ``chain_depth``: steps of chains and ``_has``; ``expansion``: codes of a value set.
    ``seconds``: time for one search.
    """

    page: int = 50
    page_max: int = 1000
    includes: int = 5000
    include_depth: int = 5
    or_values: int = 500
    chain_depth: int = 4
    expansion: int = 10_000
    seconds: float = 10.0
