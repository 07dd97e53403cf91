"""Search: a parsed query and the caller's rights become one SQL statement; keyset paging; nothing is stored between pages."""

from larrey.fhir.query import CURSOR
from larrey.store.search.limits import Limits
from larrey.store.search.running import Page, matching, search

__all__ = ["CURSOR", "Limits", "Page", "matching", "search"]
