"""Telling the marketplace where the seller's own carrier is with a parcel: delivering, last mile, delivered.

Each report is an intent: asked for only where the marketplace offers it, sent with up to 20 postings in one call, and
settled by reading the posting back. Handing over a parcel asks for the first one in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipby.application.intents.request_intent import Wish, check_offered, prepare_intent
from shipby.application.intents.views import intent_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting, Write
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import (
    WorkCommand,
    check_version,
    load_posting,
    step_writes,
    with_goods,
)
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import Step, carry_out, check_number
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, PermanentError
from shipby.domain.events import posting_ref
from shipby.domain.intents import REPORTS, IntentAction, IntentState, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.delivery import OFFERED, DeliveryStage, shows
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings

MAX_REPORTS = 300
"""Postings in one call: each is a transaction, and the call has half a minute."""
ACTIONS = {stage: action for action, stage in REPORTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where the seller's own carrier is with a posting, who says so, and why there is no number where there is none."""

    seller: str
    number: str
    stage: DeliveryStage
    actor: str
    reason: str = ""
    automatic: bool = False
    if_match: int | None = None


def report_delivery(report: Report, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept a report: 202 with the intent's place.

    Raises NotFoundError, PreconditionFailedError, ActionNotOfferedError (another carrier's posting, shown already, not
    offered), InvalidInputError (it is said to be on its way without a number and without a reason).
    """

    def once() -> Answer:
        posting = load_posting(store, report.seller, report.number)
        check_version(posting, report.if_match)
        _check(report, posting, store)
        settings = store.settings(report.seller) or SellerSettings(seller=report.seller)
        noted, intent, event, writes = prepare_intent(posting, _wish(report), settings, store=store, now=clock.now())
        noted = rewind(replace(noted, version=posting.version + 1))
        answer = Answer(202, intent_view(intent), f"/v1/intents/{intent.id}")
        events = AppendEvents(report.seller, posting_ref(report.number), noted.version, (event,))
        store.commit([SavePosting(noted), events, *writes, *remember(answer)])
        return answer

    return decide_anew(once)


def _wish(report: Report) -> Wish:
    return Wish(
        seller=report.seller,
        number=report.number,
        action=ACTIONS[report.stage],
        request={"stage": report.stage},
        actor=report.actor,
        reason=report.reason,
        automatic=report.automatic,
    )


def _check(report: Report, posting: Posting, store: PostingReads) -> None:
    if not posting.own_carrier:
        raise ActionNotOfferedError(
            f"posting {posting.number} is brought by {posting.integration}: its carrier or the marketplace tells of it"
        )
    if shows(report.stage, posting.status, posting.substatus):
        raise ActionNotOfferedError(f"the marketplace shows posting {posting.number} as {posting.status} already")
    detail = store.detail(report.seller, report.number, of=posting)
    check_offered(posting, ACTIONS[report.stage], detail.actions if detail else ())
    if report.stage is DeliveryStage.DELIVERING:
        check_number(posting, report.reason)


def hand_over(command: WorkCommand, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Hand a posting over; what the seller's own carrier takes is reported as delivering in the same transaction.

    Where the marketplace does not offer that now, nothing is asked: its clock calls a person. Raises what
    `work_posting` raises, and InvalidInputError where a parcel of the own carrier has neither number nor reason.
    """

    def once() -> Answer:
        posting = load_posting(store, command.seller, command.number)
        check_version(posting, command.if_match)
        now = clock.now()
        step = carry_out(posting, command.command, at=now, actor=command.actor, reason=command.reason)
        beside: list[Write] = []
        if _to_be_told(step.posting, store):
            report = Report(
                seller=command.seller,
                number=command.number,
                stage=DeliveryStage.DELIVERING,
                actor=command.actor,
                reason=command.reason or "handed over",
            )
            settings = store.settings(command.seller) or SellerSettings(seller=command.seller)
            noted, _, event, beside = prepare_intent(step.posting, _wish(report), settings, store=store, now=now)
            step = Step(rewind(noted), (*step.events, event))
        step, goods = with_goods(posting, step, store=store)
        answer = Answer(200, posting_view(step.posting))
        store.commit([*step_writes(posting, step), *beside, *goods, *remember(answer)])
        return answer

    return decide_anew(once)


def _to_be_told(posting: Posting, store: PostingReads) -> bool:
    if not posting.unreported or open_of(posting, IntentAction.REPORT_DELIVERING):
        return False
    detail = store.detail(posting.seller, posting.number, of=posting)
    return detail is not None and OFFERED[DeliveryStage.DELIVERING] in detail.actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The same report for many postings, as a carrier's list says it."""

    seller: str
    numbers: Sequence[str]
    stage: DeliveryStage
    actor: str
    reason: str = ""


def report_many(reports: Reports, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """One intent a posting, each in its own transaction; one that cannot be reported is named and delays no other.

    Sent again it goes on where it stopped: a report that is under way answers its intent. Raises InvalidInputError for
    no posting or too many.
    """
    numbers = tuple(dict.fromkeys(reports.numbers))
    if not 1 <= len(numbers) <= MAX_REPORTS:
        problem = f"{len(numbers)} given"
        raise InvalidInputError(f"a call takes 1 to {MAX_REPORTS} postings", errors=[("posting_numbers", problem)])
    items: list[Json] = []
    accepted = 0
    for number in numbers:
        intent, why_not = _report_one(reports, number, store, clock)
        accepted += not why_not
        items.append({"posting_number": number, "intent": intent or None, "problem": why_not or None})
    body: dict[str, Json] = {"accepted": accepted, "left_out": len(items) - accepted, "items": items}
    answer = Answer(202, body, f"/v1/intents?state={IntentState.PENDING}")
    if writes := remember(answer):
        store.commit(writes)
    return answer


def _report_one(reports: Reports, number: str, store: Store, clock: Clock) -> tuple[str, str]:
    """The intent of a posting, or why there is none."""
    posting = store.posting(reports.seller, number)
    if posting is not None and (under_way := open_of(posting, ACTIONS[reports.stage])):
        return under_way[-1], ""
    report = Report(
        seller=reports.seller, number=number, stage=reports.stage, actor=reports.actor, reason=reports.reason
    )
    try:
        done = report_delivery(report, lambda _answer: [], store=store, clock=clock)
    except PermanentError as error:
        return "", str(error)
    return str(done.body["id"]), ""
