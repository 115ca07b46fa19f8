"""Type for the simulator's papers: what the label function carries where it covers the text, else a reader's own font.

The marketplace's papers are its own business: nothing here is product code, and a letter no font has is shown as `?`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_PLAIN: Final = "Helvetica"
_CHINESE: Final = "STSong-Light"
"""Not embedded: readers substitute it. Knows Chinese and the Russian letters."""


def draw_text(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    """Draws one line with its left end at x, each letter in a font that has it."""
    for font, run in _runs(text):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += canvas.stringWidth(run, font, size)


def width_of(canvas: Canvas, text: str, size: float) -> float:
    """How wide `draw_text` draws a line."""
    return sum(float(canvas.stringWidth(run, font, size)) for font, run in _runs(text))


def wrapped(canvas: Canvas, text: str, size: float, width: float) -> list[str]:
    """Lines no wider than `width`, broken between words where there are words."""
    lines, line = [], ""
    for word in text.split():
        for part in _parts(canvas, word, size, width):
            longer = f"{line} {part}".strip()
            if line and width_of(canvas, longer, size) > width:
                lines.append(line)
                longer = part
            line = longer
    return [*lines, line] if line else lines


def _parts(canvas: Canvas, word: str, size: float, width: float) -> Iterator[str]:
    while width_of(canvas, word, size) > width and len(word) > 1:
        cut = next((n for n in range(len(word) - 1, 1, -1) if width_of(canvas, word[:n], size) <= width), 1)
        yield word[:cut]
        word = word[cut:]
    yield word


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for font, letters in groupby(text, _font_of):
        run = "".join(letters)
        yield (font, run) if font else (_PLAIN, "?" * len(run))


@cache
def _font_of(letter: str) -> str:
    """The first font with this letter; "" if none has it."""
    if letter.isascii():
        return _PLAIN
    carried = next((name for name, letters in _carried() if ord(letter) in letters), "")
    if carried:
        return carried
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    try:
        letter.encode("gb2312")
    except UnicodeEncodeError:
        return ""
    return _CHINESE


@cache
def _carried() -> tuple[tuple[str, frozenset[int]], ...]:
    """Name and letters of every TrueType font that the label function carries."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    found = []
    folder = Path(str(files("functions.label_generation"))) / "fonts"
    for path in sorted(folder.rglob("*.ttf"), key=lambda path: ("bold" in path.stem.lower(), path.stat().st_size)):
        name = f"simulator-{path.stem}"
        try:
            font = TTFont(name, str(path))
        except TTFError:
            continue  # a kind of TrueType that reportlab does not read: the next font has its turn
        pdfmetrics.registerFont(font)
        found.append((name, frozenset(font.face.charToGlyph)))
    return tuple(found)
