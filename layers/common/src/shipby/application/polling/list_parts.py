"""The lists of one visit: all of them for a seller of few postings, for one of many a part after the other.

What has changed its status since the visit before is looked at by every visit, whatever its age. What else may have
changed (a date, goods, offers) shows in the whole lists: a seller of few postings has them read at every visit, one of
many once an hour, in parts, and where a part ended is a row. So no visit takes longer the more a seller sells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shipby.application.polling.reconcile import (
    AHEAD,
    Part,
    PartTooLargeError,
    Reconciled,
    ask_for_changed,
    ask_for_unlisted,
    reconcile,
    reconcile_part,
)
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.messages import QueueMessage, WorkQueue
from shipby.application.shared.troubles import Troubles
from shipby.domain.json_types import Json
from shipby.domain.skew import age

if TYPE_CHECKING:  # a round works with them, and calls this
    from shipby.application.polling.rounds import Tools

REPORT = "poll-lists"
"""How many postings the lists showed, and which part is next."""
REPORT_DAY = date(2000, 1, 1)
"""The row belongs to no day: one, overwritten."""
MANY = 500
"""Postings of both lists; with more than this they are read in parts."""
EVERY = timedelta(hours=1)
"""How often the whole lists of a seller of many postings are read."""
SPEND = timedelta(seconds=60)
"""What one visit spends on parts: none is begun after that, and one that takes longer is given up and cut smaller."""
FINER = 6
"""In so many pieces."""


def look_through(
    seller: str, own: Tools, marketplace: Marketplace, troubles: Troubles, changed_from: datetime, *, at_once: bool
) -> Reconciled:
    """Look at what is due of the lists and ask for what differs; `at_once`: at all of them, as if nothing was seen."""
    row = own.store.report(seller, REPORT, REPORT_DAY)
    few = row is not None and int(str(row["listed"])) <= MANY
    if not (at_once or few):
        return _parts(seller, own, marketplace, troubles, changed_from, row or {})
    done = reconcile(
        seller,
        store=own.store,
        marketplace=marketplace,
        queue=own.queue,
        clock=own.clock,
        look_back=own.look_back,
        troubles=troubles,
        memory=None if at_once else own.memory,  # asked for by hand, it looks at everything
    )
    if few and done.listed > MANY:
        _note(
            seller,
            own,
            listed=done.listed,
            began=own.clock.now(),
            part=len(parts_of(own.look_back, own.clock.now(), 1)),
            count=0,
        )
    changed = _changed(seller, own, own.queue, marketplace, troubles, changed_from)
    return Reconciled(done.listed, done.queued + changed)


def _changed(
    seller: str,
    own: Tools,
    queue: WorkQueue,
    marketplace: Marketplace,
    troubles: Troubles,
    since: datetime,
    *,
    whatever_its_age: bool = False,
) -> int:
    """Postings that were asked for because of their last change; where a list failed just now, not at this visit."""
    if not troubles.found:
        with troubles.of("postings that changed"):
            return ask_for_changed(
                seller,
                since,
                store=own.store,
                marketplace=marketplace,
                queue=queue,
                clock=own.clock,
                look_back=timedelta() if whatever_its_age else own.look_back,
                memory=own.memory,
            )
    return 0


def _parts(
    seller: str,
    own: Tools,
    marketplace: Marketplace,
    troubles: Troubles,
    changed_from: datetime,
    row: Mapping[str, Json],
) -> Reconciled:
    now, queue = own.clock.now(), _Once(own.queue)
    _changed(seller, own, queue, marketplace, troubles, changed_from, whatever_its_age=True)
    at, count, listed = (int(str(row.get(name, 0))) for name in ("part", "count", "listed"))
    began, a_day = datetime.fromisoformat(str(row["began"])) if row else now, int(str(row.get("a_day", 1)))
    failed, first = len(troubles.found), own.clock.now()
    if at >= len(parts_of(own.look_back, began, a_day)) and age(began, now) >= EVERY:
        at, count, began = 0, 0, now
    seen = 0
    parts = parts_of(own.look_back, began, a_day)
    while at < len(parts) and own.clock.now() - first <= SPEND and len(troubles.found) == failed:
        with troubles.of("postings to send" if parts[at].to_send else "postings"):
            try:
                done = _one_part(seller, parts[at], own, queue, marketplace)
            except PartTooLargeError:
                _note(seller, own, listed=MANY + 1, began=now, part=0, count=0, a_day=a_day * FINER)
                break
            at, seen, count = at + 1, seen + done.listed, count + done.listed
            shown = count if at >= len(parts) else max(listed, MANY + 1)
            _note(seller, own, listed=shown, began=began, part=at, count=count, a_day=a_day)
    with troubles.of("open postings"):
        ask_for_unlisted(seller, own.memory.known(seller), store=own.store, queue=queue, clock=own.clock)
    return Reconciled(seen, len(queue.sent))


@dataclass(slots=True)
class _Once:
    """The queue of one visit: each posting once, whichever list asks for it."""

    queue: WorkQueue
    sent: set[str] = field(default_factory=set)

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Those that were not sent yet."""
        fresh = {str(one.body["posting"]): one for one in messages if one.body["posting"] not in self.sent}
        self.queue.send(fresh.values())
        self.sent.update(fresh)


def _one_part(seller: str, part: Part, own: Tools, queue: WorkQueue, marketplace: Marketplace) -> Reconciled:
    began = own.clock.now()
    return reconcile_part(
        seller,
        part,
        store=own.store,
        marketplace=marketplace,
        queue=queue,
        clock=own.clock,
        memory=own.memory,
        time_is_up=lambda: own.clock.now() - began > SPEND,
    )


def parts_of(look_back: timedelta, began: datetime, a_day: int) -> list[Part]:
    """What still has to be sent, then what began, the youngest first; `a_day`: in how many parts a day is cut."""
    length = timedelta(days=1) / a_day
    to_send = [Part(began - look_back, began + AHEAD, to_send=True)]
    if a_day > 1:
        count = (look_back + AHEAD) // length
        starts = [began - look_back + length * number for number in range(count)]
        to_send = [Part(start, start + length, to_send=True) for start in starts]
    return [*to_send, *(Part(began - length * (n + 1), began - length * n) for n in range(-(-look_back // length)))]


def _note(seller: str, own: Tools, *, listed: int, began: datetime, part: int, count: int, a_day: int = 1) -> None:
    body: dict[str, Json] = {
        "listed": listed,
        "began": began.isoformat(),
        "part": part,
        "count": count,
        "a_day": a_day,
    }
    own.store.save_report(seller, REPORT, REPORT_DAY, body)
