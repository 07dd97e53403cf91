"""Reading resources as plain dicts: what a page needs to say, as text. Pure; valid R4 is assumed, absence is not an error.

Texts are made for people, so functions that format take ``lang``, ``"fr"`` (default) or ``"en"``. Dates are shown in
Europe/Paris with the precision they were given; numbers keep every digit they were written with.
"""

from larrey.fhir.reading.codes import (
    code_in,
    codes,
    coding_text,
    concept_text,
    has_code,
    interpretation_text,
    title,
)
from larrey.fhir.reading.documents import Attached, attachments, document_title, size_text
from larrey.fhir.reading.elements import (
    choice,
    contained,
    extension,
    extension_value,
    identifier_of_type,
    identifier_value,
    items,
    patient_id,
    reference_id,
    reference_text,
)
from larrey.fhir.reading.people import (
    address_line,
    address_lines,
    given_names,
    human_name,
    name_of,
    official_address,
    official_name,
    telecom,
)
from larrey.fhir.reading.quantities import (
    decimal_text,
    quantity_text,
    range_text,
    ratio_text,
    reference_range_text,
    unit_text,
    value_text,
)
from larrey.fhir.reading.times import age_at, age_text, date_text, effective_date, period_text, timing_text

__all__ = [
    "Attached",
    "address_line",
    "address_lines",
    "age_at",
    "age_text",
    "attachments",
    "choice",
    "code_in",
    "codes",
    "coding_text",
    "concept_text",
    "contained",
    "date_text",
    "decimal_text",
    "document_title",
    "effective_date",
    "extension",
    "extension_value",
    "given_names",
    "has_code",
    "human_name",
    "identifier_of_type",
    "identifier_value",
    "interpretation_text",
    "items",
    "name_of",
    "official_address",
    "official_name",
    "patient_id",
    "period_text",
    "quantity_text",
    "range_text",
    "ratio_text",
    "reference_id",
    "reference_range_text",
    "reference_text",
    "size_text",
    "telecom",
    "timing_text",
    "title",
    "unit_text",
    "value_text",
]
