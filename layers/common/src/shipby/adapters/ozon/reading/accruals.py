"""Accruals (начисления) of postings, as the `Accruals` port wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.answers import Node, rounded, unreadable
from shipby.adapters.ozon.reading.entries import entries
from shipby.adapters.ozon.transport import Transport
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.accruals import Accrual, AccrualType
from shipby.domain.refunds.ledger import EntryKind


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
            # All accruals of a posting or none: a part of them would look like a difference.
            read = entries(answer, "posting_accruals", Listed.ACCRUAL, _accruals, name="posting_number")
            for number, accruals in read:
                found[number] = (*found.get(number, ()), *accruals)
        return found

    def types(self) -> tuple[AccrualType, ...]:
        """/v1/finance/accrual/types."""
        answer = self._api.read(methods.ACCRUAL_TYPES, {})
        return entries(answer, "accrual_types", Listed.ACCRUAL_TYPE, _type, name="id")


def kind_of(name: str, description: str) -> EntryKind | None:
    """Which movement of ours a type is, by the words that `assumptions.ACCRUAL_WORDS` names; None if by none."""
    text = f"{name} {description}".casefold()
    for kind, alternatives in assumptions.ACCRUAL_WORDS:
        if any(all(word in text for word in words) for words in alternatives):
            return EntryKind(kind)
    return None


def _type(node: Node) -> AccrualType:
    name = node.text("name")
    return AccrualType(id=node.integer("id"), name=name, kind=kind_of(name, node.text("description")))


def _accruals(node: Node) -> tuple[str, list[Accrual]]:
    return node.identifier("posting_number"), [_accrual(one) for one in node.nodes("accruals")]


def _accrual(node: Node) -> Accrual:
    accrued = node.node("accrued")
    if accrued.fields.get("amount") in (None, ""):
        raise unreadable(accrued.at("amount"), "an amount")
    return Accrual(
        type_id=node.integer("type_id"),
        amount=rounded(accrued, "amount", accrued.text("currency") or assumptions.MISSING_CURRENCY),
        on=node.day("accrual_date"),
        sku=node.text("sku"),
        quantity=node.integer("quantity"),
    )
