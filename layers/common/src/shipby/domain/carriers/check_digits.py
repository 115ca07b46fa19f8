"""Check digits of tracking numbers: which one a serial should end with.

Sources: CHECKSUM_ALGORITHMS of tracking_number_data 2.0.0; mod 37/36: DPD Parcel Label Specification 2.4.1 (ISO 7064);
S10: UPU standard S10-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shipby.domain.carriers.s10 import check_digit as s10_digit

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _mod7(serial: str, _: Sequence[int]) -> str:
    return str(int(serial) % 7)


def _mod10(serial: str, parameters: Sequence[int]) -> str:
    """Multipliers of the characters at even and at odd places (counted from 0), and whether it counts from the end."""
    evens, odds, backwards = parameters
    total = 0
    for index, sign in enumerate(reversed(serial) if backwards else serial):
        value = int(sign) if sign.isdigit() else (ord(sign) - 3) % 10
        total += value * (odds if index % 2 else evens)
    return str(-total % 10)


def _weighted(serial: str, parameters: Sequence[int]) -> str:
    first, second, *weights = parameters
    total = sum(int(digit) * weight for digit, weight in zip(serial, weights, strict=False))
    return str(total % first % second)


def _luhn(serial: str, _: Sequence[int]) -> str:
    total = 0
    for index, sign in enumerate(reversed(serial)):
        value = int(sign) * (1 if index % 2 else 2)
        total += value - 9 * (value > 9)
    return str(-total % 10)


def _mod_37_36(serial: str, _: Sequence[int]) -> str:
    check = 36
    for sign in serial:
        check += _ALPHABET.index(sign)
        check -= 36 * (check > 36)
        check *= 2
        check -= 37 * (check > 36)
    return _ALPHABET[(37 - check) % 36]


_DIGITS: Mapping[str, Callable[[str, Sequence[int]], str]] = {
    "mod7": _mod7,
    "mod10": _mod10,
    "weighted": _weighted,
    "luhn": _luhn,
    "mod_37_36": _mod_37_36,
    "s10": lambda serial, _: s10_digit(serial),
}
ALGORITHMS = frozenset(_DIGITS)


def expected(algorithm: str, serial: str, parameters: Sequence[int] = ()) -> str:
    """The check digit that a serial should end with."""
    return _DIGITS[algorithm](serial, parameters)
