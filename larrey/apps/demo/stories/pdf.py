"""Documents as PDF: A4 pages with the standard fonts, whose Latin-1 holds French."""

from __future__ import annotations

from io import BytesIO

from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from larrey.apps.demo.stories.paper import Paper

_WIDTH, _HEIGHT, _MARGIN = 595.3, 841.9, 56.0
_PLAIN, _BOLD, _SIZE, _LEADING = "Helvetica", "Helvetica-Bold", 10.0, 13.2


class _Page:
    """Writes lines from top to bottom, and begins a page where one is full."""

    def __init__(self, canvas: Canvas, foot: str) -> None:
        self._canvas, self._foot, self._number = canvas, foot, 1
        self._y = _HEIGHT - _MARGIN

    def line(self, text: str, font: str = _PLAIN, size: float = _SIZE, indent: float = 0.0) -> None:
        if self._y < _MARGIN + 20:
            self.finish()
            self._canvas.showPage()
            self._number += 1
            self._y = _HEIGHT - _MARGIN
        self._canvas.setFont(font, size)
        self._canvas.drawString(_MARGIN + indent, self._y, text)
        self._y -= _LEADING * size / _SIZE

    def paragraph(self, text: str, font: str = _PLAIN, size: float = _SIZE) -> None:
        for part in text.split("\n"):
            indent = 12.0 if part.startswith("- ") else 0.0
            for line in simpleSplit(part, font, size, _WIDTH - 2 * _MARGIN - indent) or [""]:
                self.line(line, font, size, indent)

    def gap(self, height: float = 6.0) -> None:
        self._y -= height

    def rule(self) -> None:
        self._canvas.setLineWidth(0.6)
        self._canvas.line(_MARGIN, self._y + 6, _WIDTH - _MARGIN, self._y + 6)
        self._y -= 6

    def finish(self) -> None:
        self._canvas.setFont(_PLAIN, 8)
        self._canvas.drawString(_MARGIN, _MARGIN - 18, self._foot)
        self._canvas.drawRightString(_WIDTH - _MARGIN, _MARGIN - 18, f"page {self._number}")


def _written(text: str) -> str:
    """What the standard fonts cannot show is shown as a question mark (a rare name of another script)."""
    return text.encode("cp1252", "replace").decode("cp1252")


def render(paper: Paper) -> bytes:
    """The bytes of the PDF; the same paper gives the same bytes."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(_WIDTH, _HEIGHT), invariant=1, lang="fr-FR")
    canvas.setTitle(_written(paper.title))
    canvas.setAuthor(_written(paper.author.shown))
    about = paper.about()
    page = _Page(canvas, _written(f"{about[0]} – {about[1]}"))
    for number, line in enumerate(paper.heading()):
        page.line(_written(line), _PLAIN if number else _BOLD, 11 if number == 0 else _SIZE)
    page.gap()
    page.rule()
    for line in about:
        page.line(_written(line))
    page.gap(10)
    page.paragraph(_written(paper.title), _BOLD, 13)
    page.line(_written(f"Le {paper.at:%d/%m/%Y}"))
    page.gap()
    if paper.greeting:
        page.paragraph(_written(paper.greeting))
        page.gap()
    for heading, body in paper.sections:
        if heading:
            page.paragraph(_written(heading), _BOLD)
        page.paragraph(_written(body))
        page.gap()
    if paper.closing:
        page.paragraph(_written(paper.closing))
        page.gap()
    page.line(_written(paper.author.shown), _BOLD)
    page.line(_written(paper.author.title))
    page.finish()
    canvas.save()
    return buffer.getvalue()
