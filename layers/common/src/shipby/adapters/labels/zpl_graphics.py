"""One-bit pictures as ZPL II graphic fields, in the run-length text that every ZPL II printer understands.

Source: ZPL II Programming Guide, ^GF and "Alternative Data Compression Scheme". Z64 would be smaller, but printers that
only speak ZPL as a second language often lack it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUN = re.compile(r"(.)\1{2,}")
_LARGEST_RUN = 419


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Dots from the top left, each row padded to whole bytes; 1 is ink."""

    width: int
    height: int
    bits: bytes

    @property
    def stride(self) -> int:
        """Bytes in a row."""
        return (self.width + 7) // 8


def graphic_field(bitmap: Bitmap) -> str:
    """`^GF` with the bitmap, to be placed by a `^FO` before it."""
    return f"^GFA,{len(bitmap.bits)},{len(bitmap.bits)},{bitmap.stride},{packed(bitmap)}"


def packed(bitmap: Bitmap) -> str:
    """The rows as hexadecimal digits with runs counted: G-Y are 1 to 19 times, g-z 20 to 400 times the next digit; a
    comma fills the row with white, a colon repeats the row before. The exclamation mark, which fills with ones, is left
    out: at least one other program takes it for the digit 1."""
    stride = bitmap.stride
    digits = bitmap.bits.hex().upper()
    known: dict[str, str] = {}
    said: list[str] = []
    before = ""
    for start in range(0, len(digits), 2 * stride):
        row = digits[start : start + 2 * stride]
        if row == before:
            said.append(":")
            continue
        before = row
        short = known.get(row)
        if short is None:
            known[row] = short = _packed_row(row)
        said.append(short)
    return "".join(said)


def _packed_row(row: str) -> str:
    kept = row.rstrip("0")
    white = len(row) - len(kept) > 1
    return _RUN.sub(lambda run: _counted(run[1], len(run[0])), kept if white else row) + ("," if white else "")


def _counted(digit: str, times: int) -> str:
    said = ""
    while times > _LARGEST_RUN:
        said, times = said + "z" + digit, times - 400
    twenties, ones = divmod(times, 20)
    if twenties:
        said += chr(ord("g") + twenties - 1)
    if ones:
        said += chr(ord("G") + ones - 1)
    return said + digit
