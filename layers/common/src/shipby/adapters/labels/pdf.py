"""Drawn pages as PDF.

Units on a page are printer dots from the top left corner. Rectangles are inset by 0.02 dot on each side: a rasteriser
that inks every dot a shape touches then inks exactly the dots that were meant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

from shipby.adapters.labels import pictograms
from shipby.adapters.labels.draft import DOTS_PER_MM
from shipby.adapters.labels.drawing import Bars, Matrix, Page, Rect, TextRun
from shipby.adapters.labels.embedding import Glyphs, embedded, tag, to_unicode
from shipby.adapters.labels.fonts import Face, Fonts
from shipby.adapters.labels.pdf_file import PdfFile
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
        self._file = PdfFile()
        self._typefaces = {False: fonts.regular, True: fonts.bold}
        self._glyphs: dict[Face, Glyphs] = {}
        self._marks: dict[HandlingMark, str] = {}
        self._said: dict[tuple[str, float, bool], tuple[str, str, str]] = {}
        self._root, self._resources = self._file.reserve(), self._file.reserve()
        self._pages: list[int] = []

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
        stream = self._file.put_stream("\n".join(content).encode("latin-1"), quickly=True)
        self._pages.append(
            self._file.put(
                f"<</Type/Page/Parent {self._root} 0 R/MediaBox[{box}]"
                f"/Resources {self._resources} 0 R/Contents {stream} 0 R>>"
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

    def finish(self) -> bytes:
        """The file."""
        fonts = "".join([f"/{glyphs.name} {self._put_font(glyphs)} 0 R" for glyphs in self._glyphs.values()])
        marks = "".join([f"/{name} {self._put_form(mark)} 0 R" for mark, name in self._marks.items()])
        self._file.put(f"<</ProcSet[/PDF/Text]/Font<<{fonts}>>/XObject<<{marks}>>>>", self._resources)
        kids = " ".join([f"{number} 0 R" for number in self._pages])
        self._file.put(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>", self._root)
        return self._file.finish("Shipby", self._root)

    def _put_form(self, mark: HandlingMark) -> int:
        content = []
        for first, *others in pictograms.outlines(mark):
            content.append(f"{first[0]:g} {first[1]:g} m")
            content.extend(f"{x:g} {y:g} l" for x, y in others)
            content.append("h")
        content.append("f*")
        side = f"{pictograms.SIDE:g}"
        return self._file.put_stream(
            "\n".join(content).encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 {side} {side}]/Resources<<>>"
        )

    def _put_font(self, glyphs: Glyphs) -> int:
        """An embedded subset, addressed by glyph, with the map back to characters for search and copying."""
        program, face = embedded(glyphs)
        name = f"{tag(glyphs)}+{face.name.decode()}"
        file = self._file.put_stream(program, f"/Length1 {len(program)}")
        descriptor = self._file.put(
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{' '.join(f'{side:g}' for side in face.bbox)}]"
            f"/ItalicAngle 0/Ascent {face.ascent:g}/Descent {face.descent:g}/CapHeight {face.capHeight:g}"
            f"/StemV {face.stemV}/FontFile2 {file} 0 R>>"
        )
        widths = " ".join(str(glyphs.face.metrics[glyphs.face.glyphs[code]][0]) for code in glyphs.used)
        descendant = self._file.put(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity"
            "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {descriptor} 0 R/W[1[{widths}]]>>\n".encode()
        )
        characters = self._file.put_stream(to_unicode(glyphs.used))
        return self._file.put(
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {characters} 0 R>>"
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
    bars, spaces, rest = item.widths[::2], item.widths[1::2], f"{item.height - _BLANK:g} re"
    sides = [f" {item.y} {bar * item.module - _BLANK:g} {rest}" for bar in range(max(bars) + 1)]
    lefts = accumulate([(bar + space) * item.module for bar, space in zip(bars, spaces, strict=False)], initial=item.x)
    content += [f"{left}{sides[bar]}" for left, bar in zip(lefts, bars, strict=True)]


def _matrix(item: Matrix) -> str:
    """One picture with a bit for each dot of the printer, so that nothing has to be made larger, in the hexadecimal
    digits that no reader of a content stream takes for an operator."""
    width, height = len(item.rows[0]) * item.module, len(item.rows) * item.module
    padded = -(-len(item.rows[0]) // 8) * 8
    bits = "".join([row.ljust(padded, "0") for row in item.rows])
    wide = f"{int(bits, 2):0{len(bits) // 4}x}".translate(_wider(item.module))
    digits, given = -(-width // 8) * 2, padded // 4 * item.module
    dots = "".join([wide[start : start + digits] * item.module for start in range(0, len(wide), given)])
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
