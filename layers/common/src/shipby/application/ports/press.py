"""What printing needs from outside: taking label files apart, putting pages together, and drawing our own papers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shipby.domain.labels.options import LabelSize, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipby.domain.labels.own_labels import LabelLook, OwnLabel, PackingSlip, PickList


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPage:
    """One page split off a label file: its own PDF and every barcode read from its picture."""

    pdf: bytes
    barcodes: tuple[str, ...]
    texts: tuple[str, ...] = ()
    looks: str = ""
    """A hash of its picture: two pages that look alike have the same; empty where it was not taken."""


@dataclass(frozen=True, slots=True)
class PagePick:
    """One page of one of several files, by their indexes from 0; `caption` is printed under it on a sheet."""

    file: int
    page: int
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What came of drawing several things into one PDF. One that cannot be drawn never stops another."""

    pdf: bytes
    """Empty if nothing could be drawn."""
    pages: tuple[tuple[int, ...], ...]
    """For each thing asked for, its pages in `pdf` (from 0); none where it could not be drawn."""
    problems: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Index of a thing -> (field, what is wrong with it and what to do), such as ("recipient.name", "…")."""


class LabelPapers(Protocol):
    """Takes label files apart and puts pages together."""

    def pages(self, pdf: bytes) -> tuple[LabelPage, ...]:
        """Split a label file into pages and read each. Raises InvalidInputError if it is not a usable PDF."""

    def merge(self, files: Sequence[bytes]) -> bytes:
        """One PDF with all pages of `files` in order."""

    def compose(self, files: Sequence[bytes], order: Sequence[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        """One PDF with the picked pages in this order; on an A4 sheet several to a page, never enlarged.

        Raises InvalidInputError if there are none, or a file is no usable PDF or lacks the page.
        """

    def picture(self, pdf: bytes, *, dpi: int) -> bytes:
        """PNG of the first page."""

    def as_zpl(self, pdf: bytes, *, dpi: int) -> bytes:
        """Every page as a ZPL II graphic, for pages that are not ours."""


class LabelPress(Protocol):
    """Draws our own papers. The same input gives the same bytes."""

    def labels(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        """One page per parcel label."""

    def stickers(self, labels: Sequence[OwnLabel], look: LabelLook) -> Drawn:
        """One page per sticker: posting number, goods, codes; no recipient."""

    def zpl(self, labels: Sequence[OwnLabel], look: LabelLook, *, stickers: bool = False) -> Drawn:
        """ZPL II instead of PDF: native barcodes, text as bitmap. `pages` and `problems` as for `labels`."""

    def slips(self, slips: Sequence[PackingSlip], look: LabelLook, *, size: LabelSize | None = None) -> Drawn:
        """Packing slips, each beginning on a page of its own: A4, or a thermal size."""

    def pick_list(self, picked: PickList, look: LabelLook, *, size: LabelSize | None = None) -> bytes:
        """A pick list on A4, or on as many thermal labels as it needs."""
