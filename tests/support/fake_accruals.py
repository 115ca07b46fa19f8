"""What the fake marketplace charged the seller, per posting."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from shipby.application.ports.accruals import Accrual, AccrualType
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import EntryKind

REFUND, COMPENSATION, POSTAGE, FEE = 1, 2, 3, 4
TYPES = (
    AccrualType(id=REFUND, name="refund", kind=EntryKind.REFUND),
    AccrualType(id=COMPENSATION, name="compensation", kind=EntryKind.COMPENSATION),
    AccrualType(id=POSTAGE, name="postage", kind=EntryKind.POSTAGE),
    AccrualType(id=FEE, name="fee"),
)


class FakeAccruals:
    """`charge` books one; `late` keeps what is booked from now on back, as the marketplace does for a day or so."""

    def __init__(self, begin: Callable[[str], object]) -> None:
        self._begin = begin
        self.book: dict[str, list[Accrual]] = defaultdict(list)
        self.known = TYPES
        self.late = False

    def charge(
        self,
        number: str,
        type_id: int,
        minor: int,
        *,
        on: date | None,
        currency: str = "RUB",
        sku: str = "",
        quantity: int = 0,
    ) -> None:
        """`minor` as the ledger counts it: what was charged is negative in the accrual."""
        if not self.late:
            amount = Money(-minor, currency)
            self.book[number].append(Accrual(type_id=type_id, amount=amount, on=on, sku=sku, quantity=quantity))

    def postings(self, numbers: Sequence[str]) -> Mapping[str, tuple[Accrual, ...]]:
        self._begin("accruals")
        return {number: tuple(self.book[number]) for number in numbers if self.book.get(number)}

    def types(self) -> tuple[AccrualType, ...]:
        self._begin("accrual_types")
        return self.known
