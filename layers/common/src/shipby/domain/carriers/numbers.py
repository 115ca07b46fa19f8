"""Judging a tracking number before it is given to the marketplace: right, doubtful, or refused, with the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.directory import POSTS_BY_S10, all_formats, find, formats_of
from shipby.domain.carriers.formats import S10, Check, Fit, fits, likeliest

_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{4,39}")
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+?\d{1,3}", re.IGNORECASE)
_DECIMAL = re.compile(r"\d{5,}[.,]0+")
_DATE = re.compile(
    r"(19|20)\d\d[-/.年](0?[1-9]|1[0-2])[-/.月](0?[1-9]|[12]\d|3[01])日?(\d{1,2}:\d\d(:\d\d)?)?"
    r"|(0?[1-9]|[12]\d|3[01])[/.](0?[1-9]|[12]\d|3[01])[/.](19|20)?\d\d(\d{1,2}:\d\d(:\d\d)?)?"
    r"|(0?[1-9]|[12]\d|3[01])[-.](янв|фев|мар|апр|май|мая|июн|июл|авг|сен|окт|ноя|дек|jan|feb|mar|apr|may|jun|jul|aug|sep"
    r"|oct|nov|dec)[а-яa-z]*\.?([-.](\d\d)?\d\d)?",
    re.IGNORECASE,
)
_SHEET_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|Н/Д|ССЫЛКА!|ЗНАЧ!|ИМЯ\?|ДЕЛ/0!|ЧИСЛО!|ПУСТО!)")
_KEPT_DIGITS = 15
"""A spreadsheet keeps as many digits of a number, and writes zeros for the rest."""
_INVISIBLE = frozenset({"Cf", "Cc"})


class Trouble(StrEnum):
    """Why a text is no tracking number, or not this parcel's."""

    NOT_A_NUMBER = "not_a_number"
    SPREADSHEET = "spreadsheet"
    """A spreadsheet has changed it."""
    LOOK_ALIKE = "look_alike"
    """Letters of another script, or signs that cannot be seen."""
    CHECK_DIGIT = "check_digit"
    OTHER_CARRIER = "other_carrier"
    RETIRED = "retired_carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A number as carriers print it, whose it seems to be, and what is wrong with it.

    `refused` may never be sent; `doubtful` may, with a second person's word.
    """

    number: str
    carrier: str = ""
    format: str = ""
    check: Check = Check.NONE
    refused: tuple[tuple[Trouble, str], ...] = ()
    doubtful: tuple[tuple[Trouble, str], ...] = ()
    others: tuple[str, ...] = ()
    """Other carriers whose format it fits."""


def cleaned(text: str) -> str:
    """Capitals without spaces; signs that nobody sees at its ends are left out."""
    return "".join(_without_invisible_ends(text).split()).upper()


def _without_invisible_ends(text: str) -> str:
    signs = list(text)
    while signs and (signs[0].isspace() or unicodedata.category(signs[0]) in _INVISIBLE):
        signs.pop(0)
    while signs and (signs[-1].isspace() or unicodedata.category(signs[-1]) in _INVISIBLE):
        signs.pop()
    return "".join(signs)


def trouble_of(text: str) -> tuple[Trouble, str] | None:
    """What makes a text no tracking number at all; None where it may be one."""
    bare = _without_invisible_ends(text)
    shown = bare[:60]
    if bare.startswith("'"):
        return Trouble.SPREADSHEET, f"{shown!r} begins with a spreadsheet's apostrophe: copy the cell's text without it"
    if len(bare.splitlines()) > 1:
        return Trouble.NOT_A_NUMBER, f"{shown!r} are several lines: name one tracking number"
    together = "".join(bare.split())
    # A number may look so as well ("219E01"), but only one without a fraction and a sign, and not this short.
    if _SCIENTIFIC.fullmatch(together) and (len(together) < 8 or re.search("[.,+]", together)):
        return (
            Trouble.SPREADSHEET,
            f"{shown!r} was rounded by a spreadsheet and is lost: format the column as text, and enter it again",
        )
    if _DECIMAL.fullmatch(together):
        return Trouble.SPREADSHEET, f"{shown!r} was made a decimal by a spreadsheet: format the column as text"
    if _SHEET_ERROR.fullmatch(together.upper()):
        return Trouble.SPREADSHEET, f"{shown!r} is a spreadsheet's word for an error: enter the number"
    if _DATE.fullmatch(together):
        return Trouble.SPREADSHEET, f"{shown!r} was made a date by a spreadsheet: format the column as text"
    if any(unicodedata.category(sign) in _INVISIBLE for sign in bare if not sign.isspace()):
        return Trouble.LOOK_ALIKE, f"{shown!r} holds a sign that cannot be seen: type the number anew"
    if not together.isascii():
        strange = sorted({sign for sign in together if not sign.isascii()})
        names = ", ".join(f"{sign} ({unicodedata.name(sign, 'unknown sign')})" for sign in strange[:3])
        return Trouble.LOOK_ALIKE, f"{shown!r} holds {names}: use Latin letters and digits"
    if not _NUMBER.fullmatch(together.upper()):
        return Trouble.NOT_A_NUMBER, f"{shown!r} is not a tracking number: 5 to 40 Latin letters, digits and '-'"
    if not re.search("[0-9]", together) or not together.strip("0-"):
        return Trouble.NOT_A_NUMBER, f"{shown!r} stands for a number that is not known: leave it out until there is one"
    return None


def judge(text: str, carriers: Mapping[str, Carrier], *, named: str = "", on: date | None = None) -> Judged:
    """Judge a number that somebody wants to set. `named` is the carrier as they name it; a name that the directory does
    not know says nothing about the number."""
    if (broken := trouble_of(text)) is not None:
        return Judged(number=text[:60], refused=(broken,))
    return _rounded(_judged(cleaned(text), carriers, named, on))


def _judged(number: str, carriers: Mapping[str, Carrier], named: str, on: date | None) -> Judged:
    carrier = find(named, carriers) if named.strip() else None
    found = fits(number, all_formats(carriers))
    best = likeliest(number, all_formats(carriers))
    if carrier is not None:
        return _of_named(number, carrier, found, best, on)
    others = tuple(dict.fromkeys(fit.carrier for fit in found if best is not None and fit.carrier != best.carrier))
    if best is None:
        return _lost_zeros(number, carriers)
    judged = Judged(number=number, carrier=best.carrier, format=best.format, check=best.check, others=others)
    if best.check is not Check.WRONG:
        return judged
    problem = (Trouble.CHECK_DIGIT, _wrong(number, best))
    # Digits alone may be of a carrier that publishes no format; letters in their places say whose number it is.
    return _with(judged, problem, refused=not number.isdigit() and best.certain)


def _rounded(judged: Judged) -> Judged:
    """Doubtful where digits end as a spreadsheet writes them once it has rounded them, and no check digit says
    otherwise; two zeros may be there by chance.
    """
    beyond = judged.number[_KEPT_DIGITS:]
    if not judged.number.isdigit() or len(beyond) < 2 or beyond.strip("0") or judged.check is Check.RIGHT:
        return judged
    problem = f"{judged.number} seems rounded: a spreadsheet keeps {_KEPT_DIGITS} digits, and it ends with {beyond}"
    return _with(judged, (Trouble.SPREADSHEET, problem), refused=False)


def _lost_zeros(number: str, carriers: Mapping[str, Carrier]) -> Judged:
    """A number that no format fits; doubtful if one does, with the right check digit, once zeros stand before it."""
    judged = Judged(number=number)
    for zeros in ("0", "00", "000") if number.isdigit() else ():
        fit = likeliest(zeros + number, all_formats(carriers))
        if fit is not None and fit.check is Check.RIGHT:
            problem = f"{number} looks like {zeros}{number} of {fit.carrier} whose zeros a spreadsheet has cut off"
            return _with(judged, (Trouble.SPREADSHEET, problem), refused=False)
    return judged


def _of_named(number: str, carrier: Carrier, found: list[Fit], best: Fit | None, on: date | None) -> Judged:
    theirs = [fit for fit in found if fit.carrier == carrier.code]
    if not theirs and carrier.code in POSTS_BY_S10:
        theirs = [fit for fit in found if fit.format == S10]
    fit = min(theirs, key=lambda one: one.check is Check.WRONG, default=None)
    judged = Judged(number=number, carrier=carrier.code)
    if fit is not None:
        judged = Judged(number=number, carrier=carrier.code, format=fit.format, check=fit.check)
        if fit.check is Check.WRONG:
            judged = _with(judged, (Trouble.CHECK_DIGIT, _wrong(number, fit)), refused=fit.certain)
    elif formats_of(carrier):
        seems = f"; it looks like a number of {best.carrier}" if best is not None else ""
        problem = f"{number} does not look like a number of {carrier.name('en')}{seems}"
        judged = _with(judged, (Trouble.OTHER_CARRIER, problem), refused=False)
    if on is not None and carrier.retired(on):
        problem = f"{carrier.name('en')} is retired since {carrier.retired_on}: name another carrier"
        judged = _with(judged, (Trouble.RETIRED, problem), refused=True)
    return judged


def _with(judged: Judged, problem: tuple[Trouble, str], *, refused: bool) -> Judged:
    return Judged(
        number=judged.number,
        carrier=judged.carrier,
        format=judged.format,
        check=judged.check,
        others=judged.others,
        refused=(*judged.refused, problem) if refused else judged.refused,
        doubtful=judged.doubtful if refused else (*judged.doubtful, problem),
    )


def _wrong(number: str, fit: Fit) -> str:
    return f"the check digit of {number} is wrong for {fit.carrier} ({fit.format}): it should be {fit.digit}"
