"""Letting a posting's alarm ring: everything that is due rings in one claim, so that an outage costs one transaction.

Several overdue reminders become one; a reminder of a cut-off that has passed is not told any more, since the late event
says more. Late is priced and never blocked; expired is only what facts prove (see `fold`) or the seller's policy gives
up, and cancelling is the last of the policy's moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.ladder import passed_until, pending, rewind
from shipby.domain.deadlines.policy import (
    CHAT_OFFER,
    SET_CUT_OFF_OFFER,
    Move,
    Offers,
    automation_of,
    choices_event,
    later_cut_off,
    money_json,
    preset_of,
    prioritised_event,
    shadowed_event,
)
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Alarm, Posting, Rung, RungKind, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, SellerSettings

MISSING = "missing"
"""What a rung says of the label of a posting that should have one by then."""
_REMINDERS = frozenset({RungKind.CONFIRM_BY, RungKind.REMIND_AT, RungKind.LABEL_BY})
"""Reminders of work at the bench: those that are due together are told as one."""
_MATTERS = (
    RungKind.PASSPORT_BY,
    RungKind.ANSWER_TRACKING_BY,
    RungKind.DELIVERY_BY,
    RungKind.REPORT_BY,
    RungKind.AUTO_CANCEL_ESTIMATE,
    RungKind.NOT_ACCEPTED_BY,
    RungKind.GOODS_BY,
)
"""Clocks that are each a matter of their own."""
_ASKS_OFFERS = frozenset(
    {
        RungKind.MOVE_DATE_AT,
        RungKind.ASK_BUYER_AT,
        RungKind.WITHOUT_DELAY,
        RungKind.GIVE_UP_AT,
        RungKind.LOOK_AGAIN,
    }
)

_UNCONFIRMED = "nobody has confirmed it in time"
NOTHING: Mapping[str, Json] = {}
NO_OFFERS = Offers()


@dataclass(frozen=True, slots=True)
class Fired:
    """What a ringing alarm led to: the posting one version on, at least one event, and the moves that are made.

    MOVE_DATE, ASK_BUYER and CANCEL are still to be carried out by the caller, in the same transaction; the events of
    the others are already among `events`.
    """

    posting: Posting
    events: tuple[Event, ...]
    moves: tuple[Move, ...] = ()


def may_be_labelled(posting: Posting) -> bool:
    """A label may be fetched and printed: late postings yes, expired and finished ones no."""
    stage = posting.blocked_from if posting.stage is Stage.BLOCKED else posting.stage
    return posting.assembled_at is not None and stage in BEFORE_HAND_OVER and posting.stage is not Stage.EXPIRED


def due_rungs(posting: Posting, at: datetime) -> list[Rung]:
    """The clocks that ring at `at`, earliest first."""
    return [rung for rung in pending(posting) if rung.due <= at]


def needs_offers(posting: Posting, at: datetime) -> bool:
    """Whether what rings at `at` hangs on the actions the marketplace offers."""
    return any(rung.kind in _ASKS_OFFERS for rung in due_rungs(posting, at))


def fire(
    posting: Posting,
    alarm: Alarm,
    settings: SellerSettings,
    *,
    at: datetime,
    actor: str,
    offers: Offers = NO_OFFERS,
) -> Fired:
    """Let everything ring that is due. Committing the result under the version check is the claim.

    `offers` matter where `needs_offers` says so. Raises StageMismatchError if `alarm` is no longer the posting's next
    one, InvalidInputError before its time.
    """
    if posting.next_alarm != alarm:
        raise StageMismatchError(f"{alarm.kind} of posting {posting.number} is no longer its next alarm")
    if at < alarm.due:
        raise InvalidInputError(f"{alarm.kind} of posting {posting.number} is not due before {alarm.due.isoformat()}")
    claim = _Claim(posting, due_rungs(posting, at), policy_for(posting, settings), at, actor, offers)
    return claim.result(alarm)


def _priced(price: Money | None) -> dict[str, Json]:
    return {"price": money_json(price)} if price is not None else {}


class _Claim:
    """One claim in the making: each step looks at the rungs of its kind and adds what they led to."""

    def __init__(
        self,
        posting: Posting,
        due: Sequence[Rung],
        settings: SellerSettings,
        at: datetime,
        actor: str,
        offers: Offers,
    ) -> None:
        self._before, self._due, self._settings = posting, due, settings
        self._at, self._actor, self._offers = at, actor, offers
        self._last = {rung.kind: rung for rung in due}
        fired = dict(posting.fired) | {rung.kind: rung.due for rung in due}
        self._now = replace(posting, version=posting.version + 1, fired=fired)
        self._events: list[Event] = []
        self._moves: list[Move] = []

    def result(self, alarm: Alarm) -> Fired:
        self._prices()
        self._reminders()
        if RungKind.ESCALATE_AT in self._last:
            more = {"owner": self._settings.escalate_confirm_to} if self._settings.escalate_confirm_to else {}
            self._tell(EventType.POSTING_ESCALATED, self._last[RungKind.ESCALATE_AT], _UNCONFIRMED, more)
        self._hand_over()
        for kind in _MATTERS:
            if kind in self._last:
                by = max(rung.due for rung in self._before.rungs if rung.kind is kind)
                self._tell(EventType.POSTING_REMINDED, self._last[kind], more={"by": by.isoformat()})
        self._move_date()
        self._ask_buyer()
        if RungKind.WITHOUT_DELAY in self._last and Move.SHOW_CHOICES in preset_of(self._settings).moves:
            self._show_choices()
        if RungKind.GIVE_UP_AT in self._last:
            self._give_up(self._last[RungKind.GIVE_UP_AT])
        if RungKind.LOOK_AGAIN in self._last:
            self._look_again(self._last[RungKind.LOOK_AGAIN])
        if RungKind.CLOSE_AT in self._last:
            self._now = replace(self._now, stage=Stage.CLOSED)
            self._tell(EventType.POSTING_CLOSED, self._last[RungKind.CLOSE_AT])
        if not self._events:
            # Nobody has to hear of it, but every version has its event. Nothing is due where the alarm's clock is over.
            silent = self._due[-1] if self._due else Rung(kind=alarm.kind, due=alarm.due)
            self._tell(EventType.POSTING_CHANGED, silent, "nothing to tell")
        after = rewind(self._now)
        look = after.next_alarm
        if look is not None and look.kind is RungKind.LOOK_AGAIN and look.due <= self._at:
            # The next look counts from this claim: an outage is made up for by one look, not by as many as were due.
            after = rewind(replace(after, fired={**after.fired, RungKind.LOOK_AGAIN: self._at}))
        return Fired(after, tuple(self._events), tuple(self._moves))

    def _tell(self, kind: EventType, rung: Rung, reason: str = "", more: Mapping[str, Json] = NOTHING) -> None:
        data: dict[str, Json] = {"rung": rung.kind, "due": rung.due.isoformat()}
        if self._now.cut_off is not None:
            data["cut_off"] = self._now.cut_off.isoformat()
        if may_be_labelled(self._now) and self._now.label_ready_at is None:
            data["label"] = MISSING
        self._events.append(Event(type=kind, at=self._at, actor=self._actor, reason=reason, data=data | dict(more)))

    def _passed(self) -> bool:
        """Whether the cut-off has passed, by this worker's clock."""
        cut_off = self._before.cut_off
        return cut_off is not None and cut_off <= self._at

    def _late_now(self) -> bool:
        return any(event.type is EventType.POSTING_LATE for event in self._events)

    def _prices(self) -> None:
        """Late: the cut-off and the steps after it. A step before the cut-off only loses a discount."""
        cut_off = self._before.cut_off
        priced = [rung for rung in self._due if rung.kind in (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP)]
        early = [rung for rung in priced if cut_off is not None and rung.due < cut_off]
        late = [rung for rung in priced if rung not in early]
        for rung in early:
            self._tell(EventType.POSTING_CHANGED, rung, "a discount of the tariff has passed", _priced(rung.price))
        if late:
            total, counted = self._before.late_price, passed_until(self._before)
            for rung in late:
                # A date that was moved to before a step that has rung rings too, but is in the late price already.
                if rung.price is not None and (counted is None or rung.due > counted):
                    total = rung.price if total is None else total + rung.price
            self._now = replace(self._now, late=True, late_price=total)
            self._tell(EventType.POSTING_LATE, late[-1], more=_priced(total))
        if RungKind.WITHOUT_DELAY in self._last:
            self._now = replace(self._now, overdue=True)
            price = _priced(self._now.late_price)
            self._tell(EventType.POSTING_OVERDUE, self._last[RungKind.WITHOUT_DELAY], more=price)

    def _reminders(self) -> None:
        if self._late_now():
            return
        told = [
            rung
            for rung in self._due
            if rung.kind in _REMINDERS and not (rung.kind is RungKind.REMIND_AT and self._passed())
        ]
        if not told:
            return
        also: list[Json] = [kind for kind in dict.fromkeys(rung.kind for rung in told) if kind is not told[-1].kind]
        ahead = rewind(self._now)
        more = _priced(ahead.at_risk)
        if also:
            more["also"] = also
        self._tell(EventType.POSTING_REMINDED, told[-1], more=more)
        last_one = RungKind.REMIND_AT in self._last and not any(
            rung.kind is RungKind.REMIND_AT for rung in pending(ahead)
        )
        if last_one and ahead.at_risk is not None and Move.PRIORITISE in preset_of(self._settings).moves:
            self._prioritise("the last reminder before its cut-off")

    def _hand_over(self) -> None:
        if RungKind.HAND_OVER_BY in self._last and not self._passed():
            self._prioritise("packed, and not with the courier yet")

    def _prioritise(self, reason: str) -> None:
        self._moves.append(Move.PRIORITISE)
        self._events.append(prioritised_event(rewind(self._now), at=self._at, actor=self._actor, reason=reason))

    def _move_date(self) -> None:
        to = later_cut_off(self._before, self._settings, at=self._at)
        if RungKind.MOVE_DATE_AT not in self._last or to is None or SET_CUT_OFF_OFFER not in self._offers.actions:
            return
        if open_of(self._before, IntentAction.SET_CUT_OFF):
            return
        match automation_of(Move.MOVE_DATE, self._settings):
            case Automation.SHADOW:
                would = f"asked the marketplace to move its date to {to.isoformat()}"
                self._shadow(Move.MOVE_DATE, would, to=to.isoformat())
            case Automation.ON:
                self._moves.append(Move.MOVE_DATE)

    def _ask_buyer(self) -> None:
        if RungKind.ASK_BUYER_AT not in self._last or CHAT_OFFER not in self._offers.actions:
            return
        match automation_of(Move.ASK_BUYER, self._settings):
            case Automation.SHADOW:
                self._shadow(Move.ASK_BUYER, "asked the buyer whether it is still wanted")
            case Automation.ON:
                self._moves.append(Move.ASK_BUYER)

    def _shadow(self, move: Move, would: str, **more: Json) -> None:
        self._events.append(shadowed_event(move, would, at=self._at, actor=self._actor, **more))

    def _show_choices(self) -> None:
        if Move.SHOW_CHOICES not in self._moves:
            self._moves.append(Move.SHOW_CHOICES)
            known = rewind(self._now)
            shown = choices_event(known, self._offers, self._settings, at=self._at, actor=self._actor)
            self._events.append(shown)

    def _give_up(self, rung: Rung) -> None:
        automation = automation_of(Move.CANCEL, self._settings)
        if self._now.override_reason:
            # A person decided that it is still sent: no policy gives it up behind their back.
            self._tell(EventType.POSTING_REMINDED, rung, "overridden: a person decides")
        elif automation is Automation.ON and Move.ASK_BUYER in self._moves:
            reason = "not cancelled: the buyer is asked only now, and cancelling is never the first move"
            self._tell(EventType.AUTOMATION_HELD, rung, reason, {"action": Move.CANCEL, "waits_for": Wait.BUYER})
        elif automation is Automation.ON:
            self._moves.append(Move.CANCEL)
            if self._now.stage is Stage.EXPIRED:
                reason = "expired, and given up by the seller's policy"
                self._tell(EventType.POSTING_REMINDED, rung, reason)
            else:
                self._expire(rung, "given up by the seller's policy")
        elif automation is Automation.SHADOW:
            self._show_choices()
            reason = "shadow mode: would have expired and cancelled it"
            self._tell(EventType.POSTING_GIVE_UP_SHADOWED, rung, reason, {"action": Move.CANCEL})
        else:
            self._show_choices()
            self._tell(EventType.POSTING_REMINDED, rung)

    def _look_again(self, rung: Rung) -> None:
        """Nothing else rings. What the policy gave up is given up still: the switch may have been turned since, and a
        decision that got lost is made here."""
        lost = RungKind.GIVE_UP_AT in self._now.fired and not self._now.override_reason and not self._offers.wanted
        if lost and automation_of(Move.CANCEL, self._settings) is Automation.ON:
            self._give_up(rung)
        else:
            why = self._now.blocked_reason or self._now.expired_reason or "nothing else will ring for it"
            self._tell(EventType.POSTING_REMINDED, rung, f"it is {self._now.stage}: {why}")

    def _expire(self, rung: Rung, reason: str) -> None:
        stage = self._now.stage
        origin = self._now.blocked_from if stage is Stage.BLOCKED else stage
        self._now = replace(
            self._now, stage=Stage.EXPIRED, blocked_from=origin, blocked_reason="", expired_reason=reason
        )
        self._tell(EventType.POSTING_EXPIRED, rung, reason, {"from": stage, "to": Stage.EXPIRED})
