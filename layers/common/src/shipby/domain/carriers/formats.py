"""What a tracking number looks like: whose it may be, and whether its check digit is right.

A format that is all digits fits many numbers by chance, so it never outvotes the wrong check digit of another one.
Among several that fit, the carriers that bring parcels to Russia go first (`home`), then a check digit that is right.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shipby.domain.carriers.check_digits import expected
from shipby.domain.carriers.open_formats import OPEN_FORMATS, VERSION
from shipby.domain.carriers.s10 import parts
from shipby.domain.carriers.s10_posts import POSTS

S10 = "s10"


class Check(StrEnum):
    """What the check digit says."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"
    """The format has none, or nobody has published how it is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """One format of one carrier. The pattern's groups `SerialNumber` and `CheckDigit` are what the algorithm takes."""

    carrier: str
    id: str
    pattern: str
    """A regular expression for the whole number, in capitals and without spaces."""
    source: str
    algorithm: str = ""
    parameters: tuple[int, ...] = ()
    prepend: tuple[str, str] = ("", "")
    """Where the serial fits the first, the second stands before it."""
    home: bool = False
    """Whether it is of a carrier that brings parcels to Russia or takes them from there."""
    certain: bool = True
    """False: no official word confirms the format."""

    @property
    def weak(self) -> bool:
        """Whether it fits any number of its length: digits without a check digit."""
        signs = re.sub(r"\?P<\w+>|\\[bd]", "", self.pattern)
        return not self.algorithm and re.search("[A-Za-z]", signs) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A format that a number fits."""

    carrier: str
    format: str
    check: Check
    digit: str = ""
    """The check digit that would be right, where it is wrong."""
    country: str = ""
    """S10: whose post it is."""
    home: bool = False
    weak: bool = False
    certain: bool = True


def _open_formats() -> Iterable[NumberFormat]:
    for carrier, identifier, pattern, algorithm, parameters, prepend in OPEN_FORMATS:
        yield NumberFormat(
            carrier=carrier,
            id=identifier,
            pattern=pattern,
            source=f"tracking_number_data {VERSION}",
            algorithm=algorithm,
            parameters=parameters,
            prepend=prepend,
        )


_WIKIPEDIA = "ru.wikipedia.org, Почтовый идентификатор"
OWN_FORMATS: tuple[NumberFormat, ...] = (
    NumberFormat(
        carrier="russian_post",
        id="russian_post_14",
        pattern=r"(?P<SerialNumber>\d{13})(?P<CheckDigit>\d)",
        source=f"{_WIKIPEDIA}: index, month, serial; digits at odd places count three times",
        algorithm="mod10",
        parameters=(3, 1, 0),
        home=True,
    ),
    NumberFormat(
        carrier="cdek",
        id="cdek_10",
        pattern=r"\d{10}",
        source="CDEK API v2, field cdek_number of /v2/orders",
        home=True,
        certain=False,
    ),
    NumberFormat(
        carrier="cainiao",
        id="cainiao_lp",
        pattern=r"LP\d{14}",
        source="numbers on parcels of AliExpress; published nowhere",
        home=True,
        certain=False,
    ),
    NumberFormat(
        carrier="yanwen",
        id="yanwen_yp",
        pattern=r"[A-Z]{2}\d{9}YP",
        source=f"{_WIKIPEDIA}: YP is the code of Yanwen Logistics; its check digit is published nowhere",
        home=True,
        certain=False,
    ),
    NumberFormat(
        carrier="4px",
        id="4px",
        pattern=r"4PX\d{13}CN",
        source="examples on track.4px.com; published nowhere",
        home=True,
        certain=False,
    ),
    NumberFormat(
        carrier="sf",
        id="sf_15",
        pattern=r"SF\d{13}",
        source="waybills of SF Express since 2018; published nowhere",
        home=True,
        certain=False,
    ),
)
"""Formats that the open data set lacks, each with what it is known from."""
POST_CARRIERS = {"RU": "russian_post", "CN": "china_post", "BY": "belpost", "KZ": "kazpost", "UZ": "uzpost"}
"""Posts that have a code of their own in the directory; every other one is `s10`."""
HOME = frozenset({"russian_post", "yunexpress", "dpd"})


@functools.cache
def known_formats() -> tuple[NumberFormat, ...]:
    """Own definitions first, then the open data set."""
    return (*OWN_FORMATS, *_open_formats())


def fits(number: str, formats: Sequence[NumberFormat] | None = None) -> list[Fit]:
    """Every format that a number fits, the likeliest first. `number` is in capitals, without spaces.

    `formats` are looked at instead of the known ones, except that S10 always is.
    """
    found = [fit for one in (known_formats() if formats is None else formats) if (fit := _fit(number, one))]
    if (post := _post(number)) is not None:
        found.append(post)
    return sorted(found, key=lambda fit: (fit.weak and not fit.home, fit.check is Check.WRONG, not fit.home, fit.check))


def _fit(number: str, one: NumberFormat) -> Fit | None:
    found = re.fullmatch(one.pattern, number, re.ASCII)
    if found is None:
        return None
    check, digit = Check.NONE, ""
    if one.algorithm:
        serial, told = found["SerialNumber"], found["CheckDigit"]
        where, what = one.prepend
        if what and re.fullmatch(where, serial):
            serial = what + serial
        digit = expected(one.algorithm, serial, one.parameters)
        check = Check.RIGHT if digit == told else Check.WRONG
    return Fit(
        carrier=one.carrier,
        format=one.id,
        check=check,
        digit=digit if check is Check.WRONG else "",
        home=one.home or one.carrier in HOME,
        weak=one.weak,
        certain=one.certain,
    )


def _post(number: str) -> Fit | None:
    """S10, where the country is a member of the Universal Postal Union."""
    found = parts(number)
    if found is None or found[3] not in POSTS:
        return None
    _, serial, told, country = found
    digit = expected(S10, serial)
    return Fit(
        carrier=POST_CARRIERS.get(country, S10),
        format=S10,
        check=Check.RIGHT if digit == told else Check.WRONG,
        digit="" if digit == told else digit,
        country=country,
        home=True,
    )


def likeliest(number: str, formats: Sequence[NumberFormat] | None = None) -> Fit | None:
    """The format that a number most likely is of; one with a wrong check digit if only chance speaks for another."""
    found = fits(number, formats)
    sure = [fit for fit in found if not (fit.weak and not fit.home)]
    return next(iter(sure or found), None)
