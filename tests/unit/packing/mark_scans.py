"""Seeded scans of marks: the mark of a piece, and what scanners, keyboards and people make of it."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from enum import StrEnum

from shipby.domain.packing.marks import GS, Mark

SERIAL_LETTERS = string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_"
BASE64 = string.ascii_letters + string.digits + "+/"
GROUPS = ((13, "92"), (13, "92 long"), (13, "93"), (20, "92"), (7, "93"), (6, "93"), (6, "weight"))
"""Length of the serial and kind of proof."""
_TO_RUSSIAN = str.maketrans(
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?@#$^&",
    'йцукенгшщзхъфывапролджэячсмитьбю.ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"№;:?',
)
"""Keys of the US layout as they type under the Russian one; copied from no table of the product."""


class Mishap(StrEnum):
    """What happened to a scan."""

    NONE = "as it is"
    PREFIX = "symbology prefix"
    GS_LOST = "GS lost"
    ONE_GS_LOST = "one GS lost"
    RUSSIAN = "Russian layout"
    RUSSIAN_GS_LOST = "Russian layout, GS lost"
    ESCAPED = "GS escaped"
    CAPS = "Caps Lock, prefix"
    CAPS_BARE = "Caps Lock"
    EAN = "EAN in place of the mark"
    FOREIGN = "foreign GTIN"
    USED = "used before"
    CASE = "wrong case"
    CUT = "cut off"


RECOVERABLE = tuple(Mishap)[:7]


def gtin(rng: random.Random) -> str:
    body = "0" + "".join(rng.choices(string.digits, k=12))
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"


def make_mark(rng: random.Random, item: str) -> Mark:
    length, kind = rng.choice(GROUPS)
    serial = "".join(rng.choices(SERIAL_LETTERS, k=length))
    key = "".join(rng.choices(string.ascii_letters + string.digits, k=4))
    if kind.startswith("92"):
        size, pad = (86, "==") if kind == "92 long" else (43, "=")
        proof = f"91{key}{GS}92{''.join(rng.choices(BASE64, k=size))}{pad}"
    else:
        proof = f"93{key}" + (f"{GS}3103{rng.randrange(10**6):06d}" if kind == "weight" else "")
    return Mark(item, serial, proof)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was typed, and the piece whose mark it was meant to be."""

    mishap: Mishap
    typed: str
    mark: Mark


def spoil(rng: random.Random, mishap: Mishap, mark: Mark) -> str:
    """What is typed for a mark; EAN, FOREIGN and USED are made by their caller."""
    code = mark.code
    places = [place for place, letter in enumerate(code) if letter == GS]
    match mishap:
        case Mishap.PREFIX:
            return rng.choice(["]d2", f"{GS}", f"]d2{GS}", "\xe8"]) + code + rng.choice(["", "\r\n", GS])
        case Mishap.GS_LOST:
            return code.replace(GS, "")
        case Mishap.ONE_GS_LOST:
            lost = rng.choice(places)
            return code[:lost] + code[lost + 1 :]
        case Mishap.RUSSIAN:
            return ("]d2" + code).translate(_TO_RUSSIAN) if rng.random() < 0.5 else code.translate(_TO_RUSSIAN)
        case Mishap.RUSSIAN_GS_LOST:
            return code.replace(GS, "").translate(_TO_RUSSIAN)
        case Mishap.ESCAPED:
            return code.replace(GS, rng.choice(["\\u001d", "\\x1d", "\u241d", "\xe8"]))
        case Mishap.CAPS:
            return ("]d2" + code).swapcase()
        case Mishap.CAPS_BARE:
            return code.swapcase()
        case Mishap.CASE:
            return rng.choice([code.upper(), code.lower()])
        case Mishap.CUT:
            whole = code if rng.random() < 0.5 else code.replace(GS, "")
            return whole[: rng.randrange(1, len(whole))]
        case _:
            return code
