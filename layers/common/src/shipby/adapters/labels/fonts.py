"""The label fonts: which font has a character, and how wide it is.

Reads the TrueType tables itself, in bulk: the general readers take longer over one hanzi font than a whole batch of
labels takes to draw.
"""

from __future__ import annotations

import struct
import sys
from array import array
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipby.adapters.labels.frame import Frame
    from shipby.adapters.labels.text import Measured

EM = 1000
"""All four fonts have 1,000 units per em."""

ASCENT = 0.95
"""Room kept above a baseline, in ems."""
DESCENT = 0.27
"""Room kept below a baseline, in ems."""
CAPITAL = 0.714
"""Height of a capital in ems. Source: OS/2.sCapHeight of Noto Sans."""

SANS, SANS_BOLD, HANZI, HANZI_RARE = "sans-regular.ttf", "sans-bold.ttf", "hanzi.ttf", "hanzi-rare.ttf"


class MissingGlyphError(Exception):
    """No font has the character."""

    def __init__(self, character: str) -> None:
        super().__init__(f"no font has U+{ord(character):04X}")
        self.character = character


class Face:
    """One font file, read when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def data(self) -> bytes:
        """The file."""
        return self.path.read_bytes()

    @cached_property
    def tables(self) -> dict[str, tuple[int, int]]:
        """Tag -> offset and length."""
        (count,) = struct.unpack_from(">H", self.data, 4)
        found = {}
        for index in range(count):
            tag, _, offset, length = struct.unpack_from(">4sLLL", self.data, 12 + 16 * index)
            found[tag.decode("ascii")] = (offset, length)
        return found

    @cached_property
    def glyphs(self) -> dict[int, int]:
        """Character code -> glyph, of the cmap subtable in format 4 (tools/fonts.py keeps to the basic plane)."""
        start, _ = self.tables["cmap"]
        (count,) = struct.unpack_from(">H", self.data, start + 2)
        for index in range(count):
            (offset,) = struct.unpack_from(">L", self.data, start + 4 + 8 * index + 4)
            if struct.unpack_from(">H", self.data, start + offset) == (4,):
                return self._format_4(start + offset)
        raise ValueError(f"{self.path.name}: no cmap subtable in format 4")

    def _format_4(self, start: int) -> dict[int, int]:
        _, length, _, doubled = struct.unpack_from(">4H", self.data, start)
        segments = doubled // 2
        words = self._shorts(start, length // 2)
        ends = words[7 : 7 + segments]
        starts = words[8 + segments : 8 + 2 * segments]
        deltas = words[8 + 2 * segments : 8 + 3 * segments]
        ranges_at = 8 + 3 * segments
        found: dict[int, int] = {}
        for index in range(segments):
            first, last, delta = starts[index], ends[index], deltas[index]
            indirect = words[ranges_at + index]
            if first == 0xFFFF:
                continue
            codes = range(first, last + 1)
            if indirect:
                at = ranges_at + index + indirect // 2
                glyphs = words[at : at + len(codes)]
                found.update(
                    (code, (glyph + delta) & 0xFFFF) for code, glyph in zip(codes, glyphs, strict=True) if glyph
                )
            else:
                found.update((code, (code + delta) & 0xFFFF) for code in codes)
        return found

    @cached_property
    def metrics(self) -> list[tuple[int, int]]:
        """Advance width and left side bearing of every glyph."""
        (long_count,) = struct.unpack_from(">H", self.data, self.tables["hhea"][0] + 34)
        start, length = self.tables["hmtx"]
        words = self._shorts(start, length // 2)
        pairs = list(zip(words[0 : 2 * long_count : 2], words[1 : 2 * long_count : 2], strict=True))
        last = pairs[-1][0]
        pairs.extend((last, bearing) for bearing in words[2 * long_count :])
        return pairs

    @cached_property
    def locations(self) -> list[int]:
        """Offset of every glyph in the glyf table, and its end."""
        (long_format,) = struct.unpack_from(">h", self.data, self.tables["head"][0] + 50)
        start, length = self.tables["loca"]
        if not long_format:
            return [word * 2 for word in self._shorts(start, length // 2)]
        found = array("I", self.data[start : start + length])
        if sys.byteorder == "little":
            found.byteswap()
        return found.tolist()

    def _shorts(self, start: int, count: int) -> array[int]:
        found = array("H", self.data[start : start + 2 * count])
        if sys.byteorder == "little":
            found.byteswap()
        return found


class Typeface(dict[str, int]):
    """Character -> width in thousandths of an em, in one weight; faces are tried in order."""

    def __init__(self, faces: tuple[Face, ...]) -> None:
        super().__init__()
        self.faces = faces
        self.face_of: dict[str, Face] = {}
        self._of_first: set[str] = set()

    def __missing__(self, character: str) -> int:
        code = ord(character)
        for face in self.faces:
            glyph = face.glyphs.get(code)
            if glyph:
                self.face_of[character] = face
                if face is self.faces[0]:
                    self._of_first.add(character)
                width = self[character] = face.metrics[glyph][0]
                return width
        raise MissingGlyphError(character)

    def measure(self, text: str) -> int:
        """Width in thousandths of an em. Raises MissingGlyphError."""
        return sum(map(self.__getitem__, text))

    def runs(self, text: str) -> list[tuple[Face, str]]:
        """The text by face, in order. Raises MissingGlyphError."""
        if text and self._of_first.issuperset(text):
            return [(self.faces[0], text)]
        self.measure(text)  # looks up what was not seen before
        found, at = [], 0
        for face, group in groupby(map(self.face_of.__getitem__, text)):
            end = at + sum(1 for _ in group)
            found.append((face, text[at:end]))
            at = end
        return found


class Fonts:
    """The fonts in `folder`, regular and bold; hanzi are always regular. The rare ones are read only when needed."""

    def __init__(self, folder: Path) -> None:
        hanzi, rare = Face(folder / HANZI), Face(folder / HANZI_RARE)
        self.regular = Typeface((Face(folder / SANS), hanzi, rare))
        self.bold = Typeface((Face(folder / SANS_BOLD), hanzi, rare))
        self.kept: dict[tuple[bool, str], Measured] = {}
        """Measured texts that come again and again; `shipby.adapters.labels.draft` fills it."""
        self.goods: dict[tuple[int, str, str], tuple[Measured, Measured]] = {}
        """Quantity, article and name as they were last given; `shipby.adapters.labels.goods` fills it."""
        self.frames: dict[tuple[object, ...], Frame] = {}
        """What labels have in common; `shipby.adapters.labels.frame` fills it."""
        self.drawable: set[str] = set()
        """Characters known to be in both weights; `shipby.adapters.labels.text.clean` fills it."""

    def typeface(self, *, bold: bool) -> Typeface:
        """The weight."""
        return self.bold if bold else self.regular

    def measure(self, text: str, size: float, *, bold: bool = False) -> float:
        """Width of `text` at an em of `size`, in the unit of `size`. Raises MissingGlyphError."""
        return self.typeface(bold=bold).measure(text) * size / EM

    def has(self, character: str) -> bool:
        """Whether it can be drawn in both weights."""
        try:
            return self.regular[character] >= 0 and self.bold[character] >= 0
        except MissingGlyphError:
            return False
