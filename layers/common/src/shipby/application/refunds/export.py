"""What the seller gave back in a period, row by row: for the books, and for whoever checks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from shipby.application.ports.pages import Page
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import Entry, MoneyLedger, postage_key

LONGEST = timedelta(days=92)
MOST_ROWS = 2000
"""What one call reads at most: a longer list takes several calls with shorter periods."""
COLUMNS = (
    "intent",
    "state",
    "posting_number",
    "return_id",
    "kind",
    "amount",
    "postage",
    "currency",
    "lines",
    "asked_at",
    "asked_by",
    "approved_at",
    "approved_by",
    "settings_version",
    "settled_at",
    "reason",
    "outcome",
    "executed_by",
    "cost_borne_by",
    "rule",
    "accrual",
    "accrued",
    "postage_accrual",
    "postage_accrued",
)


def refund_rows(seller: str, *, since: datetime, until: datetime, store: Store) -> list[dict[str, Json]]:
    """Every decision on a return with money that was asked for in [since, until), in every state, oldest first.

    What the marketplace paid back by itself is in the ledgers of its postings, not here. Raises InvalidInputError for a
    period that is empty or too long, or that holds too many rows.
    """
    if not since < until <= since + LONGEST:
        problem = f"comes after from, at most {LONGEST.days} days"
        raise InvalidInputError("this is no period to export", errors=[("to", problem)])
    ledgers: dict[str, MoneyLedger | None] = {}
    found: list[Intent] = []
    for intent in _intents(seller, since, until, store):
        found.append(intent)
        if len(found) > MOST_ROWS:
            raise InvalidInputError(
                f"the period holds more than {MOST_ROWS} refunds", errors=[("to", "choose a shorter period")]
            )
    found.sort(key=lambda intent: (intent.created_at, intent.id))
    for intent in found:
        if intent.posting_number not in ledgers:
            ledgers[intent.posting_number] = store.money(seller, intent.posting_number)
    return [_row(intent, ledgers[intent.posting_number]) for intent in found]


def refunds_csv(rows: list[dict[str, Json]], separator: Separator = Separator.SEMICOLON) -> str:
    """The rows as a table; texts that a spreadsheet would run as a formula are made harmless."""
    return csv_text(COLUMNS, ([_cell(row[name]) for name in COLUMNS] for row in rows), separator)


def _intents(seller: str, since: datetime, until: datetime, store: Store) -> Iterator[Intent]:
    decision = f".{IntentAction.RETURN_ACTION}."
    seen: set[str] = set()
    for state in (None, IntentState.CONFIRMED, IntentState.REJECTED):
        for identifier in every(partial(_ids, store, seller, state, since)):
            # The index lags, so an intent may be listed under two states while it moves.
            if identifier in seen or decision not in identifier:
                continue
            seen.add(identifier)
            intent = store.intent(seller, identifier)
            if intent is None:
                continue
            if intent.created_at >= until:
                if state is None:
                    continue  # those that an older release wrote come behind the others
                break
            if intent.amount is not None and intent.created_at >= since:
                yield intent


def _ids(store: IntentReads, seller: str, state: IntentState | None, since: datetime, cursor: str | None) -> Page[str]:
    if state is None:
        return store.open_intents(seller, since=since, limit=200, cursor=cursor)
    return store.intents_in(seller, state, since=since, limit=200, cursor=cursor)


def _row(intent: Intent, ledger: MoneyLedger | None) -> dict[str, Json]:
    entries: Mapping[str, Entry] = ledger.entries if ledger else {}
    entry, beside = entries.get(intent.id), entries.get(postage_key(intent.id))
    currency = intent.amount.currency if intent.amount else ""
    lines: dict[str, Json] = {sku: Money(minor, currency).amount for sku, minor in intent.lines.items()}
    return {
        "intent": intent.id,
        "state": intent.state,
        "posting_number": intent.posting_number,
        "return_id": intent.ref.id,
        "kind": entry.kind if entry else None,
        "amount": intent.amount.amount if intent.amount else None,
        "postage": intent.postage.amount if intent.postage else None,
        "currency": currency,
        "lines": lines,
        "asked_at": time_text(intent.created_at),
        "asked_by": intent.actor,
        "approved_at": time_text(intent.approved_at),
        "approved_by": intent.approved_by or None,
        "settings_version": intent.policy_version,
        "settled_at": None if intent.open else time_text(intent.updated_at),
        "reason": intent.reason or None,
        "outcome": intent.outcome or None,
        "executed_by": entry.executed_by if entry else None,
        "cost_borne_by": entry.cost_borne_by if entry else None,
        "rule": entry.rule or None if entry else None,
        "accrual": entry.accrual or None if entry else None,
        "accrued": _accrued(entry, currency),
        "postage_accrual": beside.accrual or None if beside else None,
        "postage_accrued": _accrued(beside, currency),
    }


def _accrued(entry: Entry | None, currency: str) -> str | None:
    return Money(entry.accrued, currency).amount if entry and entry.charge_known else None


def _cell(value: Json) -> str | int | None:
    if isinstance(value, Mapping):
        return "; ".join(f"{sku}: {amount}" for sku, amount in value.items())
    return value if value is None or isinstance(value, int) else str(value)
