"""Changing a resource by JSON Patch (RFC 6902) or FHIRPath Patch (http://hl7.org/fhir/R4/fhirpatch.html).

Both are pure: they give a new resource and leave the old one alone; all operations apply or none. Neither changes
``resourceType`` or ``id``. Whether the outcome is a valid resource is asked afterwards, by ``larrey.fhir.validation``.
"""

from larrey.fhir.patch.fhirpath_patch import fhirpath_patch
from larrey.fhir.patch.json_patch import json_patch

__all__ = ["fhirpath_patch", "json_patch"]
