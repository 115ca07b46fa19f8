"""Purchases: goods that are bought after the sale, and their way to the house."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import MoneyView, Number, Paged, Request, Text, Time, View
from shipby.domain.tracking.purchases import HopKind

PurchaseId = Annotated[
    str, Field(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z._-]+$", examples=["1688-20261130"])
]
Short = Annotated[str, Field(max_length=100)]


class PurchasesQuery(Paged):
    late: Annotated[
        bool,
        Field(
            description="Only those of which a step should be done by now. A page may then hold fewer items although "
            "more follow."
        ),
    ] = False


class HopBody(Request):
    """One step. Without expected_by nothing rings; done_at ends it."""

    kind: Annotated[HopKind, Field(description="bought, domestic, forwarder, international: in this order.")]
    number: Annotated[Short, Field(description="The supplier's order number, a parcel's, the forwarder's …")] = ""
    carrier: Short = ""
    expected_by: Time | None = None
    done_at: Time | None = None
    late: Annotated[bool | None, Field(description="Comes with GET; not looked at.")] = None


class PurchaseBody(Request):
    """The whole purchase: read it, change it, send all of it back."""

    supplier: Short = ""
    comment: Text = ""
    postings: Annotated[
        list[Number], Field(default_factory=list, max_length=20, description="The orders it is for; none frees them.")
    ]
    hops: Annotated[list[HopBody], Field(default_factory=list, max_length=12)]


class PurchaseTableBody(Request):
    csv: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200_000,
            description="CSV text, or what a spreadsheet pastes. Columns purchase, posting_number, supplier, hop, "
            "number, carrier, expected_by, done_at, in Russian or Chinese as well; split at ',', ';' or a tab. "
            "Several rows may name one purchase: they add to it, and to what is there.",
        ),
    ]
    dry_run: Annotated[bool, Field(description="Judge every row and store nothing.")] = True


class HopView(View):
    kind: HopKind
    number: str
    carrier: str
    expected_by: Time | None
    done_at: Time | None
    late: Annotated[bool, Field(description="It should be done by now.")]


class MadeLateView(View):
    """An order whose goods come after its cut-off."""

    posting_number: str
    cut_off: Time
    minutes_late: int
    at_risk: Annotated[MoneyView | None, Field(description="What missing its next priced step costs.")]


class PurchaseView(View):
    id: str
    version: Annotated[int, Field(description="Counts changes; also the ETag.")]
    supplier: str
    comment: str
    postings: list[str]
    hops: list[HopView]
    late: bool
    goods_at: Annotated[
        Time | None, Field(description="When the goods are expected: the last step, later by what is late now.")
    ]
    makes_late: Annotated[list[MadeLateView], Field(description="The earliest cut-off first.")]
    changed_at: Time
    changed_by: str


class PurchaseRowView(View):
    line: Annotated[int, Field(description="In the table; the heading is 1.")]
    purchase: str
    posting_number: str | None
    result: Literal["saved", "good", "unchanged", "problem"]
    problem: str | None


class PurchaseTableView(View):
    """A verdict per row; a purchase of which one row is wrong is left out whole."""

    dry_run: bool
    items: list[PurchaseRowView]
    saved: int
    good: Annotated[int, Field(description="Would be saved.")]
    unchanged: int
    problem: int
