"""What the marketplace said, for the probes: whole answers in memory. Nothing here shows a value by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from shipby.adapters.ozon import methods
from shipby.adapters.ozon.methods import Method
from shipby.adapters.pdf.pictures import Seen
from shipby_local.pilot.door import Exchange
from shipby_local.pilot.masking import Mask

Json = dict[str, Any]
POSTINGS: Final = (methods.POSTING_UNFULFILLED, methods.POSTING_LIST)
_AMOUNTS: Final = ("amount", "price", "value")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A question that got no answer: which, how it ended, and the codes of the marketplace's text, masked."""

    asked: str
    error: str
    status: int
    codes: tuple[str, ...] = ()


@dataclass(slots=True, repr=False)
class Evidence:
    """All exchanges of one round, in order. `now` is when it began; `label` what the pages of a label file showed."""

    now: datetime
    mask: Mask
    exchanges: list[Exchange]
    troubles: list[Trouble] = field(default_factory=list)
    label: Sequence[Seen] = ()
    label_bytes: int = 0

    def of(self, *wanted: Method) -> list[Exchange]:
        """The exchanges of some methods."""
        paths = {method.path for method in wanted}
        return [one for one in self.exchanges if one.path in paths]

    def answers(self, *wanted: Method) -> list[Json]:
        """The objects that some methods answered with 200."""
        return [one.value for one in self.of(*wanted) if one.status == 200 and isinstance(one.value, dict)]

    def entries(self, key: str, *wanted: Method) -> list[Json]:
        """The objects in the lists that some methods answered with."""
        lists = [answer.get(key) for answer in self.answers(*wanted)]
        return [entry for listed in lists if isinstance(listed, list) for entry in listed if isinstance(entry, dict)]

    def details(self) -> list[Json]:
        """Postings of /v3/posting/fbs/get."""
        found = [answer.get("result") for answer in self.answers(methods.POSTING_GET)]
        return [one for one in found if isinstance(one, dict)]

    def postings(self) -> list[tuple[str, Json]]:
        """Every posting that was shown, with where it stood."""
        shown = [(f"{methods.POSTING_GET.path}.result", one) for one in self.details()]
        for method in POSTINGS:
            shown += [(f"{method.path}.postings[]", one) for one in self.entries("postings", method)]
        return shown

    def amounts(self) -> Iterator[tuple[str, Any, str, bool]]:
        """Every amount with a currency beside it or a place for one: (path, currency as it came, name, is it zero)."""
        for exchange in self.exchanges:
            if exchange.status == 200:
                yield from self._amounts(exchange.path, exchange.value)

    def leaves(self) -> Iterator[tuple[str, Any]]:
        """Every value that is neither object nor list, with its path; names that nobody described are masked."""
        for exchange in self.exchanges:
            if exchange.status == 200:
                yield from self._leaves(exchange.path, exchange.value)

    def _leaves(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, list):
            for one in value:
                yield from self._leaves(f"{path}[]", one)
        elif isinstance(value, dict):
            for name, one in value.items():
                yield from self._leaves(f"{path}.{self.mask.code(name)}", one)
        else:
            yield path, value

    def _amounts(self, path: str, value: Any) -> Iterator[tuple[str, Any, str, bool]]:
        if isinstance(value, list):
            for one in value:
                yield from self._amounts(f"{path}[]", one)
        elif isinstance(value, dict):
            for name, one in value.items():
                shown = self.mask.code(name)
                if name in ("currency", "currency_code") or name.endswith(("_currency", "_currency_code")):
                    amount = next((value[key] for key in (*_AMOUNTS, *_beside(name)) if key in value), None)
                    yield path, one, shown, is_zero(amount)
                yield from self._amounts(f"{path}.{shown}", one)


def _beside(name: str) -> tuple[str, ...]:
    """The amount that a field such as `charge_price_currency_code` is of."""
    head = name.removesuffix("_code").removesuffix("_currency")
    return (head, "processing_costs_sum")


def is_zero(amount: object) -> bool:
    """Whether an amount is nothing, as a number or as text."""
    try:
        return amount in (None, "") or float(str(amount)) == 0
    except ValueError:
        return False


def inner(value: Mapping[str, Any], *names: str) -> Any:
    """A field within objects; None where one on the way is none."""
    found: Any = value
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def listed(value: Any) -> list[Any]:
    """A list, or nothing."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """A text, or an empty one; whole numbers count as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
