"""How large things are on pick lists and packing slips, by the size of the paper."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.domain.labels.options import LabelSize


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of one kind of paper: points and millimetres."""

    bins: tuple[float, ...]
    """The largest that fits is taken."""
    title: float
    offer: float
    name: float
    small: float
    margin: float
    tick: float
    matrix: float
    bars: float
    columns: tuple[float, float] = (0, 0)
    """Widths of bin and quantity where they stand beside the text; above it otherwise."""


SIZES: dict[LabelSize | None, Sizes] = {
    None: Sizes((22, 18, 15, 12, 10), 15, 11.5, 9.5, 8.5, 10, 6, 24, 13, (42, 24)),
    LabelSize.MM100X150: Sizes((24, 20, 16, 13, 11), 12, 11.5, 10, 8.5, 3.5, 6, 20, 12),
    LabelSize.MM75X120: Sizes((20, 17, 14, 12, 10), 10, 10.5, 9, 7.5, 3, 5, 16, 10),
    LabelSize.MM58X40: Sizes((15, 13, 11, 9, 8), 7.5, 8.5, 7, 6.5, 1.5, 3.6, 13, 6),
}
"""None is A4."""
