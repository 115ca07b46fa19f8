"""What the people at the desk did beside what the marketplace's books say of it: refunds to the kopeck, and replays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from shipby.application.ports.store import Store
from shipby.application.proof.replay import replay
from shipby.application.shared.paging import every
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import AccrualState, EntryState, ExecutedBy
from shipby_local.demo.desk import Desk
from shipby_local.demo.plan import DayPlan, Fate
from shipby_local.demo.tally import Ours, Row


def desk_rows(
    desk: Desk, plan: DayPlan, ours: Ours, books: Mapping[str, Any], store: Store, now: datetime
) -> Sequence[Row]:
    """One row per promise; every number on the right comes from the books or the plan."""
    paid = {who: _paid(books, who) for who in ("seller", "marketplace")}
    kept = {who: _kept(store, plan.sellers, ours.received, who) for who in ("seller", "marketplace")}
    wishes = [item for item in books["cancellation_requests"].values() if item["state"] in ("APPROVED", "REJECTED")]
    approved = [*plan.of(Fate.PART_REFUND), *plan.of(Fate.PART_RETURNED)]
    equal, of = _replayed(store, plan.sellers, ours, books, now)
    return [
        Row("refund ledger by posting, our calls", _listed(kept["seller"]), _listed(paid["seller"])),
        Row("refund ledger, the marketplace's own", _total(kept["marketplace"]), _total(paid["marketplace"])),
        Row("refunds whose worker was killed", str(min(desk.killed, 1)), str(len(plan.of(Fate.FULL_REFUND)))),
        Row("refunds with a second person's word", str(len(desk.second_words)), str(len(approved))),
        Row("refunds charged in another currency", *_elsewhere(store, plan.sellers, ours.received, books)),
        Row("entries that could not be read, told as a case", *_odd(store, plan.sellers, books)),
        Row("wishes to cancel answered", str(len(desk.answered)), str(len(wishes))),
        Row("returned goods put on the shelf", _count(desk.disposed, "restock"), str(len(plan.of(Fate.GOODS_BACK)))),
        Row(
            "claims answered with an intact pack",
            _count(desk.packs, "answered, 2 pieces, intact"),
            str(len(plan.of(Fate.CLAIMED))),
        ),
        Row("postings and returns rebuilt from their history", str(equal), str(of)),
    ]


def _elsewhere(
    store: Store, sellers: Sequence[str], numbers: Iterable[str], books: Mapping[str, Any]
) -> tuple[str, str]:
    ledgers = [store.money(seller, number) for seller in sellers for number in numbers]
    entries = [entry for ledger in ledgers if ledger is not None for entry in ledger.entries.values()]
    ours = sum(entry.accrual is AccrualState.NOT_COMPARABLE for entry in entries)
    theirs = [one for one in books["money"] if one["paid_to"] == "buyer" and one["accrued_in"] != one["currency"]]
    return str(ours), str(len(theirs))


def _odd(store: Store, sellers: Sequence[str], books: Mapping[str, Any]) -> tuple[str, str]:
    told = [
        case
        for seller in sellers
        for still in (True, False)
        for key in every(lambda cursor, s=seller, o=still: store.cases_in(s, open_only=o, cursor=cursor))  # type: ignore[misc]  # bound per turn
        if (case := store.case(seller, key)) is not None and case.kind is CaseKind.ODD_ENTRY
    ]
    met = sum(fault["fired"] for fault in books["faults"] if fault["kind"] == "odd_entry")
    return str(len(told)), str(met)


def _count(told: Mapping[str, str], wanted: str) -> str:
    return str(sum(word == wanted for word in told.values()))


def _paid(books: Mapping[str, Any], who: str) -> dict[str, Money]:
    """Posting -> what the buyer got back, by whose doing."""
    found: dict[str, Money] = {}
    for movement in books["money"]:
        if movement["executed_by"] == who and movement["paid_to"] == "buyer":
            amount = Money.parse(abs(Decimal(movement["amount"])), movement["currency"])
            number = movement["posting_number"]
            found[number] = found[number] + amount if number in found else amount
    return found


def _kept(store: Store, sellers: Sequence[str], numbers: Iterable[str], who: str) -> dict[str, Money]:
    found: dict[str, Money] = {}
    for number in numbers:
        for seller in sellers:
            ledger = store.money(seller, number)
            for entry in ledger.entries.values() if ledger else ():
                if ledger and entry.state is EntryState.REFUNDED and entry.executed_by is ExecutedBy(who):
                    amount = Money(entry.minor, ledger.currency)
                    found[number] = found[number] + amount if number in found else amount
    return found


def _listed(amounts: Mapping[str, Money]) -> str:
    return "\n".join(f"{number} {amount}" for number, amount in sorted(amounts.items())) or "none"


def _total(amounts: Mapping[str, Money]) -> str:
    sums: dict[str, Money] = {}
    for amount in amounts.values():
        known = sums.get(amount.currency)
        sums[amount.currency] = known + amount if known else amount
    return ", ".join(str(sums[currency]) for currency in sorted(sums)) or "0"


def _replayed(
    store: Store, sellers: Sequence[str], ours: Ours, books: Mapping[str, Any], now: datetime
) -> tuple[int, int]:
    """How many items are rebuilt equal, and how many there are."""
    refs = [posting_ref(number) for number in sorted(ours.received)] + [return_ref(key) for key in books["returns"]]
    equal = of = 0
    for ref in refs:
        for seller in sellers:
            if store.stored_item(seller, ref) is not None:
                of += 1
                equal += replay(seller, ref, store=store, now=now, with_pushes=False).equal
    return equal, of
