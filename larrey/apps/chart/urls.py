"""Addresses of the room."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from larrey.apps.chart.views import (
    documents,
    facts,
    find,
    glass,
    kinds,
    prescriptions,
    printed,
    results,
    stays,
    summary,
    timeline,
)
from larrey.fhir.definitions import resource_types
from larrey.kit.ids import is_resource_id


class ResourceType:
    """A FHIR R4 resource type."""

    regex = "[A-Z][A-Za-z]+"

    def to_python(self, value: str) -> str:
        """``ValueError`` makes the address unknown."""
        if value not in resource_types():
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


class ResourceId:
    """A FHIR logical id."""

    regex = r"[A-Za-z0-9\-.]{1,64}"

    def to_python(self, value: str) -> str:
        if not is_resource_id(value):
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ResourceType, "type")
register_converter(ResourceId, "id")

_DOCUMENT = "chart/<id:patient_id>/documents/<id:id_>"
# Reports, media and compositions are shown as documents too.
_DOCUMENT_OF = "chart/<id:patient_id>/documents/<type:type_>/<id:id_>"
_FACT = "chart/<id:patient_id>/<type:type_>/<id:id_>"

urlpatterns: list[URLPattern] = [
    path("", find.find, name="find"),
    path("chart/<id:patient_id>", summary.open_summary, name="record"),
    path("chart/<id:patient_id>/glass", glass.break_glass, name="break-glass"),
    path("chart/<id:patient_id>/glass/end", glass.end_glass, name="end-glass"),
    path("chart/<id:patient_id>/printed", printed.printed, name="printed"),
    path("chart/<id:patient_id>/timeline", timeline.open_timeline, name="timeline"),
    path("chart/<id:patient_id>/results", results.open_results, name="results"),
    path("chart/<id:patient_id>/results/<str:token>", results.open_curve, name="curve"),
    path("chart/<id:patient_id>/documents", documents.open_documents, name="documents"),
    path(_DOCUMENT, documents.open_document, name="document"),
    path(f"{_DOCUMENT}/content/<int:number>", documents.content, name="content"),
    path(f"{_DOCUMENT}/content/<int:number>/parts/<int:part>", documents.content, name="content-part"),
    path(_DOCUMENT_OF, documents.open_document, name="document-of"),
    path(f"{_DOCUMENT_OF}/content/<int:number>", documents.content, name="content-of"),
    path(f"{_DOCUMENT_OF}/content/<int:number>/parts/<int:part>", documents.content, name="content-part-of"),
    path("chart/<id:patient_id>/stays", stays.open_stays, name="stays"),
    path("chart/<id:patient_id>/stays/<id:id_>", stays.open_stay, name="stay"),
    path("chart/<id:patient_id>/prescriptions", prescriptions.open_prescriptions, name="prescriptions"),
    path("chart/<id:patient_id>/kinds", kinds.open_kinds, name="kinds"),
    path("chart/<id:patient_id>/<type:type_>", kinds.open_kinds, name="kind"),
    path(_FACT, facts.open_fact, name="fact"),
    path(f"{_FACT}/raw", facts.open_raw, name="raw"),
    path(f"{_FACT}/versions/<int:version>", facts.open_fact, name="version"),
    path(f"{_FACT}/versions/<int:version>/raw", facts.open_raw, name="version-raw"),
]
