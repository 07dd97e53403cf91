"""What other rooms may ask of the chart: the banner of a patient, for their pages of one patient (``chart/layout.html``), and
finding a patient.
"""

from __future__ import annotations

from larrey.apps.chart.queries.banner import Header, header, why
from larrey.apps.chart.queries.find import Found, Person, find, last_opened

__all__ = ["Found", "Header", "Person", "find", "header", "last_opened", "why"]
