"""Money as integer minor units with a currency: no floats anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from shipby.domain.errors import InvalidInputError

_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3}
"""ISO 4217 minor-unit digits where they are not 2."""
_LARGEST = 15
"""Power of ten of the largest amount in minor units: "1e999999" must not become a number of a million digits."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in `minor` units (kopecks, fen, cents) of an ISO 4217 `currency`."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str | int | Decimal, currency: str) -> Self:
        """Read a decimal such as "12.50".

        Raises InvalidInputError if it is not a number or has more digits than the currency.
        """
        try:
            scaled = Decimal(amount).scaleb(_EXPONENTS.get(currency, 2))
            if scaled and scaled.adjusted() > _LARGEST:
                raise InvalidInputError(f"{str(amount)[:40]} is more than any order costs")
            whole = int(scaled)
        except (ArithmeticError, ValueError) as error:
            raise InvalidInputError(f"{amount!r} is not an amount; write it like 12.50") from error
        if whole != scaled:
            raise InvalidInputError(f"{amount} has more decimals than {currency} knows")
        return cls(whole, currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def amount(self) -> str:
        """The decimal text without the currency, such as "12.50"."""
        digits = _EXPONENTS.get(self.currency, 2)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f}"

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise InvalidInputError(f"cannot mix {self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def percent(self, rate: Decimal) -> Money:
        """`rate` percent of this amount, rounded half-even to the minor unit."""
        return Money(int((Decimal(self.minor) * rate / 100).to_integral_value()), self.currency)
