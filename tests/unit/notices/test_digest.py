"""Digests: one message for a burst, told to whoever hears of it, without what no longer matters."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.notices import digest
from shipby.application.notices.digest import read_digest
from shipby.application.ports.writes import SaveCase, SaveReturn
from shipby.application.shared.alarm_messages import read_alarm
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.watches import digest_id
from shipby.domain.errors import InvalidInputError, RetryableError
from shipby.domain.events import Event, EventType, case_ref, return_ref, watch_ref
from shipby.domain.postings.posting import Stage
from shipby.domain.returns.return_case import ReturnStage
from shipby.domain.sellers.settings import Recipient
from tests.support import builders as a
from tests.unit.notices.digest_support import ALL, DAY, EVENING, MORNING, WINDOW, Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_two_hundred_notices_are_one_message(office: Office) -> None:
    told = [office.notify(office.happens(f"n-{index:03}")) for index in range(200)]
    assert set(told) == {"collected"}
    assert len(office.queue.messages) == 1, "the digest is armed once"
    assert office.rings() == "told"
    ((_, title, text),) = office.channels.said
    assert "200" in title
    assert "… и ещё 180" in text
    assert office.waiting() == 0
    assert office.alarm() is None
    assert office.history() == [EventType.DIGEST_DUE, EventType.DIGEST_TOLD]
    note = office.world.history(watch_ref(digest_id(ALL)))[-1].event.data
    assert (note["recipient"], note["events"], note["left_out"]) == (ALL, 200, 0)


def test_what_came_at_the_end_of_a_shift_is_told_though_the_window_ends_after_it() -> None:
    office = Office(recipients=(DAY,))
    office.world.clock.time = EVENING.replace(hour=14, minute=59, second=50)  # 17:59:50 in Moscow
    assert office.notify(office.happens("in-time", EventType.POSTING_CANCELLED)) == "collected"
    office.world.clock.time += timedelta(seconds=15)
    assert office.notify(office.happens("after-it", EventType.POSTING_CANCELLED)) == "collected"

    assert office.rings("day") == "told"

    ((_, _, text),) = office.channels.said
    assert "in-time" in text
    assert "after-it" not in text
    assert office.alarm("day") == MORNING
    assert office.rings("day") == "told"
    assert "after-it" in office.channels.said[-1][2]


def test_what_waited_longer_than_its_window_keeps_to_the_quiet_hours() -> None:
    office = Office(recipients=(DAY,))
    office.world.clock.time = EVENING.replace(hour=14, minute=59, second=50)
    office.notify(office.happens(kind=EventType.POSTING_CANCELLED))
    office.claim("day")
    office.world.clock.time += timedelta(hours=1)

    assert office.tell("day") == "waiting"

    assert (office.channels.said, office.alarm("day")) == ([], MORNING)


def test_a_ringing_digest_is_a_message_to_the_notice_worker(office: Office) -> None:
    office.notify(office.happens())
    office.claim()
    (routed,) = route_event(office.world.history(watch_ref(digest_id(ALL)))[-1], label_delay_seconds=0)
    assert routed.destination is Destination.NOTIFY
    assert read_digest(routed.message.body) == (a.SELLER, ALL)
    with pytest.raises(InvalidInputError):
        read_digest({"seller": a.SELLER})


def test_the_alarm_is_queued_at_once_so_that_the_window_is_kept_to_the_second(office: Office) -> None:
    office.notify(office.happens())
    (message,) = office.queue.messages
    assert message.delay_seconds == 30
    assert read_alarm(message.body).ref == watch_ref(digest_id(ALL))
    assert read_alarm(message.body).due == a.NOW + WINDOW == office.alarm()


def test_a_far_alarm_is_left_to_the_sweep() -> None:
    office = Office(recipients=(DAY,))
    office.world.clock.time = EVENING
    assert office.notify(office.happens(kind=EventType.POSTING_BLOCKED)) == "collected"
    assert office.queue.messages == []
    assert office.alarm("day") == MORNING


def test_the_same_event_is_put_by_exactly_once(office: Office) -> None:
    stored = office.happens()
    assert [office.notify(stored) for _ in range(3)] == ["collected"] * 3
    assert office.waiting() == 1
    office.rings()
    assert office.notify(stored) == "repeated"
    assert office.waiting() == 0
    assert office.alarm() is None
    assert len(office.channels.said) == 1


# Who


def test_everybody_has_a_digest_of_their_own_language_and_channels() -> None:
    chinese = Recipient(name="li", channels=("wecom",), language="zh")
    office = Office(recipients=(DAY, chinese))
    assert office.notify(office.happens()) == "collected"
    office.claim("day")
    office.claim("li")
    assert (office.tell("day"), office.tell("li")) == ("told", "told")
    assert office.channels.told_on == [("tg",), ("wecom",)]
    assert office.channels.said[0][1].startswith("Отгрузить")
    assert office.channels.said[1][1].startswith("请在")


def test_one_recipients_broken_channel_does_not_keep_the_others_from_being_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = Office(recipients=(DAY, Recipient(name="li")))
    office.world.policy(digest_window=timedelta(0))
    send = office.channels.send

    def only_to_li(*said: str, names: Sequence[str] = ()) -> bool:
        if names:
            raise RetryableError("away")
        return send(*said, names=names)

    stored = office.happens()
    with monkeypatch.context() as patch:
        patch.setattr(office.channels, "send", only_to_li)
        for _ in range(2):
            with pytest.raises(RetryableError):
                office.notify(stored)
    assert len(office.channels.said) == 1, "the working one is told once"
    assert office.notify(stored) == "told"
    assert len(office.channels.said) == 2


def test_a_recipient_without_such_a_channel_is_nobody_and_not_tried_for_ever() -> None:
    office = Office(recipients=(DAY,))
    office.channels.known = ["other"]
    office.notify(office.happens())
    assert office.rings("day") == "nobody"
    assert (office.waiting("day"), office.channels.said) == (0, [])


def test_an_event_that_nobody_wants_costs_nothing() -> None:
    office = Office(recipients=(replace(DAY, events=("posting.late",)),))
    assert office.notify(office.happens()) == "nobody"
    assert (office.waiting("day"), office.alarm("day")) == (0, None)


def test_notices_go_to_whoever_has_the_warehouse_of_the_posting_or_of_its_return() -> None:
    here = replace(DAY, name="here", warehouses=(a.posting().warehouse_id,))
    there = replace(DAY, name="there", warehouses=("elsewhere",))
    office = Office(recipients=(here, there))
    office.notify(office.happens())
    office.notify(office.happens("moved-out", kind=EventType.POSTING_BLOCKED))
    back = a.return_case(posting_number=a.NUMBER)
    opened = Event(type=EventType.RETURN_OPENED, at=a.NOW, actor="x", data={"posting": a.NUMBER})
    office.notify(office.write(return_ref(back.id), SaveReturn(back), 1, opened))
    assert (office.waiting("here"), office.waiting("there")) == (3, 0)


def test_what_waits_for_somebody_who_was_taken_out_is_told_on_every_channel() -> None:
    office = Office(recipients=(DAY,))
    office.notify(office.happens())
    office.world.policy(recipients=())
    assert office.rings("day") == "told"
    assert office.channels.told_on == [()]


# What is left out


def test_a_reminder_of_what_was_packed_meanwhile_is_not_told(office: Office) -> None:
    office.notify(office.happens("packed"))
    office.notify(office.happens("open"))
    office.becomes("packed", stage=Stage.PACKED)
    assert office.rings() == "told"
    ((_, _, text),) = office.channels.said
    assert "open" in text
    assert "packed\n" not in text
    assert office.world.history(watch_ref(digest_id(ALL)))[-1].event.data["left_out"] == 1


def test_when_nothing_matters_any_more_nothing_is_said(office: Office) -> None:
    office.notify(office.happens())
    office.becomes(stage=Stage.HANDED_OVER, handed_over_at=a.NOW)
    assert office.rings() == "left_out"
    assert (office.waiting(), office.channels.said) == (0, [])


def test_a_decided_return_and_a_closed_case_are_not_reminded_of(office: Office) -> None:
    back = a.return_case()
    reminded = Event(type=EventType.RETURN_REMINDED, at=a.NOW, actor="x", data={})
    office.notify(office.write(return_ref(back.id), SaveReturn(back), 1, reminded))
    case = Case(seller=a.SELLER, id="c1", version=1, kind=CaseKind.OPEN_ORDER, subject="s", reason="r", opened_at=a.NOW)
    again = Event(type=EventType.CASE_REMINDED, at=a.NOW, actor="x", data={"owner": ""})
    office.notify(office.write(case_ref("c1"), SaveCase(case), 1, again))
    assert office.waiting() == 2
    office.world.write(SaveReturn(replace(back, version=2, stage=ReturnStage.DECIDED)))
    office.world.write(SaveCase(replace(case, version=2, closed_at=a.NOW)))
    assert office.rings() == "left_out"


def test_what_has_happened_is_told_whatever_came_after_it(office: Office) -> None:
    office.notify(office.happens(kind=EventType.POSTING_CANCELLED))
    office.becomes(stage=Stage.HANDED_OVER, handed_over_at=a.NOW)
    assert office.rings() == "told"


def test_more_than_one_message_can_hold_follows_right_after_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MOST", 3)
    for index in range(5):
        office.notify(office.happens(f"n-{index}"))
    assert office.rings() == "told"
    assert (office.waiting(), office.alarm()) == (2, office.world.clock.now())
    assert office.rings() == "told"
    assert len(office.channels.said) == 2


def test_a_digest_of_nothing_is_nothing(office: Office) -> None:
    assert office.tell() == "nothing"
    assert office.channels.said == []
