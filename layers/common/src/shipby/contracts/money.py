"""Refunds: a second person's word, cancelling items, the export."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.application.shared.csv_text import Separator
from shipby.contracts.base import ActorName, MoneyView, Query, Request, Text, Time, View
from shipby.contracts.postings import FamilyView
from shipby.domain.intents import IntentState
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, EntryKind, EntryState, ExecutedBy

_INT64 = 2**63 - 1
Amount = Annotated[str, Field(examples=["12.50"], description="Decimal text in `currency`.")]


class ApproveBody(Request):
    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class CancelItemsBody(Request):
    """Which products, and how many pieces of each, are cancelled; all of them is a cancel of the posting."""

    items: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=10_000)]],
        Field(min_length=1, max_length=200, description="SKU -> pieces.", examples=[{"149123456": 1}]),
    ]
    reason_id: Annotated[
        int, Field(ge=1, le=_INT64, description="One the marketplace offers for this posting.", examples=[352])
    ]
    message: Annotated[
        str, Field(min_length=1, max_length=500, description="Told to the marketplace, which wants one.")
    ]
    accept_forecast: Annotated[
        bool,
        Field(description="True: you have seen the forecast and cancel all the same. Owners and managers only."),
    ] = False


class RefundsExportQuery(Query):
    since: Annotated[Time, Field(alias="from", description="Refunds asked for from then on.")]
    until: Annotated[Time, Field(alias="to", description="And before then; at most 92 days later.")]
    format: Annotated[Literal["csv", "json"], Field(description="A table for spreadsheets, or JSON.")] = "csv"
    separator: Annotated[
        Separator | None,
        Field(
            description="Between cells of a csv. Left out: what spreadsheets in the language of your notices split at, "
            "with its decimal sign (semicolon and comma in Russian, comma and point else). tab: for programs."
        ),
    ] = None


class RefundRowView(View):
    """One refund with its proof."""

    intent: str
    state: IntentState
    posting_number: str
    return_id: str
    kind: EntryKind | None
    amount: Amount
    postage: Amount | None
    currency: str
    lines: Annotated[dict[str, str], Field(description="SKU -> amount.")]
    asked_at: Time
    asked_by: str
    asked_by_name: ActorName = None
    approved_at: Time | None
    approved_by: str | None
    approved_by_name: ActorName = None
    settings_version: int
    settled_at: Time | None
    reason: str | None
    outcome: str | None
    executed_by: ExecutedBy | None
    cost_borne_by: CostBorneBy | None
    rule: str | None
    accrual: AccrualState | None
    accrued: Amount | None
    postage_accrual: AccrualState | None
    postage_accrued: Amount | None


class LineAmountView(View):
    sku: str
    amount: MoneyView | None


class LedgerLineView(View):
    sku: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView


class LedgerEntryView(View):
    key: Annotated[str, Field(description="The intent's id, or observed:<what> for the marketplace's own refund.")]
    amount: MoneyView
    state: EntryState
    kind: EntryKind
    at: Time | None
    lines: list[LineAmountView]
    executed_by: ExecutedBy
    cost_borne_by: CostBorneBy
    rule: Annotated[str | None, Field(description="Which row of the table of who pays decided the two above.")]
    accrual: Annotated[
        AccrualState | None, Field(description="Whether the marketplace's accruals bear it out; null: not compared.")
    ]
    accrued: Annotated[
        MoneyView | None, Field(description="What the marketplace charged the seller for it; null: not known.")
    ]


class LedgerView(View):
    posting_number: str
    paid: MoneyView
    reserved: MoneyView
    refunded: MoneyView
    postage_reserved: MoneyView
    postage: Annotated[MoneyView, Field(description="Return postage given back, beside the price.")]
    lines: list[LedgerLineView]
    entries: list[LedgerEntryView]
    family: Annotated[FamilyView | None, Field(description="Null where the order was not split.")]
