"""The whole search for codes on a page: every kind at every resolution, over all of it. What the product must never see
less than, and the measure of its speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zxingcpp

from shipby.adapters.pdf import pictures, raster

if TYPE_CHECKING:
    from pypdfium2 import PdfPage


def codes_of(page_pdf: bytes) -> set[str]:
    with raster.opened(page_pdf) as document:
        found = _at(document[0], pictures._DPI)
        return found or _at(document[0], pictures._DPI_IF_NOTHING)


def _at(page: PdfPage, resolutions: tuple[int, ...]) -> set[str]:
    found = set()
    for dpi in resolutions:
        bitmap = raster.drawn(page, raster.scale_for(page, dpi))
        rows = memoryview(bitmap.buffer).cast("B", (bitmap.height, bitmap.stride))
        view = zxingcpp.ImageView(rows, bitmap.width, bitmap.height, zxingcpp.ImageFormat.Lum, bitmap.stride)
        kinds = zxingcpp.BarcodeFormats([getattr(zxingcpp, kind) for kind in pictures._KINDS])
        read = zxingcpp.read_barcodes(view, formats=kinds, text_mode=zxingcpp.TextMode.Plain)
        found |= {code.text for code in read if pictures._CODE.fullmatch(code.text)}
        del rows, view
        bitmap.close()
    return found
