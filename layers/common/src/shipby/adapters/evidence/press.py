"""The press of evidence packs: implements `shipby.application.ports.evidence.PackPress`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from shipby.adapters.labels.fonts import Fonts
from shipby.application.ports.evidence import PackSheet, Picture


class EvidencePress:
    """`fonts` is the folder with the label fonts. Safe to keep: the fonts are read once."""

    def __init__(self, fonts: Path) -> None:
        self._folder = fonts

    @cached_property
    def fonts(self) -> Fonts:
        """Read when the first document is drawn."""
        return Fonts(self._folder)

    def picture(self, content: bytes, content_type: str) -> Picture:
        from shipby.adapters.evidence.pictures import small_picture

        return small_picture(content, content_type)

    def first_page(self, pdf: bytes) -> Picture:
        from shipby.adapters.evidence.pictures import small_page

        return small_page(pdf)

    def document(self, sheet: PackSheet) -> bytes:
        from shipby.adapters.evidence.sheet import draw_sheet

        return draw_sheet(sheet, self.fonts)
