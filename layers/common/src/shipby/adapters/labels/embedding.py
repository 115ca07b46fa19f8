"""Fonts cut down to the glyphs a file uses, by reportlab's own cutter."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from shipby.adapters.labels.fonts import Face

_ESCAPED = {0x0A: "\\n", 0x0D: "\\r", 0x28: "\\(", 0x29: "\\)", 0x5C: "\\\\"}
_AT_A_TIME = 100
"""Entries in one block of a character map. Source: Adobe Technical Note 5014, limit of bfchar."""


class Glyphs(dict[str, str]):
    """Character -> its two-byte code in one embedded font, given out in order of first use."""

    def __init__(self, face: Face, name: str) -> None:
        super().__init__()
        self.face = face
        self.name = name
        """The font's name in the file."""
        self.used: list[int] = []
        """Character code of each glyph in the file, from glyph 1 on."""
        self._codes: dict[int, int] = {}

    def __missing__(self, character: str) -> str:
        glyph = self.face.glyphs[ord(character)]
        code = self._codes.get(glyph)
        if code is None:
            self.used.append(ord(character))
            code = self._codes[glyph] = len(self.used)
        found = self[character] = "".join(_ESCAPED.get(byte, chr(byte)) for byte in code.to_bytes(2, "big"))
        return found


def embedded(glyphs: Glyphs) -> tuple[bytes, Any]:
    """The font program with the used glyphs in their order, and reportlab's description of the font."""
    font = _description(glyphs.face)
    return font.makeSubset(glyphs.used), font


@cache
def _description(face: Face) -> Any:
    from reportlab.pdfbase.ttfonts import TTFontFile

    # Without its own reading of characters and widths, which takes longer than everything else together.
    font = TTFontFile(str(face.path), charInfo=0)
    font.charToGlyph, font.hmetrics, font.glyphPos = face.glyphs, face.metrics, face.locations
    return font


def tag(glyphs: Glyphs) -> str:
    """Six letters that tell this subset from others. Source: ISO 32000-1, 9.6.4."""
    digest = hashlib.sha256(repr(glyphs.used).encode()).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])


def to_unicode(used: list[int]) -> bytes:
    """The map from glyphs back to characters. Source: ISO 32000-1, 9.10.3."""
    blocks = []
    for start in range(0, len(used), _AT_A_TIME):
        part = used[start : start + _AT_A_TIME]
        entries = "\n".join(f"<{start + index + 1:04X}><{code:04X}>" for index, code in enumerate(part))
        blocks.append(f"{len(part)} beginbfchar\n{entries}\nendbfchar\n")
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        "/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        "1 begincodespacerange<0000><FFFF>endcodespacerange\n"
        f"{''.join(blocks)}endcmap CMapName currentdict/CMap defineresource pop end end\n"
    ).encode()
