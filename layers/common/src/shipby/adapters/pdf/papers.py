"""The `LabelPapers` port: split a label file, strip it, read every page back from its picture; merge pages again."""

from __future__ import annotations

from collections.abc import Sequence

from shipby.adapters.pdf import pages, pictures
from shipby.application.ports import LabelPage


class PdfLabelPapers:
    """Implements `LabelPapers`. Limits guard against files that are no labels."""

    def __init__(self, *, max_pages: int = 1000, max_bytes: int = 50 * 1024 * 1024) -> None:
        self._max_pages = max_pages
        self._max_bytes = max_bytes

    def pages(self, pdf: bytes) -> tuple[LabelPage, ...]:
        """One entry per page, in order; `texts` holds what looks like a posting number and nothing else.

        Raises InvalidInputError for what is no usable PDF, is encrypted, has no pages, or is too big.
        """
        found: list[LabelPage] = []
        for single in pages.split(pdf, max_pages=self._max_pages, max_bytes=self._max_bytes):
            barcodes, numbers = pictures.read(single)
            found.append(LabelPage(pdf=single, barcodes=barcodes, texts=numbers))
        return tuple(found)

    def merge(self, files: Sequence[bytes]) -> bytes:
        """One PDF with all pages of `files` in order; the same files give the same bytes.

        Raises InvalidInputError if there are none or one is no usable PDF.
        """
        return pages.merge(files)
