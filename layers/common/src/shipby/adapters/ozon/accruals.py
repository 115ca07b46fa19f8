"""Accruals (начисления) of postings, as the `Accruals` port wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.answers import Node, rounded_money
from shipby.adapters.ozon.transport import Transport
from shipby.application.accruals_port import Accrual, AccrualType
from shipby.domain.ledger import EntryKind


class OzonAccruals:
    """Accruals of one seller's account (beta methods)."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def postings(self, numbers: Sequence[str]) -> Mapping[str, tuple[Accrual, ...]]:
        """/v1/finance/accrual/postings in chunks of 200."""
        found: dict[str, tuple[Accrual, ...]] = {}
        for start in range(0, len(numbers), assumptions.ACCRUALS_CHUNK):
            chunk = list(numbers[start : start + assumptions.ACCRUALS_CHUNK])
            answer = self._api.read(methods.ACCRUALS, {"posting_numbers": chunk})
            for entry in answer.nodes("posting_accruals"):
                number = entry.text("posting_number")
                found[number] = (*found.get(number, ()), *(_accrual(one) for one in entry.nodes("accruals")))
        return found

    def types(self) -> tuple[AccrualType, ...]:
        """/v1/finance/accrual/types."""
        answer = self._api.read(methods.ACCRUAL_TYPES, {})
        return tuple(
            AccrualType(
                id=entry.integer("id"),
                name=entry.text("name"),
                kind=kind_of(entry.text("name"), entry.text("description")),
            )
            for entry in answer.nodes("accrual_types")
        )


def kind_of(name: str, description: str) -> EntryKind | None:
    """Which movement of ours a type is, by the words that `assumptions.ACCRUAL_WORDS` names; None if by none."""
    text = f"{name} {description}".casefold()
    for kind, alternatives in assumptions.ACCRUAL_WORDS:
        if any(all(word in text for word in words) for words in alternatives):
            return EntryKind(kind)
    return None


def _accrual(node: Node) -> Accrual:
    accrued = node.node("accrued")
    currency = accrued.text("currency") or assumptions.MISSING_CURRENCY
    return Accrual(
        type_id=node.integer("type_id"),
        amount=rounded_money(accrued.decimal("amount"), currency),
        on=node.day("accrual_date"),
        sku=node.text("sku"),
        quantity=node.integer("quantity"),
    )
