"""Reading barcodes and posting numbers off the picture and the text of one page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: barcodes and posting numbers, each once, in order of finding, and a hash of its picture."""

    barcodes: tuple[str, ...]
    numbers: tuple[str, ...]
    looks: str


def read(page_pdf: bytes) -> Seen:
    """Read a one-page PDF off its picture and its text. Raises InvalidInputError if the page cannot be drawn."""
    with raster.opened(page_pdf) as document:
        page = document[0]
        codes, looks = _barcodes(page)
        return Seen(codes, _posting_numbers(page), looks)


def _barcodes(page: PdfPage) -> tuple[tuple[str, ...], str]:
    """The codes, and what the page looks like at the printer's resolution."""
    found: dict[str, None] = {}
    looks = ""
    for scale in _scales(page, _DPI):
        codes, picture = _decode(page, scale)
        found |= dict.fromkeys(codes)
        looks = looks or picture
    for scale in [] if found else _scales(page, _DPI_IF_NOTHING):
        found |= dict.fromkeys(_decode(page, scale)[0])
    return tuple(found), looks


def _scales(page: PdfPage, resolutions: Sequence[int]) -> list[float]:
    """Pixels per point, each once."""
    return sorted({raster.scale_for(page, dpi) for dpi in resolutions})


def _decode(page: PdfPage, scale: float) -> tuple[list[str], str]:
    """The codes of the page's picture, and its hash."""
    import zxingcpp

    bitmap = raster.drawn(page, scale)
    try:
        rows = memoryview(bitmap.buffer).cast("B", (bitmap.height, bitmap.stride))
        picture = zxingcpp.ImageView(rows, bitmap.width, bitmap.height, zxingcpp.ImageFormat.Lum, bitmap.stride)
        # Codabar and the like are left out: they find themselves in any row of strokes.
        kinds = zxingcpp.BarcodeFormats([getattr(zxingcpp, kind) for kind in _KINDS])
        read = zxingcpp.read_barcodes(picture, formats=kinds, text_mode=zxingcpp.TextMode.Plain)
        return [barcode.text for barcode in read if _CODE.fullmatch(barcode.text)], sha256(rows).hexdigest()
    finally:
        bitmap.close()


def _posting_numbers(page: PdfPage) -> tuple[str, ...]:
    text = page.get_textpage()
    try:
        words = text.get_text_range(0, min(text.count_chars(), _LARGEST_TEXT))
    finally:
        text.close()
    return tuple(dict.fromkeys(_POSTING_NUMBER.findall(words)))[:_MOST_NUMBERS]
