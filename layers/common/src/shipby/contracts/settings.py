"""The seller's policy, as it is read and written."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from shipby.contracts.base import ActorName, MoneyView, Request, Time, View
from shipby.contracts.bench.rules import (
    InspectionRuleBody,
    InspectionRuleView,
    PackagingRuleBody,
    PackagingRuleView,
)
from shipby.contracts.messages.policy import MessagePolicyBody, MessagePolicyView
from shipby.contracts.policy.overrides import PolicyOverrideBody, PolicyOverrideView, placed_once
from shipby.contracts.policy.parts import (
    CappedAction,
    Duration,
    Limits,
    Name,
    OwnLabelBody,
    OwnLabelView,
    RecipientBody,
    RecipientView,
    ReturnPolicyBody,
    ReturnPolicyView,
    lengths_named_once,
    policies_named_once,
)
from shipby.contracts.validation.rules import (
    AutoConfirmBody,
    AutoConfirmView,
    CheckRuleBody,
    CheckRuleView,
    named_once,
)
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import Automation

_INT64 = 2**63 - 1


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write it like Europe/Moscow") from error
    return name


def _a_day(length: timedelta) -> timedelta:
    if length > timedelta(days=1):
        raise ValueError("must be at most a day")
    return length


def _short(length: timedelta) -> timedelta:
    if not timedelta(0) <= length <= timedelta(minutes=15):
        raise ValueError("must be at most 15 minutes")
    return length


class SettingsBody(Request):
    """The whole policy: read it, change it, send all of it back."""

    version: Annotated[
        int | None, Field(description="Comes with the answer of GET; not looked at here, If-Match decides.")
    ] = None
    amounts: Annotated[
        dict[str, Any] | None, Field(description="Comes with the answer of GET; not looked at here, the limits are.")
    ] = None
    language: Annotated[Literal["ru", "zh", "en"], Field(description="Of notices.")]
    time_zone: Annotated[str, Field(max_length=64, examples=["Europe/Moscow"]), AfterValidator(_known_zone)]
    confirm_within: Annotated[Duration, Field(description="After a posting is received.")]
    remind_before: Annotated[
        list[timedelta],
        AfterValidator(lengths_named_once),
        Field(max_length=4, description="Before the cut-off, for what is not packed yet.", examples=[["PT4H", "PT1H"]]),
    ]
    hand_over_before: Annotated[Duration, Field(description="Before the cut-off: packed ones should be gone.")]
    label_within: Annotated[Duration, Field(description="After a posting is assembled.")]
    give_up_after: Annotated[Duration, Field(description="After the last date without delay.")]
    auto_cancel_estimate: Annotated[
        Duration | None,
        Field(description="After the cut-off: when the marketplace is expected to cancel. null: as its pages say."),
    ] = None
    decide_return_within: Annotated[
        Duration | None, Field(description="After a return is opened. null: as the marketplace's pages say.")
    ] = None
    remind_return_before: Annotated[Duration, Field(description="Before a return must be decided.")]
    settle_after: Annotated[Duration, Field(description="After a call without an answer: read the marketplace.")]
    settle_limit: Annotated[Duration, Field(description="Longer unsettled: a person's matter, and the proof is red.")]
    close_after: Annotated[Duration, Field(description="After delivery.")]
    assemble_at: Annotated[
        Literal["wave", "packed"],
        Field(description="When auto_assemble ships: wave (on confirming, labels are fetched ahead) or packed."),
    ]
    auto_assemble: Annotated[
        Automation,
        Field(description="Whether postings are shipped by themselves: off, shadow (only say so) or on."),
    ]
    policy: Annotated[
        Literal["fbs_warehouse", "cross_border_rfbs", "partner_delivery"],
        Field(description="The order of moves for a posting that will be or is late."),
    ]
    market: Annotated[Literal["ru", "global"], Field(description="Which of the marketplace's dated periods apply.")]
    move_date_before: Annotated[Duration, Field(description="Before the cut-off: ask for a later date.")]
    move_date_by: Annotated[Duration, Field(description="By how much the date is moved.")]
    auto_move_date: Automation
    auto_ask_buyer: Automation
    auto_cancel: Automation
    cancel_guard: Annotated[
        bool, Field(description="Whether a cancel into a worse band of the error index needs an explicit word.")
    ]
    index_table: Annotated[str, Field(max_length=40, description="Bands of the error index; empty: the market's.")]
    cancel_reason_id: Annotated[
        int,
        Field(
            ge=1,
            le=_INT64,
            description="Preferred by automatic cancels where it is offered and true; otherwise the cause decides.",
        ),
    ]
    caps: Annotated[
        dict[CappedAction, Annotated[int, Field(ge=0, le=100_000)]],
        Field(description="Automatic actions a day, by action."),
    ]
    kill_switch: Annotated[bool, Field(description="True stops every automatic irreversible action.")]
    recipients: Annotated[list[RecipientBody], Field(max_length=50)]
    digest_window: Annotated[
        timedelta,
        AfterValidator(_short),
        Field(description="Notices to one recipient within this time are one message.", examples=["PT30S"]),
    ]
    minutes_per_posting: Annotated[
        dict[Stage, Annotated[int, Field(ge=1, le=1440)]],
        Field(description="Minutes of work left until hand-over, by stage."),
    ]
    owners: Annotated[
        dict[Stage | Literal["*"], Name], Field(description="Stage -> who owns postings in it; * for the others.")
    ]
    label_form: Annotated[LabelForm, Field(description="Which of the marketplace's label sizes is fetched ahead.")]
    own_label: OwnLabelBody
    unlock_at: Annotated[
        Literal["assembled", "packed"],
        Field(description="When a label may be printed: once assembled, or only after the last good scan."),
    ]
    personal_kept: Annotated[
        Duration, AfterValidator(_a_day), Field(description="How long a printed file that shows a person is kept.")
    ]
    buyer_chat: Annotated[bool, Field(description="Whether the account may write to buyers.")]
    messages: Annotated[MessagePolicyBody, Field(default_factory=MessagePolicyBody)]
    auto_return: Annotated[
        Automation, Field(description="Whether returns are decided by themselves, by your return policies.")
    ] = Automation.SHADOW
    auto_cancel_request: Annotated[
        Automation, Field(description="Whether a buyer's wish to cancel is answered by itself.")
    ] = Automation.SHADOW
    tell_stock: Annotated[
        Automation,
        Field(description="Whether the marketplace is told by itself what is free in the pools you sell from."),
    ] = Automation.SHADOW
    remind_cancel_request_before: Annotated[
        Duration, Field(description="Before the marketplace approves a buyer's wish to cancel by itself.")
    ] = timedelta(hours=3)
    remind_claim_before: Annotated[Duration, Field(description="Before a claim must be answered.")] = timedelta(
        hours=12
    )
    answer_claim_within: Annotated[
        Duration | None, Field(description="After packing evidence is asked for. null: as the marketplace's pages say.")
    ] = None
    return_policies: Annotated[
        list[ReturnPolicyBody], AfterValidator(policies_named_once), Field(default_factory=list, max_length=50)
    ]
    inspections: Annotated[
        list[InspectionRuleBody], Field(default_factory=list, max_length=200, description="What is inspected.")
    ]
    inspector_not_picker: Annotated[bool, Field(description="Who has picked a posting may not inspect it.")] = False
    packaging: Annotated[
        list[PackagingRuleBody],
        Field(default_factory=list, max_length=200, description="How parcels are packed; empty: nothing is confirmed."),
    ]
    insert_language: Annotated[
        Literal["ru", "zh", "en", "kk"],
        Field(description="What your buyers read, for inserts: the marketplace does not tell a buyer's language."),
    ] = "ru"
    approve_above: Annotated[
        Limits,
        Field(
            default_factory=dict,
            description="A refund above it needs a second person; a currency that is missing has no limit.",
        ),
    ]
    refund_cap: Annotated[
        Limits,
        Field(default_factory=dict, description="What all refunds of a day may come to, by people and machines."),
    ]
    postage_limit: Annotated[
        Limits,
        Field(
            default_factory=lambda: {"RUB": 100_000},
            description="The most return postage of one return; a currency that is missing allows none.",
        ),
    ]
    approve_numbers: Annotated[
        Literal["never", "doubtful", "replacements"],
        Field(
            description="When a tracking number needs a second person: never, where a check leaves a doubt, or for "
            "every replacement as well."
        ),
    ] = "doubtful"
    stock_pools: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=60)], Annotated[str, Field(min_length=1, max_length=100)]],
        Field(
            default_factory=dict,
            max_length=50,
            description="Warehouse id, or * for every other one -> the pool that its postings reserve from: main is "
            "your own, other-shop:main another shop's that it has opened to you. Empty: no stock is kept.",
        ),
    ]
    evidence_kept: Annotated[Duration, Field(description="How long photos and other evidence are kept.")] = timedelta(
        days=180
    )
    checks: Annotated[
        Automation,
        Field(description="Whether orders are held against what the marketplace wants and check_rules; shadow: shown."),
    ] = Automation.ON
    check_rules: Annotated[list[CheckRuleBody], AfterValidator(named_once), Field(default_factory=list, max_length=50)]
    auto_confirm: Annotated[
        Automation, Field(description="Whether orders that fit are confirmed by themselves, within auto_confirm_rule.")
    ] = Automation.OFF
    auto_confirm_rule: Annotated[AutoConfirmBody, Field(default_factory=AutoConfirmBody)]
    escalate_confirm_after: Annotated[
        Duration | None,
        Field(description="After confirm_within: a second person hears that nobody confirms. null: nobody does."),
    ] = None
    escalate_confirm_to: Annotated[
        str, Field(max_length=40, description="Name of that recipient; empty: everybody.")
    ] = ""
    overrides: Annotated[
        list[PolicyOverrideBody],
        AfterValidator(placed_once),
        Field(
            default_factory=list,
            max_length=50,
            description="What differs by scheme and warehouse. The narrower word wins: policy, scheme, warehouse, "
            "scheme in a warehouse.",
        ),
    ]
    tell_amended: Annotated[
        Automation, Field(description="Whether the buyer is told that an order was changed while it was worked on.")
    ] = Automation.OFF

    @model_validator(mode="after")
    def _known_person(self) -> Self:
        known = {recipient.name for recipient in self.recipients}
        if self.escalate_confirm_to and self.escalate_confirm_to not in known:
            raise ValueError("escalate_confirm_to names nobody among recipients")
        return self


class SettingsView(View):
    """A seller's policy; durations are ISO 8601."""

    version: int
    language: str
    time_zone: str
    confirm_within: str
    remind_before: list[str]
    hand_over_before: str
    label_within: str
    give_up_after: str
    auto_cancel_estimate: str | None
    decide_return_within: str | None
    remind_return_before: str
    settle_after: str
    settle_limit: str
    close_after: str
    assemble_at: str
    auto_assemble: Automation
    policy: str
    market: str
    move_date_before: str
    move_date_by: str
    auto_move_date: Automation
    auto_ask_buyer: Automation
    auto_cancel: Automation
    cancel_guard: bool
    index_table: str
    cancel_reason_id: int
    caps: dict[str, int]
    kill_switch: bool
    recipients: list[RecipientView]
    digest_window: str
    minutes_per_posting: dict[str, int]
    owners: dict[str, str]
    label_form: LabelForm
    own_label: OwnLabelView
    unlock_at: str
    personal_kept: str
    buyer_chat: bool
    messages: MessagePolicyView
    auto_return: Automation
    auto_cancel_request: Automation
    tell_stock: Automation
    remind_cancel_request_before: str
    remind_claim_before: str
    answer_claim_within: str | None
    return_policies: list[ReturnPolicyView]
    inspections: list[InspectionRuleView]
    inspector_not_picker: bool
    insert_language: str
    packaging: list[PackagingRuleView]
    approve_above: dict[str, int]
    approve_numbers: str
    refund_cap: dict[str, int]
    postage_limit: dict[str, int]
    amounts: Annotated[
        dict[str, list[MoneyView]],
        Field(description="The limits above, which are in minor units, as amounts. They are taken as decimals too."),
    ]
    stock_pools: dict[str, str]
    evidence_kept: str
    checks: Automation
    check_rules: list[CheckRuleView]
    auto_confirm: Automation
    auto_confirm_rule: AutoConfirmView
    escalate_confirm_after: str | None
    escalate_confirm_to: str
    tell_amended: Automation
    overrides: list[PolicyOverrideView]


class FieldChangeView(View):
    field: str
    shown: Annotated[bool, Field(description="False of fields that name people: only that it changed.")]
    before: Any
    after: Any


class SettingsChangeView(View):
    version: Annotated[int, Field(description="Of the policy, from then on.")]
    at: Time
    actor: str
    actor_name: ActorName = None
    changes: Annotated[list[FieldChangeView], Field(description="Empty: it was sent again as it stood.")]
