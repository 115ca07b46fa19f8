"""Drawn pages as ZPL II: the same dots as in the PDF, in the words of label printers.

Code 128 is the printer's own, packed by its automatic mode: tests hold an independent renderer's symbols against the
layout's. Setting the code sets by hand would fix every bar, but that renderer (zpl-renderer-js 3.4) misreads a change
into set C inside a symbol, others may too, and a wrong code is worse than one packed in another way. A code with
anything but letters, digits and a few signs is a bitmap of its very bars. Texts and pictograms are bitmaps, so that no
printer needs a font. Matrix codes are bitmaps of their very modules: a printer picks version, mask and encoding of ^BQ
and ^BX by itself, so that neither size nor place would surely be what the layout keeps free.
Source: ZPL II Programming Guide, ^BC, ^BQ, ^BX, ^GB, ^GF.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shipby.adapters.labels import pictograms
from shipby.adapters.labels.drawing import Art, Bars, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.fonts import ASCENT, DESCENT, EM, Face, Fonts
from shipby.adapters.labels.zpl_graphics import Bitmap, graphic_field

if TYPE_CHECKING:  # heavy: loaded on first use
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

_INK_FROM = 128
"""Of 255: what is inked at least half becomes a dot."""
_PLAIN = re.compile(r"[0-9A-Za-z ./+-]+")
"""What needs no escape in ZPL, and no invocation character of ^BC (which all begin with >)."""
_FINER = 4
"""A pictogram is drawn this many times larger, then made small."""


def to_zpl(pages: Sequence[Page], fonts: Fonts) -> bytes:
    """One label per page; the same pages give the same bytes."""
    writer = _Writer(fonts)
    return "".join(writer.label(page) for page in pages).encode("ascii")


class _Writer:
    """Keeps what several labels share: fonts, repeated words, pictograms."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._sizes: dict[tuple[str, float], FreeTypeFont] = {}
        self._words: dict[tuple[str, float, bool], tuple[int, int, str]] = {}
        self._marks: dict[tuple[str, int], str] = {}

    def label(self, page: Page) -> str:
        """One label, from ^XA to ^XZ."""
        fields = [field for item in page.items for field in self._fields(item)]
        head = f"^XA^CI28^LH0,0^LS0^PW{page.width}^LL{page.height}"
        return "\n".join([head, *fields, "^PQ1^XZ", ""])

    def _fields(self, item: Rect | TextRun | Bars | Matrix | Art) -> Iterator[str]:
        match item:
            case Rect():
                thick = min(item.width, item.height)
                yield f"^FO{item.x},{item.y}^GB{item.width},{item.height},{thick}^FS"
            case Bars():
                yield f"^FO{item.x},{item.y}{_code128(item)}^FS"
            case Matrix():
                yield f"^FO{item.x},{item.y}{_modules(item)}^FS"
            case Art():
                yield f"^FO{item.x},{item.y}{self._mark(item)}^FS"
            case TextRun():
                left, top, field = self._text(item)
                if field:
                    yield f"^FO{item.x + left},{item.baseline + top}{field}^FS"

    def _text(self, run: TextRun) -> tuple[int, int, str]:
        """The run as a bitmap, and where it lies from the start of its baseline."""
        key = (run.text, run.size, run.bold)
        known = self._words.get(key)
        if known is None:
            known = self._words[key] = self._drawn(run)
        return known

    def _drawn(self, run: TextRun) -> tuple[int, int, str]:
        from PIL import Image, ImageDraw

        typeface = self._fonts.typeface(bold=run.bold)
        # A letter may lean out of its own width: kept room on both sides, cut off again below.
        beside, above = math.ceil(run.size), math.ceil(ASCENT * run.size) + 2
        width = math.ceil(typeface.measure(run.text) * run.size / EM) + 2 * beside
        picture = Image.new("L", (width, above + math.ceil(DESCENT * run.size) + 2), 0)
        pen, at = ImageDraw.Draw(picture), float(beside)
        for face, text in typeface.runs(run.text):
            font = self._font(face, run.size)
            for character in text:
                # One by one: drawn together, each letter would be moved to a whole dot, and a line outgrow its measure.
                pen.text((at, above), character, fill=255, font=font, anchor="ls")
                at += typeface[character] * run.size / EM
        ink = picture.point([0] * _INK_FROM + [255] * (256 - _INK_FROM))
        box = ink.getbbox()
        if box is None:
            return 0, 0, ""
        return box[0] - beside, box[1] - above, _field(ink.crop(box))

    def _font(self, face: Face, size: float) -> FreeTypeFont:
        from PIL import ImageFont

        key = (face.path.name, size)
        if key not in self._sizes:
            self._sizes[key] = ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
        return self._sizes[key]

    def _mark(self, item: Art) -> str:
        key = (item.mark.value, item.size)
        if key not in self._marks:
            self._marks[key] = _pictogram(item)
        return self._marks[key]


def _pictogram(item: Art) -> str:
    """The outlines filled by the even-odd rule, as in the PDF."""
    from PIL import Image, ImageChops, ImageDraw

    side = item.size * _FINER
    share = side / pictograms.SIDE
    ink = Image.new("1", (side, side), 0)
    for outline in pictograms.outlines(item.mark):
        one = Image.new("1", (side, side), 0)
        ImageDraw.Draw(one).polygon([(x * share, y * share) for x, y in outline], fill=1)
        ink = ImageChops.logical_xor(ink, one)
    small = ink.convert("L").resize((item.size, item.size), Image.Resampling.BOX)
    return _field(small.point([0] * _INK_FROM + [255] * (256 - _INK_FROM)))


def _code128(item: Bars) -> str:
    if _PLAIN.fullmatch(item.content):
        return f"^BY{item.module},2,{item.height}^BCN,{item.height},N,N,N,A^FD{item.content}"
    bits = "".join(("1", "0")[index % 2] * width * item.module for index, width in enumerate(item.widths))
    stride = (len(bits) + 7) // 8
    row = int(bits.ljust(stride * 8, "0"), 2).to_bytes(stride, "big")
    return graphic_field(Bitmap(len(bits), item.height, row * item.height))


def _modules(item: Matrix) -> str:
    """The symbol's modules, each as many dots wide and high as the layout says."""
    side = len(item.rows[0]) * item.module
    stride = (side + 7) // 8
    rows = []
    for row in item.rows:
        bits = "".join(module * item.module for module in row).ljust(stride * 8, "0")
        rows.append(int(bits, 2).to_bytes(stride, "big") * item.module)
    return graphic_field(Bitmap(side, len(item.rows) * item.module, b"".join(rows)))


def _field(ink: Image) -> str:
    """A grey picture of black (0) and ink (255) as a graphic field."""
    from PIL import Image

    dots = ink.convert("1", dither=Image.Dither.NONE)
    return graphic_field(Bitmap(ink.width, ink.height, dots.tobytes()))
