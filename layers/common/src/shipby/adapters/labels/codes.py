"""Barcodes as rows of modules, by zint. Nothing is drawn here and no text is added."""

from __future__ import annotations

from functools import cache
from itertools import chain
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
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the other order."""


class UnencodableError(Exception):
    """The content cannot be put into this kind of code; the text says why."""


def code128(content: str) -> tuple[int, ...]:
    """Widths of bar, space, bar, … in modules, without quiet zones. Raises UnencodableError."""
    if not content.isascii() or not content.isprintable():
        raise UnencodableError("Code 128 holds only ASCII letters, digits and signs")
    if len(content) > LONGEST_CODE128:
        raise UnencodableError(f"{len(content)} characters are too many for Code 128 on a label ({LONGEST_CODE128})")
    (modules,) = _rows(_symbologies()["code128"], content)
    # Characters are 11 modules wide and begin with a bar; the last one, to stop at, has 13.
    ends = [*range(11, len(modules) - 12, 11), len(modules)]
    return tuple(chain.from_iterable([_runs(modules[start:end]) for start, end in zip([0, *ends], ends, strict=False)]))


def matrix(kind: MatrixCode, content: str) -> tuple[str, ...]:
    """Rows of 0 and 1, without the quiet zone; a QR code has error correction level M. Raises UnencodableError."""
    if not content.isascii() or not content.isprintable():
        raise UnencodableError("our codes hold only ASCII letters, digits and signs")
    if len(content) > LONGEST_MATRIX:
        raise UnencodableError(f"{len(content)} characters are too many for a code on a label ({LONGEST_MATRIX})")
    return _rows(_symbologies()[kind], content)


@cache
def _runs(modules: str) -> tuple[int, ...]:
    """Lengths of equal modules: of one of the 107 characters of Code 128."""
    return tuple(map(len, modules.replace("01", "0 1").replace("10", "1 0").split(" ")))


@cache
def _symbologies() -> dict[str, tuple[type[Symbol], Symbology, dict[str, int]]]:
    """What makes a symbol, of which kind, and its options."""
    from zint import Symbol, Symbology

    return {
        "code128": (Symbol, Symbology.CODE128, {}),
        MatrixCode.QR: (Symbol, Symbology.QRCODE, {"option_1": _QR_LEVEL_M}),
        # DM_SQUARE: squares only, so that the room it takes does not jump
        MatrixCode.DATA_MATRIX: (Symbol, Symbology.DATAMATRIX, {"option_3": 100}),
    }


def _rows(kind: tuple[type[Symbol], Symbology, dict[str, int]], content: str) -> tuple[str, ...]:
    make, symbology, options = kind
    symbol = make()
    symbol.symbology = symbology
    for name, value in options.items():
        setattr(symbol, name, value)
    try:
        symbol.encode(content)
    except (RuntimeError, ValueError) as error:
        raise UnencodableError(str(error)) from None
    # The first module of a row is the lowest bit of its first byte; there is room for the largest symbol of any kind.
    width, room = symbol.width, symbol.encoded_data
    data, used = bytes(room), (width + 7) // 8
    stride = len(data) // len(room)
    packed = b"".join([data[start : start + used] for start in range(0, symbol.rows * stride, stride)])
    bits = f"{int.from_bytes(packed.translate(_TURNED), 'big'):0{8 * len(packed)}b}"
    return tuple([bits[start : start + width] for start in range(0, len(bits), 8 * used)])
