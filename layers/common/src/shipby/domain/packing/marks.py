"""Reading the mark of one piece ("Честный ЗНАК"): from what a scanner typed to exactly one code, or a refusal.

A mark is a GS1 DataMatrix: 01 and a GTIN, 21 and a serial, and a proof of its origin: 91 and 92, or 93. The serial is
case-sensitive, and whose it is hangs on every character: what a scanner or keyboard has lost is put back only where
one reading alone is left, and no letter is ever turned from small to capital or back. `labels.copies.readings`, made
for the seller's own codes, does that and drops separators; no mark may pass through it.

Sources: GS1 General Specifications 7.8 (FNC1 as separator), 7.9 (check digit), 7.11 (the 82 characters); the lengths of
serials and proofs by group of goods as the operator's descriptions of codes give them (markirovka.ru); a proof of 44
characters is 32 bytes in base64 and one of 88 is 64 bytes: seen in every published code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from shipby.domain.labels.copies import RUSSIAN, undo_russian_layout

GS = "\x1d"
"""What scanners send for FNC1 between two elements."""
_GS_TWINS = ("\\u001d", "\\x1d", "\u241d", "\xe8")
"""Other ways in which scanners and files write GS: escaped, as its picture, as the codeword 232; in no mark."""
_NOISE = f"{GS} \t\r\n"
_SYMBOLOGY = re.compile(r"\](?:C1|e0|d2|Q3|J1)")
_ANY_SYMBOLOGY = re.compile(r"\][A-Za-z]\d")
_SYMBOLOGY_IN_CAPS = re.compile(r"[\]}](?:c1|D2|q3|j1)")
"""The scanner's own prefix with its letter turned round: Caps Lock was on, and it turned round the serial as well."""
_LETTER = re.compile(r"[A-Za-z]")
_NO_KEY_IN_RUSSIAN = re.compile(r"[\[\]{}<>'&@#$^`~|]")
"""What no key types under the Russian layout."""
_X = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
_LONGEST_SERIAL = 20
SERIAL_LENGTHS = (6, 7, 13, 20)
"""Milk; beer; clothes, shoes, water, supplements and most others; cameras, tyres. Used only where the GS behind the
serial was lost: with it any length up to 20 is taken."""
_HEAD = re.compile(rf"01(\d{{14}}){GS}?21", re.ASCII)
_MARK_INSIDE = re.compile(r"01\d{14}\D?21", re.ASCII)
_PROOFS = (
    re.compile(rf"91({_X}{{4}}){GS}?92([A-Za-z0-9+/]{{43}}=|[A-Za-z0-9+/]{{86}}==)"),
    re.compile(rf"93({_X}{{4}})(?:{GS}?(310\d{{7}}))?"),
)
_BEGUN = re.compile(rf"0|01\d{{0,14}}{GS}?2?|01\d{{14}}{GS}?21(?:{_X}|{GS})*", re.ASCII)
"""What is left of a mark that was cut off."""
_LONGEST = 2 + 14 + 2 + _LONGEST_SERIAL + 1 + 6 + 1 + 2 + 88
_BARCODE_LENGTHS = frozenset({8, 12, 13, 14})


class MarkProblem(StrEnum):
    """Why a scan is not taken for a mark. The values are answered by the API and kept in histories."""

    BARCODE = "barcode"
    """The barcode of the goods instead of the mark of the piece."""
    NOT_A_MARK = "not_a_mark"
    CUT_OFF = "cut_off"
    MISREAD = "misread"
    """The check digit of its GTIN is wrong."""
    CAPS_LOCK = "caps_lock"
    AMBIGUOUS = "ambiguous"
    """It can be read in more than one way."""
    WRONG_GOODS = "wrong_goods"
    """A mark of other goods."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The mark of one piece of goods."""

    gtin: str
    """14 digits."""
    serial: str
    proof: str
    """What follows the serial, with GS between its elements."""

    @property
    def code(self) -> str:
        """The whole code in its one form, with GS where it belongs: what the marketplace is told."""
        return f"{self.identity}{GS}{self.proof}"

    @property
    def identity(self) -> str:
        """GTIN and serial: what makes this piece this piece, whatever its proof."""
        return f"01{self.gtin}21{self.serial}"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a scan is no mark, and what to do."""

    why: MarkProblem
    told: str


def has_check_digit(digits: str) -> bool:
    """Whether the last digit of a GTIN of 8 to 14 digits fits the others: modulo 10, weights 3 and 1 from the right."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighed % 10 == 0


def is_barcode(text: str) -> bool:
    """Whether a scan is a plain EAN or UPC: it names the kind of goods, never the piece."""
    return len(text) in _BARCODE_LENGTHS and text.isascii() and text.isdigit() and has_check_digit(text)


def looks_like_mark(typed: str) -> bool:
    """Whether somebody tried to scan a mark, though it may be damaged; barcodes, SKUs and offer ids are none."""
    return any(_HEAD.match(text) for text in _texts(typed))


def read_mark(typed: str) -> Mark | Unread:
    """The one mark that a scanner can have meant, or why there is none; at most one of both is ever right."""
    plain = _normal(typed)
    if is_barcode(_ANY_SYMBOLOGY.sub("", plain, count=1)):
        told = "this is the barcode of the goods: scan the mark, not the barcode (the square code of the piece itself)"
        return Unread(MarkProblem.BARCODE, told)
    texts = tuple(_texts(typed))
    if any(_SYMBOLOGY_IN_CAPS.match(text) for text in (plain, undo_russian_layout(plain))):
        told = "Caps Lock is on, and a mark's small and capital letters differ: turn it off and scan again"
        return Unread(MarkProblem.CAPS_LOCK, told)
    if not texts and _MARK_INSIDE.search(plain):
        told = "the keyboard layout changed within the scan: choose English and scan again"
        return Unread(MarkProblem.AMBIGUOUS, told)
    found = {mark for text in texts for mark in _marks(text)}
    if len(found) == 1:
        [mark] = found
        if not has_check_digit(mark.gtin):
            told = f"the check digit of GTIN {mark.gtin} is wrong: a character was misread, scan again"
            return Unread(MarkProblem.MISREAD, told)
        return mark
    if found:
        return Unread(MarkProblem.AMBIGUOUS, "this can be read as more than one mark: choose English and scan again")
    if any(_BEGUN.fullmatch(text) and len(text) < _LONGEST for text in texts):
        return Unread(MarkProblem.CUT_OFF, "the mark is not whole: scan again, its last characters are missing")
    return Unread(MarkProblem.NOT_A_MARK, "this is no mark: scan the square code of the piece itself")


def check_goods(mark: Mark, barcodes: Iterable[str]) -> Unread | None:
    """Why a mark is not of the goods that have these barcodes; None where it is, and where no barcode is a GTIN."""
    gtins = {code.zfill(14) for code in barcodes if is_barcode(code)}
    if not gtins or mark.gtin in gtins:
        return None
    return Unread(
        MarkProblem.WRONG_GOODS,
        f"the mark is of other goods (GTIN {mark.gtin}): take the piece out; if it is the right one, add this GTIN to "
        "the barcodes of its product card",
    )


def _normal(typed: str) -> str:
    """Without noise around it and with every GS as GS; inside nothing is dropped."""
    for twin in _GS_TWINS:
        typed = typed.replace(twin, GS)
    return typed.strip(_NOISE)


def _texts(typed: str) -> Iterator[str]:
    """What the keyboard layout may have made of the scan: none where two layouts are mixed."""
    plain = _normal(typed)
    russian, latin = bool(RUSSIAN.search(plain)), bool(_LETTER.search(plain))
    ways = []
    if not russian:
        ways.append(plain)
    if not latin and not _NO_KEY_IN_RUSSIAN.search(plain):
        ways.append(undo_russian_layout(plain))
    for text in dict.fromkeys(ways):
        yield _SYMBOLOGY.sub("", text, count=1).lstrip(GS) if _SYMBOLOGY.match(text) else text


def _marks(text: str) -> Iterator[Mark]:
    """Every whole mark whose characters these are, in their order, with each GS that is there between two elements."""
    head = _HEAD.match(text)
    if head is None:
        return
    rest = text[head.end() :]
    told = rest.find(GS)
    lengths = set(SERIAL_LENGTHS)
    if 0 < told <= _LONGEST_SERIAL:
        lengths.add(told)
    for length in lengths:
        serial, behind = rest[:length], rest[length:].removeprefix(GS)
        if not re.fullmatch(rf"{_X}{{{length}}}", serial):
            continue
        for index, form in enumerate(_PROOFS):
            if found := form.fullmatch(behind):
                names = ("91", "92") if index == 0 else ("93", "")
                parts = [f"{name}{value}" for name, value in zip(names, found.groups(), strict=True) if value]
                yield Mark(head[1], serial, GS.join(parts))
