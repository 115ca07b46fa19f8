"""Reading barcodes and posting numbers off the picture and the text of one page."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:  # heavy: loaded on first use
    from pypdfium2 import PdfPage

_DPI = (203, 300)
"""203 is what label printers print; 300 separates bars that 203 joins."""
_DPI_IF_NOTHING = (150, 450)
_KINDS = ("Code128", "Code39", "EAN13", "EAN8", "ITF", "QRCode", "DataMatrix", "PDF417", "Aztec")
_MOST_PIXELS = 9_000_000
"""A4 at 300 dpi."""
_CODE = re.compile(r"[\x21-\x7e]{4,100}")
"""A barcode that names something: printable, without blanks. Free text in a matrix code may be personal data."""
_POSTING_NUMBER = re.compile(r"(?<![\w-])\d{4,12}-\d{4}-\d{1,3}(?![\w-])")
_MOST_NUMBERS = 20
_LARGEST_TEXT = 20_000

_PDFIUM = threading.Lock()
"""pdfium is not made for threads."""


def read(page_pdf: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Barcodes and posting numbers of a one-page PDF, each once, in order of finding.

    Raises InvalidInputError if the page cannot be drawn.
    """
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(page_pdf)
            try:
                page = document[0]
                return _barcodes(page), _posting_numbers(page)
            finally:
                document.close()  # closes its pages too
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise InvalidInputError("a page of the label file cannot be drawn") from error


def _barcodes(page: PdfPage) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for scale in _scales(page, _DPI):
        found |= dict.fromkeys(_decode(page, scale))
    for scale in [] if found else _scales(page, _DPI_IF_NOTHING):
        found |= dict.fromkeys(_decode(page, scale))
    return tuple(found)


def _scales(page: PdfPage, resolutions: Sequence[int]) -> list[float]:
    """Pixels per point, each once. A page may claim to be metres wide: its picture stays within bounds."""
    width, height = page.get_size()
    most = math.sqrt(_MOST_PIXELS / max(width * height, 1.0))
    return sorted({min(dpi / 72, most) for dpi in resolutions})


def _decode(page: PdfPage, scale: float) -> Iterator[str]:
    import zxingcpp

    bitmap = page.render(scale=scale, grayscale=True)
    try:
        rows = memoryview(bitmap.buffer).cast("B", (bitmap.height, bitmap.stride))
        picture = zxingcpp.ImageView(rows, bitmap.width, bitmap.height, zxingcpp.ImageFormat.Lum, bitmap.stride)
        # Codabar and the like are left out: they find themselves in any row of strokes.
        kinds = zxingcpp.BarcodeFormats([getattr(zxingcpp, kind) for kind in _KINDS])
        for barcode in zxingcpp.read_barcodes(picture, formats=kinds, text_mode=zxingcpp.TextMode.Plain):
            if _CODE.fullmatch(barcode.text):
                yield barcode.text
    finally:
        bitmap.close()


def _posting_numbers(page: PdfPage) -> tuple[str, ...]:
    text = page.get_textpage()
    try:
        words = text.get_text_range(0, min(text.count_chars(), _LARGEST_TEXT))
    finally:
        text.close()
    return tuple(dict.fromkeys(_POSTING_NUMBER.findall(words)))[:_MOST_NUMBERS]
