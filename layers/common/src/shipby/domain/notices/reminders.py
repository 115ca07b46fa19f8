"""Whether what was put by still asks for anything: never for what is confirmed, packed, handed over or decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shipby.domain.events import Event, EventType
from shipby.domain.notices.recipients import moment_of
from shipby.domain.postings.posting import BEFORE_HAND_OVER, BEFORE_PACKED, FINAL, Posting, RungKind, Stage
from shipby.domain.returns.return_case import ReturnCase

_WITHOUT_GOODS = frozenset({Stage.RECEIVED, Stage.CONFIRMED})
_ON_ITS_WAY = frozenset({*BEFORE_HAND_OVER, Stage.BLOCKED, Stage.EXPIRED, Stage.HANDED_OVER, Stage.IN_TRANSIT})


def _work_stage(posting: Posting) -> Stage:
    return posting.blocked_from or posting.stage if posting.stage is Stage.BLOCKED else posting.stage


def _ours(posting: Posting) -> bool:
    return _work_stage(posting) in BEFORE_HAND_OVER or posting.unreported


def _open(posting: Posting) -> bool:
    return _ours(posting) or posting.stage is Stage.EXPIRED


_WANTED: Mapping[str, Callable[[Posting], bool]] = {
    RungKind.CONFIRM_BY: lambda posting: _work_stage(posting) is Stage.RECEIVED,
    RungKind.ESCALATE_AT: lambda posting: _work_stage(posting) is Stage.RECEIVED,
    RungKind.REMIND_AT: lambda posting: _work_stage(posting) in BEFORE_PACKED,
    RungKind.LABEL_BY: lambda posting: posting.label_ready_at is None and _ours(posting),
    RungKind.DELIVERY_BY: lambda posting: posting.delivered_at is None and posting.stage in _ON_ITS_WAY,
    RungKind.PASSPORT_BY: lambda posting: posting.passport_since is not None and _ours(posting),
    RungKind.ANSWER_TRACKING_BY: lambda posting: posting.tracking_asked_at is not None,
    RungKind.AUTO_CANCEL_ESTIMATE: _open,
    RungKind.GIVE_UP_AT: _open,
    RungKind.NOT_ACCEPTED_BY: lambda posting: posting.not_accepted_since is not None,
    RungKind.REPORT_BY: lambda posting: posting.own_carrier and posting.stage in (Stage.HANDED_OVER, Stage.IN_TRANSIT),
    RungKind.GOODS_BY: lambda posting: bool(posting.goods_by) and _work_stage(posting) in _WITHOUT_GOODS,
    RungKind.LOOK_AGAIN: lambda posting: posting.stage not in FINAL,
}
_BENCH = frozenset({RungKind.CONFIRM_BY, RungKind.REMIND_AT, RungKind.LABEL_BY})


def rungs_of(event: Event) -> list[str]:
    """The clocks a reminder speaks for."""
    also = event.data.get("also")
    others = [str(kind) for kind in also] if isinstance(also, Sequence) and not isinstance(also, str) else []
    return [str(event.data.get("rung", "")), *others]


def is_bench_reminder(event: Event) -> bool:
    """Whether it asks for work at the bench before the cut-off."""
    return event.type is EventType.POSTING_REMINDED and rungs_of(event)[0] in _BENCH


def _rings(event: Event, posting: Posting) -> bool:
    if is_bench_reminder(event) and _moved_on(event, posting):
        return False
    return any(_WANTED.get(rung, _open)(posting) for rung in rungs_of(event))


def _moved(event: Event, posting: Posting) -> bool:
    """The cut-off is another one by now, which has a line of its own."""
    told = moment_of(event, "new")
    return told is not None and told != posting.cut_off


def _moved_on(event: Event, posting: Posting) -> bool:
    """The cut-off was moved to later: its reminders ring anew before the new one."""
    told = moment_of(event, "cut_off")
    return told is not None and posting.cut_off is not None and posting.cut_off > told


_UNSENT = frozenset({*BEFORE_HAND_OVER, Stage.BLOCKED, Stage.EXPIRED})


def _unsent(posting: Posting) -> bool:
    return posting.stage in _UNSENT or posting.unreported


_ASKS: Mapping[EventType, Callable[[Event, Posting], bool]] = {
    EventType.POSTING_RECEIVED: lambda _, posting: _work_stage(posting) is Stage.RECEIVED,
    EventType.POSTING_BLOCKED: lambda _, posting: posting.stage is Stage.BLOCKED,
    EventType.POSTING_CHOICES: lambda _, posting: _open(posting),
    EventType.POSTING_LATE: lambda _, posting: _unsent(posting),
    EventType.POSTING_OVERDUE: lambda _, posting: _unsent(posting),
    EventType.POSTING_GIVE_UP_SHADOWED: lambda _, posting: _open(posting),
    EventType.POSTING_EXPIRED: lambda _, posting: posting.stage is Stage.EXPIRED,
    EventType.BUYER_ANSWERED: lambda _, posting: _ours(posting),
    EventType.POSTING_AMENDED: lambda _, posting: _ours(posting),
    EventType.LABEL_FAILED: lambda _, posting: posting.label_ready_at is None and _ours(posting),
    EventType.LABEL_UNPROVEN: lambda _, posting: posting.printed_at is None and _ours(posting),
    EventType.POSTING_CUT_OFF_MOVED: lambda event, posting: _ours(posting) and not _moved(event, posting),
    EventType.AUTOMATION_HELD: lambda _, posting: posting.stage not in FINAL,
    EventType.POSTING_PRIORITISED: lambda event, posting: (
        _ours(posting) if event.data.get("stage") == Stage.PACKED else _work_stage(posting) in BEFORE_PACKED
    ),
    EventType.POSTING_REMINDED: _rings,
    EventType.POSTING_ESCALATED: _rings,
}
"""Events of postings that ask for something, and while what they ask for is still to be done. Every other one tells
what happened, whatever came after it: a cancellation, another number."""
REMINDERS = frozenset(_ASKS)


def posting_wants(event: Event, posting: Posting) -> bool:
    """Whether an event still has to be told, now that its posting stands as it does."""
    if event.type not in REMINDERS:
        return True
    if posting.stage in (Stage.CANCELLED, Stage.CLOSED):
        return False
    return _ASKS[event.type](event, posting)


def return_wants(event: Event, case: ReturnCase) -> bool:
    """Whether an event of a return still has to be told."""
    if event.type is EventType.RETURN_DECIDED:
        return True
    return case.open and not case.open_intent
