"""The notice worker with its recipients, its queue and its clock, and the alarm worker that wakes it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.notices.digest import Tools, tell_digest
from shipby.application.notices.notify import notify
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.watches import digest_id
from shipby.domain.events import Event, EventType, Ref, StoredEvent, posting_ref, watch_ref
from shipby.domain.postings.posting import RungKind
from shipby.domain.sellers.settings import Recipient
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.support.fakes import RecordingChannels, RecordingQueue
from tests.unit.world_support import World

WINDOW = timedelta(seconds=30)
DAY = Recipient(name="day", channels=("tg",), shift_from="09:00", shift_to="18:00")
CALM = replace(DAY, name="calm", urgent_any_time=False)
ALL = "everybody"
EVENING = datetime(2026, 3, 2, 20, tzinfo=UTC)  # 23:00 in Moscow
MORNING = datetime(2026, 3, 3, 6, tzinfo=UTC)


class Office:
    """The notice worker, and the alarm worker that wakes it."""

    def __init__(self, **policy: Any) -> None:
        self.world = World()
        self.world.policy(digest_window=WINDOW, **policy)
        self.channels = RecordingChannels()
        self.queue = RecordingQueue()
        self.tools = Tools(self.world.store, self.channels, self.queue, self.world.clock)

    def happens(self, number: str = a.NUMBER, kind: EventType = EventType.POSTING_REMINDED, **data: Any) -> StoredEvent:
        """A posting (put into the store on its first event) with one more event."""
        known = self.world.store.posting(a.SELLER, number)
        posting = replace(known, version=known.version + 1) if known else a.posting(number=number)
        if kind is EventType.POSTING_REMINDED:
            data = {"rung": RungKind.REMIND_AT, "cut_off": a.CUT_OFF.isoformat(), **data}
        event = Event(type=kind, at=self.world.clock.now(), actor="x", data=data)
        return self.write(posting_ref(number), SavePosting(posting), posting.version, event)

    def write(self, ref: Ref, save: Any, version: int, event: Event) -> StoredEvent:
        self.world.write(save, AppendEvents(a.SELLER, ref, version, (event,)))
        return self.world.history(ref)[-1]

    def notify(self, stored: StoredEvent) -> str:
        ref = stored.ref
        known = FakeMarketplaces({a.SELLER: self.world.market})
        return notify(a.SELLER, ref, stored.version, stored.index, tools=self.tools, marketplaces=known)

    def tell(self, name: str = ALL) -> str:
        return tell_digest(a.SELLER, name, self.tools)

    def alarm(self, name: str = ALL) -> datetime | None:
        watch = self.world.store.watch(a.SELLER, digest_id(name))
        return watch.next_alarm.due if watch and watch.next_alarm else None

    def claim(self, name: str = ALL) -> None:
        """The alarm worker rings; the message for the notice worker is on its way."""
        due = self.alarm(name)
        assert due is not None
        self.world.clock.time = max(self.world.clock.time, due)
        alarm = AlarmRef(seller=a.SELLER, ref=watch_ref(digest_id(name)), intent_id="", due=due)
        assert ring(alarm, store=self.world.store, clock=self.world.clock).outcome == "fired"

    def rings(self, name: str = ALL) -> str:
        self.claim(name)
        return self.tell(name)

    def waiting(self, name: str = ALL) -> int:
        return len(self.world.store.digest_entries(a.SELLER, name))

    def history(self, name: str = ALL) -> list[EventType]:
        return self.world.types(watch_ref(digest_id(name)))

    def becomes(self, number: str = a.NUMBER, **changes: Any) -> None:
        posting = self.world.posting(number)
        self.world.write(SavePosting(replace(posting, version=posting.version + 1, **changes)))
