"""Draws label pages: upper barcode as Code 128, lower barcode as a second code, ScanIt code, number, route, recipient.

The layout is invented; it only carries what the real pages are known to carry, on the two sizes that the API names.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shipby_local.simulator.labels.fonts import draw_text, width_of, wrapped
from shipby_local.simulator.model import Posting
from shipby_local.simulator.settings import LabelStyle

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM: Final = 72 / 25.4
SIZES_MM: Final = {"big_label": (75, 120), "small_label": (58, 40)}
"""Page sizes; the API documents only the two names."""
_SCANIT: Final = 13 * _MM
"""Side of the ScanIt code where it stands beside the others."""


@dataclass(frozen=True, slots=True)
class PageSpec:
    """What one page shows. `codes_of`: the posting whose barcodes it carries, if not `posting`'s own."""

    posting: Posting
    box: int = 1
    codes_of: Posting | None = None
    unreadable: bool = False
    style: LabelStyle = LabelStyle.OLD


def style_of(posting: Posting, style: LabelStyle) -> LabelStyle:
    """Which codes the label carries; of mixed styles always the same one. Without a ScanIt code: the old ones."""
    if not posting.scanit:
        return LabelStyle.OLD
    if style is not LabelStyle.MIXED:
        return style
    return (LabelStyle.OLD, LabelStyle.NEW, LabelStyle.BOTH)[int(posting.lower_barcode or 0) % 3]


def scanit_of(posting: Posting, style: LabelStyle) -> str:
    """What the API tells as `scanit`; "" where the label has none."""
    return "" if style_of(posting, style) is LabelStyle.OLD else posting.scanit


def upper_barcode(posting: Posting, box: int) -> str:
    """The first box carries the very barcode that the API tells; how further boxes differ is invented."""
    return posting.upper_barcode if box == 1 else f"{posting.upper_barcode}-{box}"


def draw(kind: str, pages: list[PageSpec]) -> bytes:
    """A PDF of one label size."""
    from reportlab.pdfgen.canvas import Canvas

    width, height = (side * _MM for side in SIZES_MM[kind])
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height), invariant=1)
    for page in pages:
        if page.unreadable:
            _blur(canvas, width, height, page.posting)
        elif kind == "big_label":
            _big(canvas, width, height, page)
        else:
            _small(canvas, width, height, page)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _big(canvas: Canvas, width: float, height: float, page: PageSpec) -> None:
    posting, codes = page.posting, page.codes_of or page.posting
    edge = 4 * _MM
    _line(canvas, edge, height - 7 * _MM, f"{_route(posting)}   Склад Софьино", 8, width - 2 * edge)
    _centred(canvas, width, height - 14 * _MM, posting.number, 13)
    first = _first_code(page)
    _bars(canvas, first, width, height - 38 * _MM, 21 * _MM)
    _centred(canvas, width, height - 42 * _MM, first, 8)
    room = width - 2 * edge
    if page.style is LabelStyle.BOTH:
        room -= _SCANIT + edge
        _square(canvas, codes.scanit, width - edge - _SCANIT, 29 * _MM, _SCANIT)
    if posting.multi_box_qty > 1:
        _centred(canvas, width, height - 48 * _MM, f"Место {page.box} из {posting.multi_box_qty}", 10)
    if posting.is_rfbs:
        _recipient(canvas, edge, height - 54 * _MM, 30 * _MM, posting, room, 8)
    else:
        for row, line in enumerate(posting.lines[:4]):
            top = height - (56 + 5 * row) * _MM
            _line(canvas, edge, top, f"{line.quantity} × {line.name}", 7, width - 2 * edge)
    if page.style is LabelStyle.NEW:
        return
    _bars(canvas, codes.lower_barcode, width, 10 * _MM, 17 * _MM)
    _centred(canvas, width, 6 * _MM, codes.lower_barcode, 8)


def _small(canvas: Canvas, width: float, height: float, page: PageSpec) -> None:
    posting, codes = page.posting, page.codes_of or page.posting
    edge = 2 * _MM
    boxes = f"   {page.box}/{posting.multi_box_qty}" if posting.multi_box_qty > 1 else ""
    _line(canvas, edge, height - 4 * _MM, f"{posting.number}{boxes}   {_route(posting)}", 8, width - 2 * edge)
    first, second = _first_code(page), codes.scanit if page.style is LabelStyle.NEW else codes.lower_barcode
    _bars(canvas, first, width, height - 17 * _MM, 11 * _MM)
    _centred(canvas, width, height - 19.5 * _MM, first, 6)
    side = 16 * _MM
    _square(canvas, second, width - side - edge, edge, side)
    room = width - side - 3 * edge
    if page.style is LabelStyle.BOTH:
        room -= _SCANIT
        _square(canvas, codes.scanit, width - side - _SCANIT - edge, edge, _SCANIT)
    if posting.is_rfbs:
        _recipient(canvas, edge, height - 23 * _MM, 15 * _MM, posting, room, 6)
    else:
        _line(canvas, edge, 12 * _MM, "Склад Софьино", 6, room)
    _line(canvas, edge, 2.5 * _MM, second, 6, room)


def _first_code(page: PageSpec) -> str:
    codes = page.codes_of or page.posting
    return codes.scanit if page.style is LabelStyle.NEW else upper_barcode(codes, page.box)


def _recipient(canvas: Canvas, x: float, top: float, room: float, posting: Posting, width: float, size: float) -> None:
    buyer = posting.buyer
    where = ", ".join(part for part in (buyer.zip_code, buyer.region, buyer.city, buyer.address) if part)
    while True:
        lines = [*wrapped(canvas, f"Получатель: {buyer.name}", size, width), *wrapped(canvas, where, size, width)]
        if len(lines) * size * 1.2 <= room or size <= 3:
            break
        size -= 0.5
    for row, line in enumerate(lines):
        draw_text(canvas, x, top - row * size * 1.2, line, size)


def _bars(canvas: Canvas, text: str, width: float, bottom: float, high: float) -> None:
    """A Code 128 with ten modules of quiet zone, as wide as fits up to 0.375 mm a module."""
    from reportlab.graphics.barcode.code128 import Code128

    module = 0.375 * _MM
    narrow = Code128(text, barWidth=1, quiet=False).width
    module = min(module, width / (narrow + 20))
    bars = Code128(text, barWidth=module, barHeight=high, quiet=False)
    bars.drawOn(canvas, (width - bars.width) / 2, bottom)


def _square(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    code = QrCodeWidget(text, barWidth=side, barHeight=side, barBorder=2)
    drawing = Drawing(side, side)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, x, y)


def _blur(canvas: Canvas, width: float, height: float, posting: Posting) -> None:
    """Soft grey columns, as a code looks that was printed out of focus."""
    rng = random.Random(f"blur:{posting.number}")
    column = 0.9 * _MM
    grey = 0.75
    for index in range(int(width * 0.8 / column)):
        grey = min(0.95, max(0.55, grey + rng.uniform(-0.12, 0.12)))
        canvas.setFillGray(grey)
        canvas.rect(width * 0.1 + index * column, height * 0.35, column, height * 0.4, stroke=0, fill=1)
    canvas.setFillGray(0)


def _centred(canvas: Canvas, width: float, y: float, text: str, size: float) -> None:
    while width_of(canvas, text, size) > width * 0.96 and size > 3:
        size -= 0.5
    draw_text(canvas, (width - width_of(canvas, text, size)) / 2, y, text, size)


def _line(canvas: Canvas, x: float, y: float, text: str, size: float, width: float) -> None:
    """One line; what does not fit is left out, as such pages do with the names of goods."""
    while width_of(canvas, text, size) > width:
        text = text[:-1]
    draw_text(canvas, x, y, text, size)


def _route(posting: Posting) -> str:
    return f"R-{posting.order_id % 97:02d}.{posting.order_id % 13:02d}"
