"""Reading barcodes and posting numbers off the picture and the text of one page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shipby.adapters.pdf import raster

if TYPE_CHECKING:  # heavy: loaded on first use
    from pypdfium2 import PdfPage

_DPI = (203, 300)
"""203 is what label printers print; 300 separates bars that 203 joins."""
_DPI_IF_NOTHING = (150, 450)
_KINDS = ("Code128", "Code39", "EAN13", "EAN8", "ITF", "QRCode", "DataMatrix", "PDF417", "Aztec")
_CODE = re.compile(r"[\x21-\x7e]{4,100}")
"""A barcode that names something: printable, without blanks. Free text in a matrix code may be personal data."""
_POSTING_NUMBER = re.compile(r"(?<![\w-])\d{4,12}-\d{4}-\d{1,3}(?![\w-])")
_MOST_NUMBERS = 20
_LARGEST_TEXT = 20_000


def read(page_pdf: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Barcodes and posting numbers of a one-page PDF, each once, in order of finding.

    Raises InvalidInputError if the page cannot be drawn.
    """
    with raster.opened(page_pdf) as document:
        page = document[0]
        return _barcodes(page), _posting_numbers(page)


def _barcodes(page: PdfPage) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for scale in _scales(page, _DPI):
        found |= dict.fromkeys(_decode(page, scale))
    for scale in [] if found else _scales(page, _DPI_IF_NOTHING):
        found |= dict.fromkeys(_decode(page, scale))
    return tuple(found)


def _scales(page: PdfPage, resolutions: Sequence[int]) -> list[float]:
    """Pixels per point, each once."""
    return sorted({raster.scale_for(page, dpi) for dpi in resolutions})


def _decode(page: PdfPage, scale: float) -> Iterator[str]:
    import zxingcpp

    bitmap = raster.drawn(page, scale)
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
