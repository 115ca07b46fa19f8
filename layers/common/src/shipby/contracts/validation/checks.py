"""Can it ship, and what was changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shipby.contracts.base import Reason, Request, Text, Time, View
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.check_rules import Severity


class AllowBody(Request):
    reason: Reason


class SeenBody(Request):
    reason: Annotated[Text, Field(description="What was done about it; a remark for the history.")] = ""


class MismatchView(View):
    """One thing that does not fit."""

    code: Annotated[str, Field(examples=["gtd_needed", "over_drop_off_weight"])]
    severity: Severity
    source: Annotated[str, Field(description="Who says so: marketplace, or `rule <name>`.")]
    what: str
    todo: str
    sku: Annotated[str | None, Field(description="Null: of the whole posting.")]
    pieces: Annotated[list[int], Field(description="Counted from 1; empty: all pieces.")]


class DropOffView(View):
    """Limits of the drop-off as the marketplace named them today; 0 is no limit."""

    least_grams: int
    most_grams: int
    sides_cm: list[int]
    least_roubles: int
    most_roubles: int


class CheckedView(View):
    """Can it ship; if not, because of what, fixed by what, before when."""

    posting_number: str
    stage: Stage
    version: Annotated[int, Field(description="Counts changes of the posting; also the ETag.")]
    can_ship: bool
    state: Annotated[
        Literal["fits", "stopped", "allowed", "open", "off"],
        Field(
            description="fits; stopped: confirm, pick, pack and ship are refused; allowed: a person lets it go on; "
            "open: something does not fit and nothing is stopped; off: checks are off, or it has left the house."
        ),
    ]
    because: Annotated[list[str], Field(description="Codes of what stops it.")]
    before: Annotated[Time | None, Field(description="Its cut-off.")]
    mismatches: Annotated[list[MismatchView], Field(description="Worst first, at most 50.")]
    count: int
    drop_off: DropOffView | None


class DifferenceView(View):
    what: Annotated[
        str,
        Field(
            description="quantity, price, delivery_method, warehouse, integration, address, cut_off, delivery_by, "
            "legal_entity."
        ),
    ]
    sku: str | None
    old: Annotated[Any, Field(description="Of an address never more than given or none.")]
    new: Any


class AmendmentView(View):
    """What one read of the marketplace showed that the one before did not."""

    version: int
    at: Time
    since: Annotated[Time | None, Field(description="When it was last seen as it was before.")]
    changes: list[DifferenceView]
    undone: Annotated[str | None, Field(description="The stage that the work went back to; null where it stood.")]
    stopped: Annotated[bool, Field(description="Whether whoever worked on it was stopped.")]
    split: Annotated[bool, Field(description="Its goods went into other postings of the order.")]


class AmendmentsView(View):
    posting_number: str
    waits: Annotated[
        int | None, Field(description="The version that somebody has to see before work goes on; null: none.")
    ]
    items: Annotated[list[AmendmentView], Field(description="Oldest first.")]
