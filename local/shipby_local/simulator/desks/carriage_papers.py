"""Draws a carriage's papers: the shipping list or act with its postings, and the hand-over barcode."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from shipby_local.simulator.desks.carriage_model import CargoPlace, Carriage
from shipby_local.simulator.labels.fonts import draw_text
from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import plain

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM: Final = 72 / 25.4
_WIDE: Final = 210 * _MM
_HIGH: Final = 297 * _MM
_ROWS: Final = 40


def hand_over_code(carriage: Carriage) -> str:
    """What the drop-off point scans; its form is invented."""
    return f"%303%{carriage.id}"


def act(carriage: Carriage, postings: Sequence[Posting], title: str, waybill: str) -> bytes:
    """Two papers in one PDF: the numbered list of postings and the waybill with its totals."""
    canvas, buffer = _paper(_WIDE, _HIGH)
    for first in range(0, max(len(postings), 1), _ROWS):
        draw_text(canvas, 20 * _MM, 280 * _MM, f"{title} № {carriage.id} от {carriage.departure_date}", 14)
        for row, posting in enumerate(postings[first : first + _ROWS]):
            text = f"{first + row + 1}. {posting.number}   {posting.upper_barcode}   {plain(posting.total)}"
            draw_text(canvas, 20 * _MM, (268 - 6 * row) * _MM, f"{text} {posting.currency}", 9)
        canvas.showPage()
    draw_text(canvas, 20 * _MM, 280 * _MM, f"{waybill} № {carriage.id} от {carriage.departure_date}", 14)
    draw_text(canvas, 20 * _MM, 268 * _MM, f"Отправлений: {len(postings)}", 10)
    _code(canvas, hand_over_code(carriage), 20 * _MM, 240 * _MM)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def discrepancies(carriage: Carriage, missing: Sequence[str]) -> bytes:
    """What the act names and the carrier did not find, and the other way round."""
    canvas, buffer = _paper(_WIDE, _HIGH)
    draw_text(canvas, 20 * _MM, 280 * _MM, f"Акт о расхождениях № {carriage.id}", 14)
    rows = [*(f"не принято: {number}" for number in missing), *(f"излишек: {number}" for number in carriage.extra)]
    for row, text in enumerate(rows or ["расхождений нет"]):
        draw_text(canvas, 20 * _MM, (268 - 6 * (row % _ROWS)) * _MM, text, 9)
        if row % _ROWS == _ROWS - 1:
            canvas.showPage()
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def container_labels(carriage: Carriage) -> bytes:
    """One 75 × 120 mm page for each container that the carriage is handed over in, at least one."""
    canvas, buffer = _paper(75 * _MM, 120 * _MM)
    count = max(carriage.containers_count, 1)
    for number in range(1, count + 1):
        draw_text(canvas, 5 * _MM, 108 * _MM, f"Отгрузка {carriage.id}, место {number} из {count}", 11)
        _code(canvas, f"%304%{carriage.id}-{number}", 5 * _MM, 60 * _MM)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def place_labels(places: Sequence[CargoPlace]) -> bytes:
    """One 75 × 120 mm page for each cargo place."""
    canvas, buffer = _paper(75 * _MM, 120 * _MM)
    for place in places:
        draw_text(canvas, 5 * _MM, 108 * _MM, f"Грузоместо {place.number} ({place.cargo_type})", 11)
        draw_text(canvas, 5 * _MM, 100 * _MM, f"Отправлений: {len(place.postings)}", 9)
        _code(canvas, f"%304%{place.id}", 5 * _MM, 60 * _MM)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def place_papers(places: Sequence[CargoPlace]) -> bytes:
    """The list of what is in each cargo place."""
    canvas, buffer = _paper(_WIDE, _HIGH)
    for place in places:
        for first in range(0, max(len(place.postings), 1), _ROWS):
            draw_text(canvas, 20 * _MM, 280 * _MM, f"Лист отгрузки, грузоместо {place.id}", 14)
            for row, number in enumerate(place.postings[first : first + _ROWS]):
                draw_text(canvas, 20 * _MM, (268 - 6 * row) * _MM, f"{first + row + 1}. {number}", 9)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def barcode_png(text: str) -> bytes:
    """A Code 128 as PNG, three pixels a module."""
    import pypdfium2

    canvas, buffer = _paper(90 * _MM, 40 * _MM)
    _code(canvas, text, 5 * _MM, 12 * _MM)
    canvas.drawCentredString(45 * _MM, 5 * _MM, text)
    canvas.showPage()
    canvas.save()
    document = pypdfium2.PdfDocument(buffer.getvalue())
    try:
        out = io.BytesIO()
        document[0].render(scale=3).to_pil().save(out, "PNG")
    finally:
        document.close()
    return out.getvalue()


def _paper(width: float, height: float) -> tuple[Canvas, io.BytesIO]:
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    return Canvas(buffer, pagesize=(width, height), invariant=1), buffer


def _code(canvas: Canvas, text: str, x: float, y: float) -> None:
    from reportlab.graphics.barcode.code128 import Code128

    Code128(text, barWidth=1, barHeight=20 * _MM, quiet=False).drawOn(canvas, x, y)
