"""Reading label files."""

from __future__ import annotations

from shipby.adapters.pdf.reader import PdfLabelReader

__all__ = ["PdfLabelReader"]
