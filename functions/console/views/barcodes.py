"""Code 128 as widths of bars and gaps, for the command sheet. Source: ISO/IEC 15417, code set B."""

from __future__ import annotations

from typing import Final

_START_B, _STOP = 104, 106
_TABLE: Final = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232 2331112
"""
_PATTERNS: Final = tuple(_TABLE.split())


def code128(text: str) -> list[dict[str, int]]:
    """Bars of a text of printable ASCII: where each begins and how wide it is, in modules; the last entry's end is the
    width of all."""
    values = [ord(letter) - 32 for letter in text]
    if not all(0 <= value <= 94 for value in values):
        raise ValueError(f"{text!r} is no printable ASCII")
    check = (_START_B + sum(place * value for place, value in enumerate(values, start=1))) % 103
    bars, at = [], 0
    for pattern in (_PATTERNS[value] for value in (_START_B, *values, check, _STOP)):
        for index, width in enumerate(map(int, pattern)):
            if index % 2 == 0:
                bars.append({"x": at, "width": width})
            at += width
    return bars
