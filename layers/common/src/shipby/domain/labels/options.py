"""Choices of a label: whose size, which paper, what comes out, which code, which pictograms."""

from __future__ import annotations

from enum import StrEnum


class LabelForm(StrEnum):
    """The two sizes of the marketplace's own label.

    Source: ozon Seller API, /v3/posting/fbs/package-label/create (`task_type` big_label, small_label); the millimetres
    are not documented.
    """

    BIG = "big"
    SMALL = "small"


class LabelSize(StrEnum):
    """Sizes of our own labels, width x height in millimetres."""

    MM58X40 = "58x40"
    MM75X120 = "75x120"
    MM100X150 = "100x150"

    @property
    def millimetres(self) -> tuple[int, int]:
        """Width and height."""
        width, _, height = self.value.partition("x")
        return int(width), int(height)


class Sheet(StrEnum):
    """How labels are laid out on paper: each on a page of its own size, or several on an A4 sheet."""

    NONE = "none"
    A4_4UP = "a4-4"
    A4_8UP = "a4-8"


class LabelFormat(StrEnum):
    """What comes out: a PDF, ZPL II for label printers, or a picture of the first page."""

    PDF = "pdf"
    ZPL = "zpl"
    PNG = "png"


class MatrixCode(StrEnum):
    """The two-dimensional code on our own labels."""

    QR = "qr"
    DATA_MATRIX = "data_matrix"


class HandlingMark(StrEnum):
    """Pictograms for handling, after ISO 780; the battery mark after the UN Model Regulations, 5.2.1.9."""

    FRAGILE = "fragile"
    THIS_SIDE_UP = "this_side_up"
    KEEP_DRY = "keep_dry"
    BATTERY = "battery"
