"""Digests: crashes and races between putting, arming, ringing and telling, and what waits for a shift."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shipby.application.notices import digest
from shipby.application.ports.writes import SaveWatch
from shipby.domain.cases.watches import digest_id
from shipby.domain.errors import RetryableError
from shipby.domain.events import EventType, watch_ref
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.notices.digest_support import ALL, CALM, DAY, EVENING, MORNING, WINDOW, Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_crash_between_putting_and_arming_is_made_good_by_the_repetition(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = office.happens()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(digest, "_arm", dies)
        with pytest.raises(KeyboardInterrupt):
            office.notify(stored)
    assert (office.waiting(), office.alarm()) == (1, None)
    office.notify(stored)
    assert office.alarm() is not None


def test_an_entry_put_while_the_digest_is_told_is_not_stranded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.notify(office.happens("n-1"))
    office.claim()
    late = office.happens("n-2")
    say = office.channels.send

    def comes_meanwhile(*args: Any, **named: Any) -> bool:
        monkeypatch.setattr(office.channels, "send", say)
        office.notify(late)
        return say(*args, **named)

    monkeypatch.setattr(office.channels, "send", comes_meanwhile)
    assert office.tell() == "told"
    assert office.waiting() == 1
    assert office.alarm() is not None, "the note of what was told leaves the new alarm standing"
    assert office.rings() == "told"
    assert [("n-1" in text, "n-2" in text) for _, _, text in office.channels.said] == [(True, False), (False, True)]


def test_an_entry_that_is_put_between_the_claim_and_the_reading_is_told_with_the_others(office: Office) -> None:
    office.notify(office.happens("n-1"))
    office.claim()
    office.notify(office.happens("n-2"))
    assert office.tell() == "told"
    assert "n-2" in office.channels.said[0][2]
    assert office.rings() == "nothing"


def test_an_entry_that_was_put_but_not_yet_armed_when_the_claim_came_arms_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.notify(office.happens("n-1"))
    armed = digest._arm

    def claimed_first(*args: Any) -> None:
        monkeypatch.setattr(digest, "_arm", armed)
        office.claim()
        armed(*args)

    monkeypatch.setattr(digest, "_arm", claimed_first)
    office.notify(office.happens("n-2"))
    assert office.alarm() is not None


def test_another_workers_alarm_between_reading_and_arming_decides_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.notify(office.happens("n-1"))
    read = MemoryStore.watch
    stale = [None]
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "watch", lambda *place: stale.pop() if stale else read(*place))
        assert office.notify(office.happens("n-2")) == "collected"
    assert office.alarm() == a.NOW + WINDOW
    assert len(office.queue.messages) == 1


def test_a_crash_between_sending_and_dropping_repeats_the_message_and_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.notify(office.happens())
    office.claim()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "drop_digest_entries", dies)
        with pytest.raises(KeyboardInterrupt):
            office.tell()
    assert office.tell() == "told"
    assert len(office.channels.said) == 2


def test_channels_that_are_away_keep_the_entries_and_the_next_notice_tells_them(office: Office) -> None:
    office.notify(office.happens("n-1"))
    office.channels.away = True
    with pytest.raises(RetryableError):
        office.rings()
    assert office.waiting() == 1
    # The queue gave it up; another notice comes later.
    office.channels.away = False
    office.notify(office.happens("n-2"))
    assert office.rings() == "told"
    assert all(number in office.channels.said[0][2] for number in ("n-1", "n-2"))


def test_an_alarm_that_was_lost_is_armed_anew(office: Office) -> None:
    office.notify(office.happens("n-1"))
    office.world.clock.advance(WINDOW + timedelta(minutes=15))
    office.notify(office.happens("n-2"))
    assert office.alarm() == office.world.clock.now()
    assert office.rings() == "told"


def test_an_earlier_need_brings_the_alarm_forward_and_a_later_one_leaves_it() -> None:
    office = Office(recipients=(DAY,))
    office.world.clock.time = EVENING
    office.notify(office.happens("n-1", kind=EventType.TRACKING_CHANGED))
    assert office.alarm("day") == MORNING
    office.notify(office.happens("n-2", kind=EventType.POSTING_LATE, price={"amount": "54.00", "currency": "RUB"}))
    assert office.alarm("day") == EVENING + WINDOW
    office.notify(office.happens("n-3", kind=EventType.TRACKING_CHANGED))
    assert office.alarm("day") == EVENING + WINDOW


# Shifts


def test_at_night_only_what_is_urgent_is_told_and_the_rest_in_the_morning() -> None:
    office = Office(recipients=(DAY,))
    office.world.clock.time = EVENING
    office.notify(office.happens("quiet", kind=EventType.TRACKING_CHANGED))
    office.notify(office.happens("loud", kind=EventType.POSTING_LATE, price={"amount": "54.00", "currency": "RUB"}))
    assert office.rings("day") == "told"
    assert "loud" in office.channels.said[0][1]
    assert office.channels.told_on == [("tg",)]
    assert (office.waiting("day"), office.alarm("day")) == (1, MORNING)
    assert office.rings("day") == "told"
    assert "quiet" in office.channels.said[1][1]


def test_a_shift_that_the_seller_moved_meanwhile_holds_when_the_digest_rings() -> None:
    office = Office(recipients=(DAY,))
    office.notify(office.happens(kind=EventType.TRACKING_CHANGED))
    office.world.policy(recipients=(replace(DAY, shift_from="15:00"),))
    assert office.rings("day") == "waiting"
    assert office.alarm("day") == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_urgent_news_that_may_disturb_nobody_wait_for_the_shift_and_are_not_lost() -> None:
    office = Office(recipients=(CALM,))
    office.world.clock.time = EVENING
    office.notify(office.happens(kind=EventType.INTENT_NEEDS_PERSON, action="cancel"))
    assert office.alarm("calm") == MORNING
    assert office.rings("calm") == "told"


def test_without_a_window_a_notice_is_told_at_once_and_shifts_still_hold() -> None:
    office = Office(recipients=(DAY,))
    office.world.policy(digest_window=timedelta(0))
    assert office.notify(office.happens("now", kind=EventType.TRACKING_CHANGED)) == "told"
    office.world.clock.time = EVENING
    assert office.notify(office.happens("later", kind=EventType.TRACKING_CHANGED)) == "collected"
    assert len(office.channels.said) == 1
    assert office.rings("day") == "told"


def test_without_a_window_a_channel_that_is_away_is_tried_again() -> None:
    office = Office()
    office.world.policy(digest_window=timedelta(0))
    stored = office.happens()
    office.channels.away = True
    with pytest.raises(RetryableError):
        office.notify(stored)
    office.channels.away = False
    assert [office.notify(stored) for _ in range(2)] == ["told", "repeated"]


class Digests(RuleBasedStateMachine):
    """Whatever happens in whatever order: what was noticed is told, once unless a crash came, and never stranded."""

    @initialize()
    def opens(self) -> None:
        self.office = Office(recipients=(DAY,))
        self.noticed: set[str] = set()
        self.packed: set[str] = set()
        self.in_flight = 0

    def told(self) -> list[str]:
        """Numbers of the notes, one for each time it was told."""
        history = self.office.world.history(watch_ref(digest_id("day")))
        notes = [one.event.data for one in history if one.event.type is EventType.DIGEST_TOLD]
        return [str(about).split("/")[1] for note in notes for about in note["about"]]  # type: ignore[union-attr]  # a list of ids

    @rule(urgent=st.booleans())
    def notice(self, urgent: bool) -> None:
        number = f"n-{len(self.noticed)}"
        kind = EventType.POSTING_LATE if urgent else EventType.TRACKING_CHANGED
        self.office.notify(self.office.happens(number, kind=kind, price={"amount": "1.00", "currency": "RUB"}))
        self.noticed.add(number)

    @rule(hours=st.integers(1, 9))
    def time_passes(self, hours: int) -> None:
        self.office.world.clock.advance(timedelta(hours=hours))

    @rule(message=st.booleans())
    def alarm_rings(self, message: bool) -> None:
        due = self.office.alarm("day")
        if due is not None and due <= self.office.world.clock.now():
            self.office.claim("day")
            self.in_flight += 1

    @rule(away=st.booleans())
    def message_arrives(self, away: bool) -> None:
        if self.in_flight:
            self.office.channels.away = away
            try:
                self.office.tell("day")
            except RetryableError:
                return
            finally:
                self.office.channels.away = False
            self.in_flight -= 1

    @invariant()
    def nothing_is_stranded_or_told_twice(self) -> None:
        if not hasattr(self, "office"):
            return
        told = self.told()
        waiting = {entry.stored.ref.id for entry in self.office.world.store.digest_entries(a.SELLER, "day")}
        assert len(told) == len(set(told))
        assert set(told) | waiting == self.noticed
        assert not set(told) & waiting
        assert not waiting or self.in_flight or self.office.alarm("day") is not None


TestDigests = Digests.TestCase
TestDigests.settings = hypothesis_settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_arming_keeps_the_versions_of_the_watch_without_gaps(office: Office) -> None:
    office.notify(office.happens())
    watch = office.world.store.watch(a.SELLER, digest_id(ALL))
    assert watch is not None
    assert watch.version == 1
    office.world.write(SaveWatch(replace(watch, version=2)))
    office.rings()
    stored = office.world.store.watch(a.SELLER, digest_id(ALL))
    assert stored is not None
    assert stored.version == 4
