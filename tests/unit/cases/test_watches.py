"""Alarms of watches and cases: digests, the steps to the end of a key, unhealthy pushes, cases left open."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter, opened
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import UNHEALTHY_AGAIN, digest_id, fire_case, fire_watch, key_alarm, push_alarm
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from tests.support import builders as a

ENDS = a.NOW + timedelta(days=30)
DAY = timedelta(days=1)


def watch(identifier: str, kind: RungKind, state: str = "", data: Mapping[str, Json] | None = None) -> Watch:
    alarm = Alarm(due=a.NOW, kind=kind)
    return Watch(
        seller=a.SELLER, id=identifier, version=4, checked_at=a.NOW, state=state, data=data or {}, next_alarm=alarm
    )


def key_watch(due: datetime, ends: datetime = ENDS) -> Watch:
    alarm = Alarm(due=due, kind=RungKind.KEY_EXPIRES)
    data: dict[str, Json] = {"expires_at": ends.isoformat(), "methods": 12}
    return Watch(
        seller=a.SELLER,
        id="marketplace-key",
        version=1,
        checked_at=a.NOW,
        state="expires_soon",
        data=data,
        next_alarm=alarm,
    )


def fire(one: Watch, at: datetime = a.NOW) -> tuple[Watch, Any]:
    changed, (event,) = fire_watch(one, at=at, actor="system:alarm_worker")
    assert changed.version == one.version + 1
    assert event.at == at
    return changed, event


def test_a_digest_rings_once_and_names_its_recipient() -> None:
    changed, event = fire(watch(digest_id("anna.p"), RungKind.DIGEST_DUE))
    assert (event.type, event.data) == (EventType.DIGEST_DUE, {"recipient": "anna.p"})
    assert changed.next_alarm is None


def test_a_key_is_told_14_7_3_and_1_day_before_its_end_and_at_it() -> None:
    alarm, told = key_alarm(ENDS, a.NOW), []
    while alarm is not None:
        changed, event = fire(key_watch(alarm.due), alarm.due)
        assert event.type is EventType.KEY_EXPIRES_SOON
        told.append(((ENDS - alarm.due) // DAY, event.data["days_left"], event.data["expired"]))
        alarm = changed.next_alarm
    assert told == [(14, 14, False), (7, 7, False), (3, 3, False), (1, 1, False), (0, 0, True)]


def test_a_warning_that_rings_late_is_followed_by_the_next_one_ahead() -> None:
    changed, event = fire(key_watch(ENDS - 14 * DAY), ENDS - 5 * DAY)
    assert event.data["days_left"] == 5
    assert changed.next_alarm == Alarm(due=ENDS - 3 * DAY, kind=RungKind.KEY_EXPIRES)


@pytest.mark.parametrize("data", [{}, {"expires_at": None}, {"expires_at": "soon"}])
def test_a_key_without_an_end_cannot_ring(data: dict[str, Json]) -> None:
    with pytest.raises(InvalidInputError, match="expires_at"):
        fire(watch("marketplace-key", RungKind.KEY_EXPIRES, data=data))
    assert key_alarm(None, a.NOW) is None


@pytest.mark.parametrize("state", ["YELLOW", "RED", "DISABLED"])
def test_an_unhealthy_address_is_told_again_every_six_hours_while_it_lasts(state: str) -> None:
    changed, event = fire(watch("push-health", RungKind.PUSH_UNHEALTHY, state, {"url": "/ozon/push"}))
    assert (event.type, event.data) == (EventType.PUSH_UNHEALTHY, {"url": "/ozon/push", "state": state})
    assert changed.next_alarm == push_alarm(state, a.NOW)
    assert changed.next_alarm == Alarm(due=a.NOW + UNHEALTHY_AGAIN, kind=RungKind.PUSH_UNHEALTHY)


def test_an_address_that_is_healthy_again_falls_silent() -> None:
    changed, event = fire(watch("push-health", RungKind.PUSH_UNHEALTHY, "GREEN"))
    assert event.type is EventType.WATCH_CHANGED
    assert changed.next_alarm is None


def test_nothing_rings_before_its_time_without_an_alarm_or_with_a_foreign_one() -> None:
    early = watch(digest_id("anna"), RungKind.DIGEST_DUE)
    with pytest.raises(InvalidInputError, match="not due"):
        fire(early, a.NOW - timedelta(microseconds=1))
    silent = Watch(seller=a.SELLER, id="error-index", version=1, checked_at=a.NOW)
    with pytest.raises(InvalidInputError, match="no alarm"):
        fire(silent)
    with pytest.raises(InvalidInputError, match="no watch"):
        fire(watch("error-index", RungKind.TARIFF_STEP))


def case() -> Case:
    matter = Matter(seller=a.SELLER, kind=CaseKind.OPEN_ORDER, subject="p.1.cancel.1")
    found, _ = opened(matter, identifier="c1", reason="unknown for an hour", owner="anna", at=a.NOW, actor="system:x")
    return found


def test_an_open_case_is_told_every_day() -> None:
    one = case()
    for day in range(1, 4):
        one, (event,) = fire_case(one, at=a.NOW + day * DAY, actor="system:alarm_worker")
        assert (event.type, event.reason) == (EventType.CASE_REMINDED, "unknown for an hour")
        assert one.next_alarm == Alarm(due=a.NOW + (day + 1) * DAY, kind=RungKind.CASE_DUE)
    assert one.version == 4
    with pytest.raises(InvalidInputError, match="not due"):
        fire_case(one, at=a.NOW + DAY, actor="system:alarm_worker")
