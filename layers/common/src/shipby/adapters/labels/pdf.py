"""Drawn pages as PDF: reportlab keeps the file's structure and cuts the fonts, the content is written here.

Units on a page are printer dots from the top left corner. Rectangles are inset by 0.02 dot on each side: a rasteriser
that inks every dot a shape touches then inks exactly the dots that were meant.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any

from shipby.adapters.labels import pictograms
from shipby.adapters.labels.draft import DOTS_PER_MM
from shipby.adapters.labels.drawing import Bars, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.embedding import Glyphs, embedded, tag, to_unicode
from shipby.adapters.labels.fonts import Face, Fonts
from shipby.domain.labels.options import HandlingMark

INSET = 0.02
"""Dots."""
_BLANK = 2 * INSET


def to_pdf(pages: Iterable[Page], fonts: Fonts) -> bytes:
    """One PDF; the same pages give the same bytes."""
    document = _Document(fonts)
    for page in pages:
        document.add(page)
    return document.finish()


class _Document:
    def __init__(self, fonts: Fonts) -> None:
        from reportlab.pdfbase import pdfdoc

        self._doc = pdfdoc.PDFDocument(invariant=1, compression=1)
        self._doc.Outlines = self._doc.Catalog.Outlines = None
        self._doc.setTitle("Shipby")
        self._typefaces = {False: fonts.regular, True: fonts.bold}
        self._glyphs: dict[Face, Glyphs] = {}
        self._marks: dict[HandlingMark, str] = {}
        self._said: dict[tuple[str, float, bool], tuple[str, str, str]] = {}
        self._resources = self._put(self._resource_dictionary)
        self._pages = self._number(self._doc.Reference(self._doc.Pages))

    def _put(self, content: bytes | Callable[[], bytes]) -> int:
        """Register an object, written when the file is; returns its number."""
        return self._number(self._doc.Reference(_raw()(content)))

    def _put_stream(self, content: bytes, entries: str = "") -> int:
        packed = zlib.compress(content, 1)  # a twentieth larger than level 6, done in half the time
        head = f"<<{entries}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode()
        return self._put(head + packed + b"\nendstream\n")

    def _number(self, reference: Any) -> int:
        number: int = self._doc.idToObjectNumberAndVersion[reference.name][0]
        return number

    def add(self, page: Page) -> None:
        """One more page."""
        box, units = _paper(page.millimetres, page.dpi)
        content = [units]
        runs: list[TextRun] = []
        squares: list[str] = []
        for item in page.items:
            if isinstance(item, TextRun):
                runs.append(item)
            elif isinstance(item, Bars):
                _bars(item, content)
            elif isinstance(item, Rect):
                content.append(f"{item.x} {item.y} {item.width - _BLANK:g} {item.height - _BLANK:g} re")
            elif isinstance(item, Matrix):
                squares.append(_matrix(item))
            else:
                share = item.size / pictograms.SIDE
                squares.append(f"q {share:.4f} 0 0 {share:.4f} {item.x} {item.y} cm /{self._mark(item.mark)} Do Q")
        if len(content) > 1:
            content.append("f")
        content += squares
        if runs:
            self._text(runs, content)
        stream = self._put_stream("\n".join(content).encode("latin-1"))
        self._doc.addPage(
            _raw()(
                f"<</Type/Page/Parent {self._pages} 0 R/MediaBox[{box}]"
                f"/Resources {self._resources} 0 R/Contents {stream} 0 R>>\n".encode()
            )
        )

    def _text(self, runs: Sequence[TextRun], content: list[str]) -> None:
        content.append("BT 1 0 0 -1 0 0 Tm")
        left, below, set_to = 0, 0, ""
        for run in runs:
            key = (run.text, run.size, run.bold)
            font, shown, last = self._said.get(key) or self._say(key)
            content.append(f"{run.x - left} {below - run.baseline} Td")
            if font != set_to:
                content.append(font)
            content.append(shown)
            left, below, set_to = run.x, run.baseline, last
        content.append("ET")

    def _say(self, run: tuple[str, float, bool]) -> tuple[str, str, str]:
        """The font that a text begins in, the instructions that show it, and the font it ends in. Labels say the same
        again and again."""
        text, size, bold = run
        shown: list[str] = []
        first = last = ""
        for face, part in self._typefaces[bold].runs(text):
            glyphs = self._glyphs.get(face)
            if glyphs is None:
                glyphs = self._glyphs[face] = Glyphs(face, f"F{len(self._glyphs)}")
            last = f"/{glyphs.name} {size:.5g} Tf"
            if first:
                shown.append(last)
            first = first or last
            shown.append(f"({''.join(map(glyphs.__getitem__, part))})Tj")
        found = self._said[run] = (first, "\n".join(shown), last)
        return found

    def _mark(self, mark: HandlingMark) -> str:
        return self._marks.setdefault(mark, f"M{len(self._marks)}")

    def _resource_dictionary(self) -> bytes:
        fonts = "".join(f"/{glyphs.name} {number} 0 R" for glyphs, number in self._fonts)
        marks = "".join(f"/{name} {number} 0 R" for name, number in self._forms)
        return f"<</ProcSet[/PDF/Text]/Font<<{fonts}>>/XObject<<{marks}>>>>\n".encode()

    def finish(self) -> bytes:
        """The file."""
        self._fonts = [(glyphs, self._put_font(glyphs)) for glyphs in self._glyphs.values()]
        self._forms = [(name, self._put_form(mark)) for mark, name in self._marks.items()]
        self._doc.info.invariant = 1
        self._doc.info.digest(self._doc.signature)
        found: bytes = self._doc.format()
        return found

    def _put_form(self, mark: HandlingMark) -> int:
        content = []
        for first, *others in pictograms.outlines(mark):
            content.append(f"{first[0]:g} {first[1]:g} m")
            content.extend(f"{x:g} {y:g} l" for x, y in others)
            content.append("h")
        content.append("f*")
        side = f"{pictograms.SIDE:g}"
        return self._put_stream(
            "\n".join(content).encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 {side} {side}]/Resources<<>>"
        )

    def _put_font(self, glyphs: Glyphs) -> int:
        """An embedded subset, addressed by glyph, with the map back to characters for search and copying."""
        program, face = embedded(glyphs)
        name = f"{tag(glyphs)}+{face.name.decode()}"
        file = self._put_stream(program, f"/Length1 {len(program)}")
        descriptor = self._put(
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{' '.join(f'{side:g}' for side in face.bbox)}]"
            f"/ItalicAngle 0/Ascent {face.ascent:g}/Descent {face.descent:g}/CapHeight {face.capHeight:g}"
            f"/StemV {face.stemV}/FontFile2 {file} 0 R>>\n".encode()
        )
        widths = " ".join(str(glyphs.face.metrics[glyphs.face.glyphs[code]][0]) for code in glyphs.used)
        descendant = self._put(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity"
            "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {descriptor} 0 R/W[1[{widths}]]>>\n".encode()
        )
        characters = self._put_stream(to_unicode(glyphs.used))
        return self._put(
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {characters} 0 R>>\n".encode()
        )


@cache
def _paper(millimetres: tuple[int, int], dpi: int) -> tuple[str, str]:
    """A paper's box in points, and the instruction that makes dots from its top left corner the unit."""
    width, height = (_points(side, DOTS_PER_MM[dpi]) for side in millimetres)
    per_point = DOTS_PER_MM[dpi] * 25.4 / 72
    scale, shift = 1 / per_point, INSET / per_point
    box = f"0 0 {width:.8g} {height:.8g}"
    return box, f"{scale:.8f} 0 0 {-scale:.8f} {shift:.5f} {height - shift:.5f} cm"


def _points(millimetres: int, per_mm: float) -> float:
    """A side of the page: the paper's at 8 dots per millimetre, at 300 dpi up to one dot less.

    Rasterisers count their dots from either end of a page, or stretch it to whole dots: only on a page that is whole
    dots wide and high do all of them meet ours. Rounded down, so that none finds a sliver of one more.
    """
    dots = math.floor(millimetres * per_mm + 1e-6)
    return math.floor(dots / per_mm * 720_000 / 25.4) / 10_000


def _bars(item: Bars, content: list[str]) -> None:
    x, rest = item.x, f"{item.height - _BLANK:g} re"
    sides = [f" {item.y} {bar * item.module - _BLANK:g} {rest}" for bar in range(max(item.widths) + 1)]
    for bar, space in zip_longest(item.widths[::2], item.widths[1::2], fillvalue=0):
        content.append(f"{x}{sides[bar]}")
        x += (bar + space) * item.module


def _matrix(item: Matrix) -> str:
    """One picture with a bit for each dot of the printer, so that nothing has to be made larger, in the hexadecimal
    digits that no reader of a content stream takes for an operator."""
    width, height = len(item.rows[0]) * item.module, len(item.rows) * item.module
    padded, digits = -(-len(item.rows[0]) // 8) * 8, -(-width // 8) * 2
    wider = _wider(item.module)
    rows = [f"{int(row.ljust(padded, '0'), 2):0{padded // 4}x}".translate(wider)[:digits] for row in item.rows]
    dots = "".join([row * item.module for row in rows])
    return (
        f"q {width - _BLANK:g} 0 0 {_BLANK - height:g} {item.x} {item.y + height - _BLANK:g} cm\n"
        f"BI/W {width}/H {height}/IM true/D[1 0]/F/AHx ID\n{dots}>\nEI Q"
    )


@cache
def _wider(times: int) -> dict[int, str]:
    """Hexadecimal digit -> the digits of its four bits, each so many times."""
    return {
        ord(f"{value:x}"): f"{int(''.join(bit * times for bit in f'{value:04b}'), 2):0{times}x}" for value in range(16)
    }


@cache
def _raw() -> Any:
    """An object of the file whose text is already written; reportlab gives no types, so it is made at run time."""
    from reportlab.pdfbase import pdfdoc

    def begin(self: Any, content: bytes | Callable[[], bytes]) -> None:
        self.content = content

    def write(self: Any, document: Any) -> bytes:
        del document
        found: bytes = self.content() if callable(self.content) else self.content
        return found

    return type("Raw", (pdfdoc.PDFObject,), {"__RefOnly__": 1, "__init__": begin, "format": write})
