"""The subset of FHIRPath that search parameters and FHIRPath Patch need, compiled to closures over plain dicts.

http://hl7.org/fhirpath/N1/ and http://hl7.org/fhir/R4/fhirpath.html. Types are known while compiling (from the R4
definitions), so that ``Observation.value as Quantity`` is nothing but the property ``valueQuantity``.
"""

from larrey.fhir.paths.compiler import compile_path
from larrey.fhir.paths.locator import Place, locate, places
from larrey.fhir.paths.parser import parse

__all__ = ["Place", "compile_path", "locate", "parse", "places"]
