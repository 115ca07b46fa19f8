"""How a ledger looks to API clients."""

from __future__ import annotations

from shipby.application.shared.views import money_view, time_text
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import MoneyLedger


def ledger_view(ledger: MoneyLedger) -> dict[str, Json]:
    def money(minor: int) -> Json:
        return money_view(Money(minor, ledger.currency))

    return {
        "posting_number": ledger.number,
        "paid": money(ledger.paid),
        "reserved": money(ledger.reserved),
        "refunded": money(ledger.refunded),
        "postage_reserved": money(ledger.postage_reserved),
        "postage": money(ledger.postage),
        "lines": [
            {
                "sku": sku,
                "paid": money(line.paid),
                "reserved": money(line.reserved),
                "refunded": money(line.refunded),
            }
            for sku, line in ledger.lines.items()
        ],
        "entries": [
            {
                "key": key,
                "amount": money(entry.minor),
                "state": entry.state,
                "kind": entry.kind,
                "at": time_text(entry.at),
                "lines": [{"sku": sku, "amount": money(minor)} for sku, minor in entry.lines.items()],
                "executed_by": entry.executed_by,
                "cost_borne_by": entry.cost_borne_by,
                "rule": entry.rule or None,
                "accrual": entry.accrual or None,
                "accrued": money(entry.accrued) if entry.charge_known else None,
            }
            for key, entry in ledger.entries.items()
        ],
    }
