"""Barcodes as rows of modules, by zint. Nothing is drawn here and no text is added."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from shipby.domain.labels.options import MatrixCode

if TYPE_CHECKING:
    from zint import Symbol, Symbology

QUIET_CODE128 = 10
"""Modules to keep free at either end. Source: ISO/IEC 15417, 4.4."""
QUIET = {MatrixCode.QR: 4, MatrixCode.DATA_MATRIX: 2}
"""Modules to keep free on every side. Source: ISO/IEC 18004, 6.3.8; ISO/IEC 16022 asks for one, and of several on a
sheet some were not found with one."""

LONGEST_CODE128 = 60
LONGEST_MATRIX = 300
"""Characters. Longer ones fit no label of ours at a module that prints."""

_QR_LEVEL_M = 2
_RUNS = re.compile("1+|0+")
_BITS = tuple(f"{byte:08b}"[::-1] for byte in range(256))
"""zint packs the modules of a row from the lowest bit of its first byte on."""


class UnencodableError(Exception):
    """The content cannot be put into this kind of code; the text says why."""


def code128(content: str) -> tuple[int, ...]:
    """Widths of bar, space, bar, … in modules, without quiet zones. Raises UnencodableError."""
    if not content.isascii() or not content.isprintable():
        raise UnencodableError("Code 128 holds only ASCII letters, digits and signs")
    if len(content) > LONGEST_CODE128:
        raise UnencodableError(f"{len(content)} characters are too many for Code 128 on a label ({LONGEST_CODE128})")
    rows = _rows(_symbologies()["code128"], content)
    return tuple(map(len, _RUNS.findall(rows[0])))


def matrix(kind: MatrixCode, content: str) -> tuple[str, ...]:
    """Rows of 0 and 1, without the quiet zone; a QR code has error correction level M. Raises UnencodableError."""
    if not content.isascii() or not content.isprintable():
        raise UnencodableError("our codes hold only ASCII letters, digits and signs")
    if len(content) > LONGEST_MATRIX:
        raise UnencodableError(f"{len(content)} characters are too many for a code on a label ({LONGEST_MATRIX})")
    return _rows(_symbologies()[kind], content)


@cache
def _symbologies() -> dict[str, tuple[type[Symbol], Symbology]]:
    from zint import Symbol, Symbology

    return {
        "code128": (Symbol, Symbology.CODE128),
        MatrixCode.QR: (Symbol, Symbology.QRCODE),
        MatrixCode.DATA_MATRIX: (Symbol, Symbology.DATAMATRIX),
    }


def _rows(kind: tuple[type[Symbol], Symbology], content: str) -> tuple[str, ...]:
    make, symbology = kind
    symbol = make()
    symbol.symbology = symbology
    if symbology.name == "QRCODE":
        symbol.option_1 = _QR_LEVEL_M
    elif symbology.name == "DATAMATRIX":
        symbol.option_3 = 100  # DM_SQUARE: squares only, so that the room it takes does not jump
    try:
        symbol.encode(content)
    except (RuntimeError, ValueError) as error:
        raise UnencodableError(str(error)) from None
    width, bits = symbol.width, symbol.encoded_data
    packed = bytes(bits)
    stride, used = len(packed) // len(bits), (width + 7) // 8
    return tuple(
        "".join(map(_BITS.__getitem__, packed[start : start + used]))[:width]
        for start in range(0, symbol.rows * stride, stride)
    )
