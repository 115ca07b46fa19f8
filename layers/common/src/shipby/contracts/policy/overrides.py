"""What differs of the policy by scheme and warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shipby.contracts.base import Request, View
from shipby.contracts.policy.parts import Duration, lengths_named_once
from shipby.domain.sellers.settings import Automation

_WHERE = frozenset({"scheme", "warehouse"})


class PolicyOverrideBody(Request):
    """What holds for the postings of a scheme, of a warehouse, or of a scheme in a warehouse. Left out or null: as the
    policy says."""

    scheme: Annotated[Literal["", "FBS", "rFBS"], Field(description="Empty: both.")] = ""
    warehouse: Annotated[
        str, Field(pattern=r"^[0-9]{0,20}$", description="Its id; empty: all.", examples=["1020000123456000"])
    ] = ""
    confirm_within: Duration | None = None
    remind_before: Annotated[
        list[timedelta] | None, AfterValidator(lambda lengths: lengths and lengths_named_once(lengths)), Field()
    ] = None
    label_within: Duration | None = None
    give_up_after: Duration | None = None
    policy: Literal["fbs_warehouse", "cross_border_rfbs", "partner_delivery"] | None = None
    move_date_before: Duration | None = None
    move_date_by: Duration | None = None
    auto_move_date: Automation | None = None
    auto_ask_buyer: Automation | None = None
    auto_cancel: Automation | None = None
    assemble_at: Literal["wave", "packed"] | None = None
    auto_assemble: Automation | None = None
    auto_confirm: Automation | None = None
    escalate_confirm_after: Duration | None = None
    unlock_at: Literal["assembled", "packed"] | None = None
    approve_numbers: Literal["never", "doubtful", "replacements"] | None = None

    @model_validator(mode="after")
    def _says_where_and_what(self) -> Self:
        if not (self.scheme or self.warehouse):
            raise ValueError("names neither a scheme nor a warehouse: change the policy itself instead")
        if self.remind_before is not None and len(self.remind_before) > 4:
            raise ValueError("remind_before: at most 4")
        if all(getattr(self, name) is None for name in type(self).model_fields if name not in _WHERE):
            raise ValueError("says nothing that differs: leave it out")
        return self


class PolicyOverrideView(View):
    """The same, as it stands; what is null is as the policy says."""

    scheme: str
    warehouse: str
    confirm_within: str | None
    remind_before: list[str] | None
    label_within: str | None
    give_up_after: str | None
    policy: str | None
    move_date_before: str | None
    move_date_by: str | None
    auto_move_date: Automation | None
    auto_ask_buyer: Automation | None
    auto_cancel: Automation | None
    assemble_at: str | None
    auto_assemble: Automation | None
    auto_confirm: Automation | None
    escalate_confirm_after: str | None
    unlock_at: str | None
    approve_numbers: str | None


def placed_once(overrides: Sequence[PolicyOverrideBody]) -> Sequence[PolicyOverrideBody]:
    """Refuse two for the same scheme and warehouse: which of them held would be chance."""
    places = [(each.scheme, each.warehouse) for each in overrides]
    if len(set(places)) != len(places):
        raise ValueError("names the same scheme and warehouse twice")
    return overrides
