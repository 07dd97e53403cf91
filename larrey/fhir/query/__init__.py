"""The search grammar of FHIR R4 (http://hl7.org/fhir/R4/search.html): from URL parameters to a tree. Pure."""

from larrey.fhir.query.criteria import Bounds, criterion
from larrey.fhir.query.nodes import Node, Query
from larrey.fhir.query.parsing import CURSOR, parse

__all__ = ["CURSOR", "Bounds", "Node", "Query", "criterion", "parse"]
