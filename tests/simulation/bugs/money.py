"""Seeded bugs around money: what is set aside, compared, booked, capped and stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shipby.application.intake import split_money, sync_posting
from shipby.application.intents import request_intent
from shipby.application.ports.writes import RequireAutomation, SaveMoney, SpendCap, Write
from shipby.application.returns import decisions as return_decisions
from shipby.application.settling import finish as finish_intent
from shipby.domain.intents import Intent, IntentState
from shipby.domain.money import Money
from shipby.domain.refunds import ledger
from shipby.domain.refunds.families import Family
from tests.support.memory_writes import _Planner

Patch = AbstractContextManager[object]


def skip_compare_and_set() -> Patch:
    real = finish_intent._money_writes

    def money_writes(moved: Intent, store: Any, *given: Any) -> list[Write]:
        if moved.state is IntentState.SENT and moved.amount is not None:
            kept = store.money(moved.seller, moved.posting_number)
            return [SaveMoney(replace(kept, version=kept.version + 1))]
        return real(moved, store, *given)

    return patch.object(finish_intent, "_money_writes", money_writes)


def ignore_lines() -> Patch:
    real = ledger.MoneyLedger.reserve

    def reserve(self: ledger.MoneyLedger, key: str, amount: Money, **named: Any) -> ledger.MoneyLedger:
        return real(self, key, amount, **{**named, "lines": {}})

    return patch.object(ledger.MoneyLedger, "reserve", reserve)


def ignore_what_was_refunded() -> Patch:
    """What is left of a posting is taken for what was paid."""
    real = ledger.MoneyLedger.reserve

    def reserve(self: ledger.MoneyLedger, key: str, amount: Money, **named: Any) -> ledger.MoneyLedger:
        blank = {sku: replace(line, reserved=0, refunded=0) for sku, line in self.lines.items()}
        kept = real(replace(self, reserved=0, refunded=0, lines=blank), key, amount, **named)
        return replace(kept, reserved=self.reserved + amount.minor, refunded=self.refunded)

    return patch.object(ledger.MoneyLedger, "reserve", reserve)


def settle_by_hand_without_money() -> Patch:
    real = finish_intent._transaction

    def transaction(intent: Intent, *given: Any, actor: str, **named: Any) -> tuple[Intent, list[Write]]:
        moved, writes = real(intent, *given, actor=actor, **named)
        if actor.startswith("key:"):
            writes = [write for write in writes if not isinstance(write, SaveMoney)]
        return moved, writes

    return patch.object(finish_intent, "_transaction", transaction)


def cap_not_counted() -> Patch:
    def spend(self: _Planner, write: SpendCap) -> Any:
        return real(self, dataclasses.replace(write, by=0))

    real = _Planner._spend
    return patch.object(_Planner, "_spend", spend)


@contextmanager
def kill_switch_ignored() -> Iterator[None]:
    def without(writes: Sequence[Write]) -> list[Write]:
        return [write for write in writes if not isinstance(write, RequireAutomation)]

    real_guards, real_transaction = request_intent.guards, finish_intent._transaction

    def guards(*given: Any) -> list[Write]:
        return without(real_guards(*given))

    def transaction(*given: Any, **named: Any) -> tuple[Intent, list[Write]]:
        moved, writes = real_transaction(*given, **named)
        return moved, without(writes)

    with (
        patch.object(request_intent, "guards", guards),
        patch.object(return_decisions, "guards", guards),
        patch.object(finish_intent, "_transaction", transaction),
    ):
        yield


def cancel_not_booked() -> Patch:
    """What the marketplace gives back after a cancel is not booked."""

    def observe(self: ledger.MoneyLedger, key: str, minor: int, **named: Any) -> ledger.MoneyLedger:
        return replace(self, version=self.version + 1)

    return patch.object(ledger.MoneyLedger, "observe", observe)


def released_without_booking() -> Patch:
    """A refund that comes to nothing after a cancel frees its money, and nobody books that the marketplace paid it."""

    def released(kept: ledger.MoneyLedger, intent: str, *_: Any, at: Any, **_named: Any) -> ledger.MoneyLedger:
        return kept.release(intent, at=at)

    return patch.object(finish_intent, "released", released)


def a_split_moves_no_money() -> Patch:
    """What was paid for goods that moved is offered by both postings."""

    def joined(family: Family, number: str) -> Family:
        return family

    return patch.object(split_money, "joined", joined)


def a_cancel_books_the_money_of_parts() -> Patch:
    """A cancel of the rest of a split posting gives back what its parts cost, while they are not read."""
    return patch.object(sync_posting, "left_of_own", lambda *_given, **_named: None)
