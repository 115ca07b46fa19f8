"""What callers send: bodies and query parameters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from shipby.contracts.base import MoneyBody, Paged, Query, Reason, Request, Text, Time
from shipby.domain.documents import LabelForm, LabelFormat, LabelSize, MatrixCode
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.policy import Move
from shipby.domain.posting import Stage
from shipby.domain.records import Automation
from shipby.domain.returns import COMPENSATE_ACTION

Day = date
"""Under another name: a field called date would hide its own type."""

_INT64 = 2**63 - 1
"""The marketplace's ids are 64 bits wide; the table holds 38 digits at most."""

# Query parameters ------------------------------------------------------------------------------------------------


class NoQuery(Query):
    """No parameters."""


class PostingsQuery(Paged):
    stage: Annotated[
        Stage | None, Field(description="One stage's worklist; without it all open stages one after the other.")
    ] = None
    status: Annotated[Text, Field(description="The marketplace's own status, such as awaiting_deliver.")] = ""
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    q: Annotated[
        str, Field(max_length=200, description="A posting number, a tracking number or a label's barcode, whole.")
    ] = ""


class EventsQuery(Query):
    after_version: Annotated[int, Field(ge=0, le=99_999_998, description="Leave out what you know already.")] = 0


class ReturnsQuery(Paged):
    open: Annotated[bool, Field(description="Open ones, or those decided and closed.")] = True


class IntentsQuery(Paged):
    state: Annotated[IntentState | None, Field(description="Without it all states, the open ones first.")] = None


class ProofQuery(Query):
    date: Annotated[Day | None, Field(description="The day (UTC) the proof was made; without it today.")] = None


# Bodies ----------------------------------------------------------------------------------------------------------


class NoBody(Request):
    """Nothing has to be said."""


class StepBody(Request):
    """A step at the bench; nothing has to be said."""

    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class InspectBody(Request):
    passed: Annotated[bool, Field(description="False blocks the posting until somebody unblocks it.")] = True
    reason: Annotated[Text, Field(description="What is wrong; needed if it did not pass.")] = ""


class ReasonBody(Request):
    reason: Reason


class VerdictBody(Request):
    happened: Annotated[bool, Field(description="What the cabinet shows: true if the call was carried out.")]
    reason: Reason


class ShipBody(Request):
    packages: Annotated[
        list[Annotated[dict[str, Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=200)]] | None,
        Field(
            min_length=1,
            max_length=100,
            description="What goes into which package: SKU -> quantity. Without it everything goes into one.",
            examples=[[{"149123456": 2}]],
        ),
    ] = None


class CancelBody(Request):
    reason_id: Annotated[
        int, Field(ge=1, le=_INT64, description="One the marketplace offers for this posting.", examples=[352])
    ]
    message: Annotated[Text, Field(description="Told to the marketplace; without it the reason's title.")] = ""


class TrackingBody(Request):
    tracking_number: Annotated[str, Field(min_length=1, max_length=60, examples=["RB123456785CN"])]
    carrier: Annotated[str, Field(max_length=100, description="Your own name of the carrier.")] = ""
    reason: Reason


class CutOffBody(Request):
    cut_off: Annotated[Time, Field(description="The new date to hand the posting over by.")]


class ReturnInspectBody(Request):
    condition: Annotated[str, Field(min_length=1, max_length=500, description="What you found.")]


class DecideBody(Request):
    """One of the return's available_actions."""

    action_id: Annotated[int, Field(ge=-_INT64, le=_INT64, examples=[1020])]
    refund: Annotated[
        bool, Field(description="Whether this action gives the buyer money: true reserves it in the posting's ledger.")
    ]
    amount: Annotated[
        MoneyBody | None,
        Field(description="What the buyer gets; needed for action 1020, otherwise the price of the goods."),
    ] = None
    rejection_reason_id: Annotated[
        int | None, Field(ge=0, le=_INT64, description="Needed for a rejection (-1, -10).")
    ] = None
    comment: Annotated[Text, Field(description="Told to the marketplace; needed for a rejection.")] = ""
    reason: Annotated[Text, Field(description="For your own history.")] = ""

    @model_validator(mode="after")
    def _money_only_with_a_refund(self) -> Self:
        if not self.refund and (self.amount is not None or self.action_id == COMPENSATE_ACTION):
            raise ValueError("an amount, or action 1020, gives the buyer money: refund must be true")
        return self


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write it like Europe/Moscow") from error
    return name


def _sane(length: timedelta) -> timedelta:
    if not timedelta(0) < length <= timedelta(days=365):
        raise ValueError("must be more than nothing and at most 365 days")
    return length


def _a_day(length: timedelta) -> timedelta:
    if length > timedelta(days=1):
        raise ValueError("must be at most a day")
    return length


def _short(length: timedelta) -> timedelta:
    if not timedelta(0) <= length <= timedelta(minutes=15):
        raise ValueError("must be at most 15 minutes")
    return length


def _at_least_once(lengths: list[timedelta]) -> list[timedelta]:
    if len(set(lengths)) != len(lengths):
        raise ValueError("names the same length twice")
    return [_sane(length) for length in lengths]


TimeOfDay = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", examples=["09:00"])]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^#/\s]+$")]


class RecipientBody(Request):
    """Somebody who is told things: on which channels, in which shift, about what. Empty means all."""

    name: Name
    channels: Annotated[
        list[Name], Field(default_factory=list, max_length=20, description="Names in the seller's channel list.")
    ]
    language: Literal["", "ru", "zh", "en"] = ""
    events: Annotated[list[EventType], Field(default_factory=list, max_length=100)]
    warehouses: Annotated[list[Annotated[str, Field(max_length=40)]], Field(default_factory=list, max_length=100)]
    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]],
        Field(default_factory=list, max_length=7, description="1 = Monday, in your time zone."),
    ]
    shift_from: TimeOfDay = ""
    shift_to: TimeOfDay = ""
    urgent_any_time: bool = True

    @model_validator(mode="after")
    def _whole_shift(self) -> Self:
        if bool(self.shift_from) != bool(self.shift_to) or (self.shift_from and self.shift_from == self.shift_to):
            raise ValueError("a shift has a beginning and another end: set both shift_from and shift_to, or neither")
        return self


class OwnLabelBody(Request):
    """How your own labels look where a print wish does not say otherwise."""

    size: LabelSize = LabelSize.MM75X120
    format: Annotated[LabelFormat, Field(description="pdf, zpl (label printers) or png.")] = LabelFormat.PDF
    dpi: Annotated[Literal[203, 300], Field(description="Of your label printer.")] = 203
    matrix: MatrixCode = MatrixCode.QR
    sender_name: Annotated[str, Field(max_length=200, description="Your own, printed on the label.")] = ""
    sender_address: Annotated[str, Field(max_length=500)] = ""
    sender_phone: Annotated[str, Field(max_length=40)] = ""


Duration = Annotated[timedelta, AfterValidator(_sane), Field(description="ISO 8601", examples=["PT2H"])]


CappedAction = Literal[
    IntentAction.SHIP,
    IntentAction.CANCEL,
    IntentAction.SET_TRACKING,
    IntentAction.SET_CUT_OFF,
    IntentAction.RETURN_ACTION,
    Move.ASK_BUYER,
]
"""What a daily cap can be set for: every irreversible call, and the question to the buyer."""


class SettingsBody(Request):
    """The whole policy: read it, change it, send all of it back."""

    version: Annotated[
        int | None, Field(description="Comes with the answer of GET; not looked at here, If-Match decides.")
    ] = None
    language: Annotated[Literal["ru", "zh", "en"], Field(description="Of notices.")]
    time_zone: Annotated[str, Field(max_length=64, examples=["Europe/Moscow"]), AfterValidator(_known_zone)]
    confirm_within: Annotated[Duration, Field(description="After a posting is received.")]
    remind_before: Annotated[
        list[timedelta],
        AfterValidator(_at_least_once),
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
    cancel_reason_id: Annotated[int, Field(ge=1, le=_INT64)]
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
