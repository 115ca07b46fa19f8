"""What is done about a posting that will be or is late, and in which order. Cancelling is always the last move.

Prioritise it; move its date where the marketplace offers that; ask the buyer where a chat is offered; show each choice
with its price; only then cancel, by the seller's policy or by a person. Moves that act outside stand under the
seller's automation switches (shadow first), daily caps and the kill switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.deadlines.periods import PeriodKind, period
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Posting, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, LatePolicy, SellerSettings

SET_CUT_OFF_OFFER = "set_cutoff"
CHAT_OFFER = "can_create_chat"
CANCEL_OFFER = "cancel"
"""Values of `available_actions`. Source: /v3/posting/fbs/get."""
_COUNTS = "it counts as a seller's cancel in the error index; one that the buyer makes does not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What can be done about a posting: the marketplace's offers by its last read, and what a cancel would cost."""

    actions: tuple[str, ...] = ()
    """`available_actions`."""
    cancel_fee: Money | None = None
    """At most, by the forecast of the error index; None where it is not known."""
    wanted: bool | None = None
    """Whether the buyer still wants it, by their last word; None: there is none."""
    cancel_note: str = ""
    """The forecast in words."""


class Move(StrEnum):
    """One thing that can be done about a posting in trouble."""

    PRIORITISE = "prioritise"
    MOVE_DATE = "move_date"
    ASK_BUYER = "ask_buyer"
    SHOW_CHOICES = "show_choices"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A policy: the moves in their order. Every one ends with cancelling, and none begins with it."""

    name: LatePolicy
    moves: tuple[Move, ...]
    ask_buyer_after: timedelta
    """How long after the cut-off the buyer is asked, where a chat is offered."""


PRESETS: Mapping[LatePolicy, Preset] = {
    preset.name: preset
    for preset in (
        # The marketplace delivers: it offers no other date, and its warehouse takes late postings for a price.
        Preset(
            name=LatePolicy.FBS_WAREHOUSE,
            moves=(Move.PRIORITISE, Move.ASK_BUYER, Move.SHOW_CHOICES, Move.CANCEL),
            ask_buyer_after=timedelta(hours=24),
        ),
        # The seller delivers: the date may be moved until it has passed, and the marketplace cancels soon after it.
        Preset(
            name=LatePolicy.CROSS_BORDER_RFBS,
            moves=(Move.PRIORITISE, Move.MOVE_DATE, Move.ASK_BUYER, Move.SHOW_CHOICES, Move.CANCEL),
            ask_buyer_after=timedelta(hours=1),
        ),
        # A carrier tied to the marketplace delivers: its dates are the marketplace's, not the seller's.
        Preset(
            name=LatePolicy.PARTNER_DELIVERY,
            moves=(Move.PRIORITISE, Move.ASK_BUYER, Move.SHOW_CHOICES, Move.CANCEL),
            ask_buyer_after=timedelta(hours=4),
        ),
    )
}


def preset_of(settings: SellerSettings) -> Preset:
    """The seller's policy."""
    return PRESETS[settings.policy]


def automation_of(move: Move, settings: SellerSettings) -> Automation:
    """Whether a move may be carried out. Moves that only tell people something always may."""
    match move:
        case Move.MOVE_DATE:
            return settings.auto_move_date
        case Move.ASK_BUYER:
            return settings.auto_ask_buyer if settings.buyer_chat else Automation.OFF
        case Move.CANCEL:
            return settings.auto_cancel
        case Move.PRIORITISE | Move.SHOW_CHOICES:
            return Automation.ON


def later_cut_off(posting: Posting, settings: SellerSettings, *, at: datetime) -> datetime | None:
    """The date to ask for instead of the cut-off; None where there is none to ask for any more.

    The date can be moved only before it has passed, and never beyond the longest delivery time of rFBS. Source: Ozon
    Seller API, section Process, /v1/posting/cutoff/set.
    """
    cut_off, settings = posting.cut_off, policy_for(posting, settings)
    if cut_off is None or cut_off <= at:
        return None
    longest = period(PeriodKind.MAX_DELIVERY, settings.market, at.date()).end(posting.received_at)
    return min(cut_off + settings.move_date_by, longest) if cut_off < longest else None


def money_json(money: Money) -> dict[str, Json]:
    """An amount as events carry it."""
    return {"amount": money.amount, "currency": money.currency}


def may_be_sent(posting: Posting) -> bool:
    """Whether it is still ours to pack and hand over."""
    stage = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    return stage in BEFORE_HAND_OVER


def choices(posting: Posting, offers: Offers, settings: SellerSettings, *, at: datetime) -> list[Json]:
    """Each way out with its price, or why there is none.

    The price of sending it is what being late has cost so far; `next` is what the next step adds, and when. The price
    of a cancel is the highest fee that the error index would then ask for, where that is known.
    """
    offered = offers.actions

    def choice(move: Move, why_not: str, **more: Json) -> dict[str, Json]:
        told: dict[str, Json] = {"move": move, "offered": not why_not}
        return told | ({"why": why_not} if why_not else more)

    send: dict[str, Json] = {}
    if posting.late_price is not None:
        send["price"] = money_json(posting.late_price)
    ahead = next((rung for rung in posting.rungs if rung.price is not None and rung.due > at), None)
    if ahead is not None and ahead.price is not None:
        send["next"] = money_json(ahead.price) | {"at": ahead.due.isoformat()}
    not_sent = "" if may_be_sent(posting) else f"it is {posting.stage}"
    no_date = ""
    if Move.MOVE_DATE not in preset_of(policy_for(posting, settings)).moves or SET_CUT_OFF_OFFER not in offered:
        no_date = "the marketplace does not offer another date for it"
    elif later_cut_off(posting, settings, at=at) is None:
        no_date = "a date can only be moved before it has passed"
    no_chat = "" if CHAT_OFFER in offered else "the marketplace offers no chat with its buyer"
    if not settings.buyer_chat:
        no_chat = "the account has no chat with buyers"
    no_cancel = "" if CANCEL_OFFER in offered else "the marketplace does not offer to cancel it"
    cancel: dict[str, Json] = {"note": offers.cancel_note or _COUNTS}
    if offers.cancel_fee is not None:
        cancel["price"] = money_json(offers.cancel_fee)
    return [
        choice(Move.PRIORITISE, not_sent, **send),
        choice(Move.MOVE_DATE, no_date),
        choice(Move.ASK_BUYER, no_chat),
        choice(Move.CANCEL, no_cancel, **cancel),
    ]


def choices_event(
    posting: Posting, offers: Offers, settings: SellerSettings, *, at: datetime, actor: str, reason: str = ""
) -> Event:
    """Each way out with its price, for a person to choose."""
    data: dict[str, Json] = {"choices": choices(posting, offers, settings, at=at), "late": posting.late}
    return Event(type=EventType.POSTING_CHOICES, at=at, actor=actor, reason=reason, data=data)


def prioritised_event(posting: Posting, *, at: datetime, actor: str, reason: str) -> Event:
    """To the front of the work, with the money that hangs on it."""
    data: dict[str, Json] = {"stage": posting.stage}
    if posting.cut_off is not None:
        data["cut_off"] = posting.cut_off.isoformat()
    if posting.at_risk is not None:
        data["price"] = money_json(posting.at_risk)
    return Event(type=EventType.POSTING_PRIORITISED, at=at, actor=actor, reason=reason, data=data)


def shadowed_event(move: Move, would: str, *, at: datetime, actor: str, **more: Json) -> Event:
    """What an automatic move would have done."""
    data: dict[str, Json] = {"action": move, **more}
    reason = f"shadow mode: would have {would}"
    return Event(type=EventType.AUTOMATION_SHADOWED, at=at, actor=actor, reason=reason, data=data)
