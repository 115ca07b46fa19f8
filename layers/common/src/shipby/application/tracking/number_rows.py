"""What is to be thought of one row of a table of tracking numbers, and asking for its change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shipby.application.intents.replace_tracking import (
    NewTracking,
    check_number,
    check_reason,
    doubts_of,
    needs_second_word,
    replace_tracking,
)
from shipby.application.ports.clock import Clock
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.retry import decide_anew
from shipby.domain import pointers
from shipby.domain.carriers.numbers import cleaned
from shipby.domain.errors import InvalidInputError, PermanentError, PreconditionFailedError, VersionConflictError
from shipby.domain.events import posting_ref
from shipby.domain.intents import REJECTED_BY, Intent, IntentAction, IntentState, open_of
from shipby.domain.postings.posting import Posting
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.number_job import NumberRow, RowState

_BECAME = {
    IntentState.PROPOSED: RowState.WAITS_FOR_SECOND,
    IntentState.CONFIRMED: RowState.CHANGED,
    IntentState.REJECTED: RowState.FAILED,
}
_LONGEST = 500


@dataclass(slots=True)
class Seen:
    """Which rows of the file already named a posting or a number: of several the first one counts."""

    postings: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[NumberRow]) -> Seen:
        seen = cls()
        for row in rows:
            if row.named:
                seen.postings.setdefault(row.posting, row.line)
                seen.numbers.setdefault(cleaned(row.number), row.line)
        return seen

    def take(self, row: NumberRow) -> None:
        """Raises InvalidInputError where an earlier row names the same; then this one stands for neither."""
        named = ((self.postings, row.posting, "posting"), (self.numbers, cleaned(row.number), "number"))
        for seen, value, what in named:
            if value in seen:
                raise InvalidInputError(f"the {what} stands in row {seen[value]} too: the first one counts")
        for seen, value, _ in named:
            seen[value] = row.line


def judge_row(seller: str, row: NumberRow, actor: str, seen: Seen, *, store: Store, clock: Clock) -> NumberRow:
    """The row with its verdict; nothing is changed. A row that its cells already refuse stays refused."""
    if row.state is RowState.REFUSED:
        return row
    try:
        row = replace(row, posting=_posting_of(seller, row, store))
        posting = load_posting(store, seller, row.posting)
        new = _new(seller, row, actor)
        check_reason(new)
        seen.take(row)
        row = replace(row, named=True)
        return _judged(row, new, posting, store=store, clock=clock)
    except PermanentError as error:
        return _refused(row, error)


def _posting_of(seller: str, row: NumberRow, store: Pointers) -> str:
    if row.posting:
        return row.posting
    if not row.old:
        raise InvalidInputError("the row names no posting")
    # In this order: a number that moves from present to former meanwhile is seen in one of them.
    found = store.find(seller, pointers.TRACKING, row.old) or store.find(seller, pointers.FORMER_TRACKING, row.old)
    if not found:
        raise InvalidInputError(f"no posting has the number {row.old}")
    return found


def _new(seller: str, row: NumberRow, actor: str) -> NewTracking:
    kind = row.kind or ChangeReason.OTHER
    if kind not in set(ChangeReason):
        raise InvalidInputError(f"there is no reason {kind[:40]!r}; known are {', '.join(ChangeReason)}")
    return NewTracking(
        seller=seller,
        number=row.posting,
        tracking_number=row.number,
        carrier=row.carrier,
        kind=ChangeReason(kind),
        reason=row.reason,
        actor=actor,
        replaces=row.old or None,
    )


def _judged(row: NumberRow, new: NewTracking, posting: Posting, *, store: Store, clock: Clock) -> NumberRow:
    wanted = cleaned(row.number)
    row = replace(row, seen=posting.tracking_number)
    if posting.tracking_number == wanted:
        return replace(row, state=RowState.UNCHANGED)
    if under_way := open_of(posting, IntentAction.SET_TRACKING):
        intent = store.intent(new.seller, under_way[-1])
        if intent is not None and intent.request.get("tracking_number") == wanted:
            return replace(row, state=RowState.UNDER_WAY, intent=intent.id)
    judged = check_number(new, posting, store=store, now=clock.now())
    settings = store.settings(new.seller) or SellerSettings(seller=new.seller)
    doubts = doubts_of(judged, posting, store)
    second = needs_second_word(posting, doubts, settings)
    problem = "; ".join(doubts) or ("every replacement needs a second person" if second else "")
    state = RowState.DOUBTFUL if second else RowState.GOOD
    return replace(row, number=judged.number, state=state, problem=problem[:_LONGEST])


def ask_row(seller: str, row: NumberRow, actor: str, job: str, *, store: Store, clock: Clock) -> NumberRow:
    """Ask for a judged row's change, once: what this row of this job asked for before is found by its mark.

    The row is refused if the posting's number is another one by now than when it was judged, or whatever else speaks
    against it now. Raises RetryableError, after which the same call goes on.
    """

    def once() -> NumberRow:
        try:
            posting = load_posting(store, seller, row.posting)
            if job and (before := asked_before(seller, row, job, store)):
                return followed(row, before)
            # The version proves that nobody asked since that look, another worker on this row neither.
            new = replace(
                _new(seller, row, actor),
                replaces=row.seen,
                mark=_mark(row, job),
                if_match=posting.version,
            )
            answer = replace_tracking(new, lambda _: [], store=store, clock=clock)
        except PreconditionFailedError as error:
            now = store.posting(seller, row.posting)
            if now is not None and now.version != posting.version:
                raise VersionConflictError(f"posting {row.posting} has moved on: decide anew") from error
            return _refused(row, error)
        except PermanentError as error:
            return _refused(row, error)
        proposed = answer.body["state"] == IntentState.PROPOSED
        state = RowState.WAITS_FOR_SECOND if proposed else RowState.ASKED
        return replace(row, state=state, intent=str(answer.body["id"]))

    return decide_anew(once)


def _refused(row: NumberRow, error: PermanentError) -> NumberRow:
    return replace(row, state=RowState.REFUSED, problem=str(error)[:_LONGEST])


def _mark(row: NumberRow, job: str) -> str:
    return f"{job}/{row.line}" if job else ""


def asked_before(seller: str, row: NumberRow, job: str, store: IntentReads) -> Intent | None:
    """What this row of this job has asked for, whoever did it and did not live to tell."""
    mark = _mark(row, job)
    mine = (one for one in store.intents(seller, posting_ref(row.posting)) if one.request.get("row") == mark)
    return next(mine, None)


def followed(row: NumberRow, intent: Intent | None) -> NumberRow:
    """The row as its intent stands: CHANGED once the marketplace was seen to show the number."""
    if intent is None:
        return row
    state = _BECAME.get(intent.state, RowState.ASKED)
    if intent.read_back.get(REJECTED_BY):
        state = RowState.REFUSED
    problem = row.problem if intent.state is not IntentState.REJECTED else intent.outcome or "it was refused"
    return replace(row, state=state, intent=intent.id, problem=problem[:_LONGEST])
