"""Reading, splitting and merging label files."""

from __future__ import annotations

from shipby.adapters.pdf.papers import PdfLabelPapers

__all__ = ["PdfLabelPapers"]
