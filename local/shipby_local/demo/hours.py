"""When what the day had in store really happened, by our own history, in Moscow's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shipby.domain.events import EventType as Kind
from shipby_local.demo.plan import MOSCOW, DayPlan, Fate
from shipby_local.demo.tally import Ours

Mark = tuple[str, Kind]
_RECEIVED: Mark = ("came", Kind.POSTING_RECEIVED)
_LEFT: Mark = ("left", Kind.POSTING_HANDED_OVER)
_CANCELLED: Mark = ("cancelled", Kind.POSTING_CANCELLED)
_LATE: Mark = ("late", Kind.POSTING_LATE)
_REMINDED: Mark = ("reminded", Kind.POSTING_REMINDED)
_DELIVERED: Mark = ("delivered", Kind.POSTING_DELIVERED)
_RETURNED: Mark = ("return", Kind.RETURN_OPENED)
_DECIDED: Mark = ("paid", Kind.RETURN_DECIDED)

MARKS: Mapping[Fate, tuple[Mark, ...]] = {
    Fate.PLAIN: (_RECEIVED, ("label", Kind.LABEL_READY), _LEFT, _DELIVERED),
    Fate.TWO_PACKAGES: (_RECEIVED, ("split", Kind.POSTING_SPLIT)),
    Fate.LATE: (_LATE, _LEFT),
    Fate.MARKETPLACE_CANCELS: (_CANCELLED,),
    Fate.BUYER_CANCELS: (_CANCELLED,),
    Fate.GIVEN_UP: (_LATE, ("given up", Kind.POSTING_EXPIRED), _CANCELLED),
    Fate.SHADOWED: (_LATE, ("would be", Kind.POSTING_GIVE_UP_SHADOWED), _LEFT),
    Fate.SAVED: (_REMINDED, _LEFT),
    Fate.MOVED: (("moved", Kind.POSTING_CUT_OFF_MOVED), _LEFT),
    Fate.NO_LABEL: (("assembled", Kind.POSTING_ASSEMBLED), ("no label", Kind.LABEL_FAILED)),
    Fate.UNREAD: (("unread", Kind.LABEL_UNPROVEN), _LEFT),
    Fate.FULL_REFUND: (_DELIVERED, _RETURNED, _DECIDED),
    Fate.PART_REFUND: (_DELIVERED, _RETURNED, _DECIDED),
    Fate.PART_RETURNED: (("split", Kind.POSTING_SPLIT),),
    Fate.LONG_WAY: (_RECEIVED, _DELIVERED),
    Fate.GOODS_BACK: (_RETURNED, ("goods here", Kind.RETURN_RECEIVED), _DECIDED),
    Fate.WISH_GRANTED: (_LEFT, _CANCELLED),
    Fate.WISH_REFUSED: (_LEFT, _DELIVERED),
    Fate.CLAIMED: (_LEFT, ("photo", Kind.EVIDENCE_ADDED)),
    Fate.NEW_NUMBER: (_LEFT, ("renumbered", Kind.TRACKING_CHANGED)),
}
_FIRST = frozenset({Kind.POSTING_RECEIVED, Kind.POSTING_LATE, Kind.POSTING_REMINDED, Kind.RETURN_OPENED})
"""Of these the first time tells; of everything else the last."""


def hour(moment: datetime) -> str:
    """`Tue 17:45`, in Moscow."""
    return f"{moment.astimezone(MOSCOW):%a %H:%M}"


def hours(ours: Ours, plan: DayPlan, books: Mapping[str, Any]) -> Mapping[str, str]:
    """Fate in words -> the hours of its first posting, such as `late Tue 12:00, left 17:45`."""
    returns = {case["posting_number"]: str(key) for key, case in books["returns"].items()}
    told = {}
    for fate, marks in MARKS.items():
        for posting in plan.of(fate)[:1]:
            parts, day = [], ""
            for word, kind in marks:
                times = [*ours.times.get((posting.number, kind), ())]
                times += ours.times.get((returns.get(posting.number, ""), kind), ())
                if times:
                    said = hour(min(times) if kind in _FIRST else max(times))
                    parts.append(f"{word} {said.removeprefix(day)}")
                    day = said[:4]
            told[str(fate)] = ", ".join(parts)
    return told
