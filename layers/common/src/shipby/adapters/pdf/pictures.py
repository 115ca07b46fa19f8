"""Reading barcodes and posting numbers off the picture and the text of one page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from shipby.adapters.pdf import raster

if TYPE_CHECKING:  # heavy: loaded on first use
    from pypdfium2 import PdfBitmap, PdfPage
    from zxingcpp import Barcode

_DPI = (203, 300)
"""203 is what label printers print; 300 separates bars that 203 joins."""
_DPI_IF_NOTHING = (150, 450)
_KINDS = ("Code128", "Code39", "EAN13", "EAN8", "ITF", "QRCode", "DataMatrix", "PDF417", "Aztec")
_USUAL = ("Code128", "QRCode")
"""On every label that the marketplace or we draw."""
_ROOM = 3.0
"""Points around a code that was found: within its quiet zone, which no other code may enter."""
_SLANT = 1.0
"""Points by which the corners of an upright code may be out of line."""
_CELL = 2.8
"""Points, a millimetre: ink is measured in squares of this side, three by three."""
_INK = 76
"""Of 255, how dark three by three millimetres are at least somewhere in a code: half of a code's area is ink. A
DataMatrix 2.5 mm high has 105, bars 3 mm high 150 and more, a pale QR code 77; rows of small
print have less, larger letters are searched too."""
_AROUND, _BESIDE = 5, 8
"""Millimetres above, below and beside such a place that are searched with it: a code's lighter end, its quiet zone."""
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
    """The codes, and what the page looks like at the printer's resolution.

    What the usual labels hold is found by a quick look and painted white. Wherever else there is ink enough for a code,
    all kinds are searched for at every resolution, so that a third code is seen as ever; where there is none, nothing
    is. A page on which the quick look finds nothing is searched whole.
    """
    found: dict[str, None] = {}
    known: list[_Box] = []
    first, *others = _scales(page, _DPI)
    with _pictured(page, first) as picture:
        looks, places = picture.looks, [picture.whole]
        for kind in _USUAL:
            boxes = [box for place in places for box in _search(picture, place, only=kind)]
            if boxes and all(box.upright for box in boxes):  # a slanting code's box covers more than the code
                known += boxes
                picture.blank(boxes)
                places = picture.inked()
        found |= _texts(known)
        found |= _texts(box for place in places for box in _search(picture, place))
    for scale in others if places else []:
        # A page on which nothing was found yet is searched whole.
        for place in places if known else [picture.whole]:
            with _pictured(page, scale, place) as part:
                part.blank(known)
                found |= _texts(_search(part, place))
    for scale in [] if found else _scales(page, _DPI_IF_NOTHING):
        with _pictured(page, scale) as picture:
            found |= _texts(_search(picture, picture.whole))
    return tuple(found), looks


def _scales(page: PdfPage, resolutions: Sequence[int]) -> list[float]:
    """Pixels per point, each once."""
    return sorted({raster.scale_for(page, dpi) for dpi in resolutions})


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of a page, in points from its top left corner, and the code that was found there."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""
    upright: bool = True
    """Whether the code's sides run along the page's."""


def _texts(codes: Iterable[_Box]) -> dict[str, None]:
    return dict.fromkeys(code.text for code in codes if _CODE.fullmatch(code.text))


class _Picture:
    """A page, or its rows from `top` on, in grey at so many pixels a point."""

    def __init__(self, bitmap: PdfBitmap, scale: float, top: int = 0) -> None:
        self.width, self.height, self.stride, self.scale = bitmap.width, bitmap.height, bitmap.stride, scale
        self.top = top
        self._bytes = memoryview(bitmap.buffer).cast("B")

    @property
    def looks(self) -> str:
        """A hash of all of it."""
        return sha256(self._bytes).hexdigest()

    @property
    def whole(self) -> _Box:
        return _Box(0, 0, self.width / self.scale, self.height / self.scale)

    def pixels(self, box: _Box) -> tuple[int, int, int, int]:
        """Left, top, right, bottom within the picture; the last two not included."""
        return (
            max(0, math.floor(box.left * self.scale)),
            max(0, math.floor(box.top * self.scale) - self.top),
            min(self.width, math.ceil(box.right * self.scale)),
            min(self.height, math.ceil(box.bottom * self.scale) - self.top),
        )

    def cut(self, box: _Box) -> tuple[memoryview, int, int]:
        """A part of the picture without a copy, its width and height; rows stand `stride` apart."""
        left, top, right, bottom = self.pixels(box)
        if left and bottom == self.height:
            bottom -= 1  # rows are counted whole, and the last one would end behind the picture
        begin, height = top * self.stride + left, bottom - top
        return self._bytes[begin : begin + height * self.stride], right - left, height

    def blank(self, boxes: Iterable[_Box]) -> None:
        """Paint codes white, with the room around them that no other code may enter."""
        for box in boxes:
            around = replace(
                box, left=box.left - _ROOM, top=box.top - _ROOM, right=box.right + _ROOM, bottom=box.bottom + _ROOM
            )
            left, top, right, bottom = self.pixels(around)
            white = b"\xff" * max(0, right - left)
            for row in range(top * self.stride, bottom * self.stride, self.stride):
                self._bytes[row + left : row + left + len(white)] = white

    def inked(self) -> list[_Box]:
        """Boxes that hold all places with ink enough for a code, and the room around them; none touches another."""
        from PIL import Image, ImageFilter

        size, cell = (self.width, self.height), max(1, round(_CELL * self.scale))
        grey = Image.frombytes("L", size, bytes(self._bytes), "raw", "L", self.stride, 1).reduce(cell)
        dark = grey.filter(ImageFilter.BoxBlur(1)).point([255] * (256 - _INK) + [0] * _INK)
        _, rows = dark.getprojection()
        bands: list[tuple[int, int]] = []
        for row in (row for row, inked in enumerate(rows) if inked):
            top = row - _AROUND
            if bands and top <= bands[-1][1]:
                top, _ = bands.pop()
            bands.append((top, row + 1 + _AROUND))
        found = []
        for top, bottom in bands:
            columns = dark.crop((0, max(0, top), dark.width, min(dark.height, bottom))).getbbox() or (0, 0, 0, 0)
            unit = cell / self.scale
            found.append(_Box((columns[0] - _BESIDE) * unit, top * unit, (columns[2] + _BESIDE) * unit, bottom * unit))
        return found


@contextmanager
def _pictured(page: PdfPage, scale: float, place: _Box | None = None) -> Iterator[_Picture]:
    """The page, or no more rows of it than `place` needs."""
    rows = None
    if place is not None:
        last = math.ceil(page.get_height() * scale)
        rows = (max(0, math.floor(place.top * scale)), min(last, math.ceil(place.bottom * scale)))
    bitmap = raster.drawn(page, scale, rows)
    try:
        yield _Picture(bitmap, scale, rows[0] if rows else 0)
    finally:
        bitmap.close()


def _search(picture: _Picture, place: _Box, *, only: str = "") -> list[_Box]:
    """The codes of a part of the picture. With one kind only: upright, dark on light, at this size."""
    import zxingcpp

    rows, width, height = picture.cut(place)
    if width < 1 or height < 1:
        return []
    view = zxingcpp.ImageView(rows, width, height, zxingcpp.ImageFormat.Lum, picture.stride)
    # Codabar and the like are left out: they find themselves in any row of strokes.
    kinds = zxingcpp.BarcodeFormats([getattr(zxingcpp, kind) for kind in ([only] if only else _KINDS)])
    codes = zxingcpp.read_barcodes(
        view,
        formats=kinds,
        text_mode=zxingcpp.TextMode.Plain,
        try_rotate=not only,
        try_downscale=not only,
        try_invert=not only,
    )
    left, top, *_ = picture.pixels(place)
    return [_box(code, left, picture.top + top, picture.scale) for code in codes]


def _box(code: Barcode, left: int, top: int, scale: float) -> _Box:
    at = code.position
    corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    across, down = sorted(corner.x for corner in corners), sorted(corner.y for corner in corners)
    slant = max(across[1] - across[0], across[3] - across[2], down[1] - down[0], down[3] - down[2])
    return _Box(
        left=(left + across[0]) / scale,
        top=(top + down[0]) / scale,
        right=(left + across[3]) / scale,
        bottom=(top + down[3]) / scale,
        text=code.text,
        upright=slant <= _SLANT * scale,
    )


def _posting_numbers(page: PdfPage) -> tuple[str, ...]:
    text = page.get_textpage()
    try:
        words = text.get_text_range(0, min(text.count_chars(), _LARGEST_TEXT))
    finally:
        text.close()
    return tuple(dict.fromkeys(_POSTING_NUMBER.findall(words)))[:_MOST_NUMBERS]
