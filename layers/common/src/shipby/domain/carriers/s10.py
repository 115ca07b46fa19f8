"""UPU S10: the identifier of postal items, two letters, eight digits, a check digit, two letters of the country.

Source: UPU standard S10-12 (Identification of postal items), section on the check digit: the serial number's digits are
weighted 8 6 4 2 3 5 9 7; 11 less the rest of the sum by 11, where 10 becomes 0 and 11 becomes 5.
"""

from __future__ import annotations

import re

_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_SHAPE = re.compile(r"([A-Z]{2})(\d{8})(\d)([A-Z]{2})", re.ASCII)


def check_digit(serial: str) -> str:
    """The check digit of eight digits."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def s10(service: str, serial: int, country: str) -> str:
    """A whole identifier, such as `s10("RB", 12345678, "CN")` = RB123456785CN."""
    digits = f"{serial:08d}"
    return f"{service}{digits}{check_digit(digits)}{country}"


def parts(number: str) -> tuple[str, str, str, str] | None:
    """Service, serial, check digit and country of a text that has the shape of S10; None otherwise."""
    found = _SHAPE.fullmatch(number)
    return found.groups() if found else None  # type: ignore[return-value]  # four groups, all of them there
