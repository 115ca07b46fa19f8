"""The `LabelPapers` port: split a label file, strip it, read every page back from its picture; merge pages again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shipby.adapters.pdf import pages, pictures, raster, sheets
from shipby.application.ports.press import LabelPage, PagePick
from shipby.domain.labels.options import Sheet


class PdfLabelPapers:
    """Implements `LabelPapers`. Limits guard against files that are no labels.

    `fonts` is the folder of the label fonts, which draw the captions on sheets; without it there are none.
    """

    def __init__(self, *, fonts: Path | None = None, max_pages: int = 1000, max_bytes: int = 50 * 1024 * 1024) -> None:
        self._fonts = fonts
        self._max_pages = max_pages
        self._max_bytes = max_bytes

    def pages(self, pdf: bytes) -> tuple[LabelPage, ...]:
        """One entry per page, in order; `texts` holds what looks like a posting number and nothing else.

        Raises InvalidInputError for what is no usable PDF, is encrypted, has no pages, or is too big.
        """
        found: list[LabelPage] = []
        for single in pages.split(pdf, max_pages=self._max_pages, max_bytes=self._max_bytes):
            seen = pictures.read(single)
            found.append(LabelPage(pdf=single, barcodes=seen.barcodes, texts=seen.numbers, looks=seen.looks))
        return tuple(found)

    def merge(self, files: Sequence[bytes]) -> bytes:
        """One PDF with all pages of `files` in order; the same files give the same bytes.

        Raises InvalidInputError if there are none or one is no usable PDF.
        """
        return pages.merge(files)

    def compose(self, files: Sequence[bytes], order: Sequence[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        """One PDF with the picked pages in this order; the same input gives the same bytes.

        Raises InvalidInputError if there is no page to take, a file is no usable PDF, or it lacks the page.
        """
        return sheets.compose(files, order, sheet=sheet, fonts=self._fonts)

    def picture(self, pdf: bytes, *, dpi: int) -> bytes:
        """PNG in grey of the first page. Raises InvalidInputError for a broken PDF or an absurd resolution."""
        return raster.png(pdf, dpi=dpi)

    def as_zpl(self, pdf: bytes, *, dpi: int) -> bytes:
        """Every page as a ZPL II graphic. Raises InvalidInputError as `picture` does."""
        return raster.zpl(pdf, dpi=dpi)
