"""The code on our own labels, which tells one copy from another, and what a scanned label says about its parcel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipby.domain.errors import InvalidInputError
from shipby.domain.labels.documents import Document, DocumentKind
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Posting, Stage

_LETTERS = {DocumentKind.OWN_LABEL: "OL", DocumentKind.STICKER: "ST"}
_KINDS = {letters: kind for kind, letters in _LETTERS.items()}
_NUMBER = re.compile(r"[!-9;-~]{1,100}")
"""Printable ASCII without blanks and colons."""
_CODE = re.compile(r"SB:(OL|ST):([!-9;-~]{1,100}):([1-9][0-9]{0,5}):([0-9]{2})")
_SLIP = re.compile(r"SB:PS:([!-9;-~]{1,100})")
_PICK_LIST = re.compile(r"SB:PL:([!-9;-~]{1,100})")
_PRIME = 97
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
"""What a scanner may put before a code to say how it was printed (ISO/IEC 15424)."""
_US = r"""`qwertyuiop[]asdfghjkl;'zxcvbnm,./~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?@#$^&|"""
_RU = r"""ёйцукенгшщзхъфывапролджэячсмитьбю.ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"№;:?/"""
_FROM_RU = str.maketrans(dict(zip(_RU, _US, strict=True)))
"""What a key says under a Russian keyboard layout -> what it says under the US one, which scanners type in."""
RUSSIAN = re.compile(r"[А-Яа-яЁё№]")
"""What only a Russian keyboard layout types."""


def undo_russian_layout(text: str) -> str:
    """What the same keys say under the US layout."""
    return text.translate(_FROM_RU)


def _check(text: str) -> str:
    """Two digits; any one wrong character and any two swapped neighbours are noticed, as 97 is a prime."""
    total = sum((place % (_PRIME - 1) + 1) * (ord(letter) - 31) for place, letter in enumerate(text))
    return f"{total % _PRIME:02d}"


def copy_code(posting_number: str, kind: DocumentKind, copy: int) -> str:
    """SB:OL:24219509-0020-2:1:68: what the two-dimensional code of one copy of our own label says.

    Only characters of QR's short alphabet where the posting number has no others. Raises InvalidInputError for a
    number that no code can hold, and for papers that are not ours.
    """
    letters = _LETTERS.get(kind)
    if letters is None or not 1 <= copy < 1_000_000 or not _NUMBER.fullmatch(posting_number):
        raise InvalidInputError(f"there is no code for copy {copy} of a {kind} of posting {posting_number[:100]!r}")
    text = f"SB:{letters}:{posting_number}:{copy}:"
    return text + _check(text)


def read_copy_code(text: str) -> tuple[str, DocumentKind, int] | None:
    """Posting number, kind and copy; None if it is no such code, or one misread."""
    found = _CODE.fullmatch(text)
    if found is None or _check(text[:-2]) != found[4]:
        return None
    return found[2], _KINDS[found[1]], int(found[3])


def looks_like_copy_code(text: str) -> bool:
    """Whether it is one of ours, though perhaps misread."""
    return _CODE.fullmatch(text) is not None


def read_slip_code(text: str) -> str | None:
    """The posting number on a packing slip."""
    found = _SLIP.fullmatch(text)
    return found[1] if found else None


def pick_list_code(job: str) -> str:
    """What the code on the pick list of a print job says."""
    return f"SB:PL:{job}"


def read_pick_list_code(text: str) -> str | None:
    """The print job of a pick list."""
    found = _PICK_LIST.fullmatch(text)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what a scanner typed; `slip`: it typed under a Russian keyboard layout."""

    text: str
    slip: bool = False


def readings(typed: str) -> tuple[Reading, ...]:
    """What a scanner may have meant, likeliest first: without noise around it, then with the keyboard layout undone."""
    plain = "".join(letter for letter in typed if letter.isprintable() or letter.isspace()).strip()
    found = [Reading(plain)]
    if RUSSIAN.search(plain):
        found.append(Reading(undo_russian_layout(plain), slip=True))
    for one in tuple(found):
        bare = _SYMBOLOGY.sub("", one.text, count=1) if _SYMBOLOGY.match(one.text) else one.text
        tight = "".join(bare.split())
        # A scanner under Caps Lock turns small and capital letters round.
        found += [Reading(text, one.slip) for text in (bare, tight, tight.upper(), tight.swapcase())]
    return tuple(one for one in dict.fromkeys(found) if one.text)


class NextStep(StrEnum):
    """What the packer does with the parcel whose label was scanned."""

    HAND_OVER = "hand_over"
    """It is packed and its label is current: put it with what the courier takes."""
    PACK = "pack"
    """The label is current; scan the goods in and pack first."""
    STOP = "stop"
    """Do not send it: it was cancelled, expired or blocked."""
    USE_CURRENT = "use_current"
    """This copy was replaced: destroy it and use the newest one."""
    CHECK_COPY = "check_copy"
    """Copies of the marketplace's label look alike: make sure that it is the newest print."""
    PRINT_AGAIN = "print_again"
    """The label has changed since it was printed."""
    PRINT = "print"
    """No label was printed yet."""
    DONE = "done"
    """It has left the house already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a scanned code is worth; `current` is None where nobody can tell."""

    current: bool | None
    next: NextStep
    why_not: str = ""


def judge(posting: Posting, paper: Document | None, copy: int | None, *, time: str = "") -> Verdict:
    """Judge a scanned paper: `copy` is known for our own only; `time` is when its newest copy was printed, to show.

    `paper` is the newest printed one of its kind, or None where none was printed.
    """
    stop = _stop(posting)
    if stop:
        return Verdict(current=False, next=NextStep.STOP, why_not=stop)
    if posting.stage not in BEFORE_HAND_OVER:
        return Verdict(current=_is_newest(paper, copy), next=NextStep.DONE, why_not=f"it is {posting.stage}")
    if paper is None or not paper.printed_count:
        if copy is not None:
            return Verdict(current=False, next=NextStep.PRINT_AGAIN, why_not=f"copy {copy} was never finished printing")
        return Verdict(current=None, next=NextStep.PRINT, why_not="no label was printed yet")
    newest = paper.printed_count
    if copy is not None and copy > newest:
        return Verdict(current=False, next=NextStep.PRINT_AGAIN, why_not=f"copy {copy} was never finished printing")
    if copy is not None and copy < newest:
        because = f" because {paper.print_reason}" if paper.print_reason else ""
        told = f"voided by copy {newest} at {time} by {paper.printed_by}{because}"
        return Verdict(current=False, next=NextStep.USE_CURRENT, why_not=told)
    if has_changed(posting, paper):
        return Verdict(current=False, next=NextStep.PRINT_AGAIN, why_not="the label has changed since it was printed")
    step = NextStep.HAND_OVER if posting.stage is Stage.PACKED else NextStep.PACK
    if copy is None and newest > 1:
        because = f" because {paper.print_reason}" if paper.print_reason else ""
        told = (
            f"{newest} copies were printed and look alike: only the one printed at {time} by {paper.printed_by}"
            f"{because} is current"
        )
        return Verdict(current=None, next=NextStep.CHECK_COPY, why_not=told)
    return Verdict(current=True, next=step)


def _stop(posting: Posting) -> str:
    if posting.stage is Stage.CANCELLED:
        return f"cancelled by {posting.cancelled_by}" if posting.cancelled_by else "cancelled"
    if posting.stage is Stage.EXPIRED:
        return f"expired: {posting.expired_reason}"
    if posting.stage is Stage.BLOCKED:
        return f"blocked: {posting.blocked_reason}"
    return ""


def _is_newest(paper: Document | None, copy: int | None) -> bool | None:
    if paper is None or not paper.printed_count:
        return None
    if copy is None:
        return True if paper.printed_count == 1 else None
    return copy == paper.printed_count


def has_changed(posting: Posting, paper: Document) -> bool:
    """Whether what was printed last is no longer what would be printed now."""
    if paper.kind is DocumentKind.STICKER or not paper.printed_as:
        return False
    return printed_as(posting, paper) != paper.printed_as


def printed_as(posting: Posting, paper: Document) -> str:
    """What a copy printed now would be printed from."""
    return paper.sha256 if paper.kind is DocumentKind.LABEL else " ".join(own_barcodes(posting))


def own_barcodes(posting: Posting) -> tuple[str, ...]:
    """What the bars of our own label say: the posting number, and the tracking number where there is one."""
    return (posting.number, posting.tracking_number) if posting.tracking_number else (posting.number,)


def shown_time(when: datetime | None) -> str:
    """2026-11-22T17:40:00Z"""
    return when.isoformat(timespec="seconds").replace("+00:00", "Z") if when else "an unknown time"
