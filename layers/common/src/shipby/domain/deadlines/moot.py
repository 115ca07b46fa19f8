"""Whether a move that was held back still makes sense: a posting goes on while its decision waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.domain.deadlines.ladder import pending
from shipby.domain.deadlines.policy import (
    CHAT_OFFER,
    SET_CUT_OFF_OFFER,
    Move,
    automation_of,
    later_cut_off,
    may_be_sent,
)
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.postings.posting import BEFORE_PACKED, FINAL, Posting, RungKind, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, SellerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the posting itself."""

    actions: tuple[str, ...] = ()
    """`available_actions` by the marketplace's last read."""
    asked: bool = False
    """Its buyer was asked, or has answered unasked."""
    wanted: bool | None = None
    """The buyer's last word; None: there is none."""


def why_moot(posting: Posting, move: Move, settings: SellerSettings, around: Around, *, at: datetime) -> str:
    """Why a held move is not made any more; empty where it still waits to be made."""
    if posting.stage in FINAL or not (may_be_sent(posting) or posting.stage is Stage.EXPIRED):
        return f"it is {posting.stage}"
    settings = policy_for(posting, settings)
    automation = automation_of(move, settings)
    if automation is not Automation.ON:
        return (
            f"the seller's policy does not {move.replace('_', ' ')} by itself any more ({automation}): a person decides"
        )
    match move:
        case Move.CANCEL:
            return _cancel(posting, around, at)
        case Move.MOVE_DATE:
            return _move_date(posting, settings, around, at)
        case Move.ASK_BUYER:
            if around.asked:
                return "its buyer was asked, or has answered"
            if CHAT_OFFER not in around.actions:
                return "the marketplace does not offer a chat with its buyer any more"
            return "" if posting.late or posting.stage is Stage.EXPIRED else "it is not late any more"
    return "it only tells"


def given_up(posting: Posting, at: datetime) -> bool:
    """Whether the date at which the seller's policy gives it up has passed, as its dates stand now."""
    ahead = any(rung.kind is RungKind.GIVE_UP_AT and rung.due > at for rung in pending(posting))
    return RungKind.GIVE_UP_AT in posting.fired and not ahead


def _cancel(posting: Posting, around: Around, at: datetime) -> str:
    if open_of(posting, IntentAction.CANCEL):
        return "it is being cancelled"
    if posting.override_reason:
        return "a person decided that it is still sent"
    if around.wanted:
        return "its buyer still wants it: a person decides"
    if around.wanted is None and not given_up(posting, at):
        return "its date has moved: it is given up anew, or not at all"
    return ""


def _move_date(posting: Posting, settings: SellerSettings, around: Around, at: datetime) -> str:
    rang, cut_off = posting.fired.get(RungKind.MOVE_DATE_AT), posting.cut_off
    if open_of(posting, IntentAction.SET_CUT_OFF):
        return "its date is being moved"
    if later_cut_off(posting, settings, at=at) is None:
        return "its date has passed, or cannot be moved further"
    if rang is not None and cut_off is not None and cut_off - settings.move_date_before > rang:
        return "its date has moved already"
    if posting.stage not in BEFORE_PACKED:
        return f"it is {posting.stage}"
    return "" if SET_CUT_OFF_OFFER in around.actions else "the marketplace does not offer another date any more"
