"""Events go to an endpoint in order, are lost by no failure, and cost three writes at most."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.webhooks import endpoints
from shipby.application.webhooks.endpoints import Wanted
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import InvalidInputError, NotReadyYetError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.webhooks.endpoint import EndpointState
from shipby.domain.webhooks.lane import first_lane
from tests.support import builders as a
from tests.unit.webhooks.hook_support import Office
from tests.unit.world_support import forget


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_event_is_delivered_once_with_what_it_says(office: Office) -> None:
    ref = office.happens(a.NUMBER, EventType.POSTING_PACKED)
    assert [office.message(ref) for _ in range(2)] == ["webhook_delivered", "webhook_nothing"]
    ((_, body, headers),) = office.receiver.heard
    said = json.loads(body)
    assert (said["type"], said["aggregate_id"], said["data"]) == ("posting.packed", a.NUMBER, {"n": 1})
    assert headers["webhook-id"].startswith("evt_")


def test_a_delivery_costs_three_writes_and_what_is_not_wanted_none(office: Office) -> None:
    before = office.rows.written
    office.message(office.happens())
    assert office.rows.written - before == 3
    office.message(office.happens("other", EventType.DIGEST_DUE))
    assert office.rows.written - before == 3


def test_messages_that_overtake_each_other_do_not_let_events_do_so(office: Office) -> None:
    for _ in range(3):
        ref = office.happens()
    office.message(ref)
    assert office.heard() == [(a.NUMBER, 1), (a.NUMBER, 2), (a.NUMBER, 3)]


def test_types_and_families_are_filtered_and_what_is_passed_over_holds_nothing_back() -> None:
    office = Office("label.*", "posting.packed")
    ref = office.happens(a.NUMBER, EventType.POSTING_CHANGED)
    assert office.message(ref) == "webhook_nothing"
    office.happens(a.NUMBER, EventType.POSTING_PACKED, EventType.LABEL_READY)
    office.message(ref)
    assert [json.loads(body)["type"] for _, body, _ in office.receiver.heard] == ["posting.packed", "label.ready"]


def test_what_happened_before_the_endpoint_was_made_is_not_its_own(office: Office) -> None:
    office.world.clock.time -= timedelta(hours=1)
    ref = office.happens()
    office.passes(hours=2)
    office.happens()
    office.message(ref)
    assert office.heard() == [(a.NUMBER, 2)]


def test_a_later_event_never_overtakes_one_that_waits(office: Office) -> None:
    office.receiver.away = True
    ref = office.happens()
    assert office.message(ref) == "webhook_waits"
    office.receiver.away = False
    office.happens()
    assert office.message(ref) == "webhook_waits"  # not before the endpoint's alarm
    assert office.heard() == []
    assert office.rings() == "drain_drained"
    assert office.heard() == [(a.NUMBER, 1), (a.NUMBER, 2)]
    assert office.endpoint().state is EndpointState.LIVE
    assert office.endpoint().next_alarm is None


def test_while_an_endpoint_fails_others_only_wait_and_are_not_tried(office: Office) -> None:
    office.receiver.away = True
    for number in ("1", "2"):
        office.message(office.happens(number))
    assert (office.receiver.tries, office.endpoint().state) == (1, EndpointState.FAILING)


def test_an_endpoint_that_is_away_is_tried_by_few_and_rarer_and_rarer(office: Office) -> None:
    office.receiver.away = True
    for number in range(40):
        office.message(office.happens(str(number)))
    gaps, tries = [], office.receiver.tries
    for _ in range(5):
        before = office.now
        assert office.rings() == "drain_failing"
        gaps.append(office.now - before)
        assert office.receiver.tries - tries <= 3
        tries = office.receiver.tries
    assert gaps == sorted(gaps)
    assert gaps[-1] > gaps[0]


def test_three_days_of_failures_pause_it_with_a_case_and_resuming_loses_nothing(office: Office) -> None:
    office.receiver.away = True
    for number in ("1", "2", "3"):
        office.message(office.happens(number))
    said = ""
    while said != "drain_paused":
        said = office.rings()
    assert office.now - a.NOW >= timedelta(days=3)
    assert office.endpoint().state is EndpointState.PAUSED
    (case,) = (office.world.store.case(a.SELLER, one) for one in office.world.store.cases_in(a.SELLER).items)
    assert case is not None
    assert (case.kind, case.subject) == (CaseKind.WEBHOOK, office.id)
    assert office.message(office.happens("1")) == "webhook_waits"
    office.receiver.away = False
    office.asks(endpoints.resume(office.desk, office.id, "mended", forget))
    assert sorted(office.heard()) == [("1", 1), ("1", 2), ("2", 1), ("3", 1)]
    assert not list(office.world.store.cases_in(a.SELLER).items)
    assert office.endpoint().state is EndpointState.LIVE


def test_one_event_that_no_receiver_takes_holds_its_own_posting_only_and_ends_as_a_dead_letter(office: Office) -> None:
    office.receiver.refuses.add('"aggregate_id":"bad","version":1,')
    office.message(office.happens("bad"))
    office.happens("bad")
    assert office.rings() == "drain_drained"
    for number in range(30):
        assert office.message(office.happens(str(number))) == "webhook_delivered"
    while not office.rows.dead(a.SELLER, office.id, limit=5).items:
        office.rings()
    assert timedelta(days=3) <= office.now - a.NOW < timedelta(days=4)
    (dead,) = office.rows.dead(a.SELLER, office.id, limit=5).items
    assert dead["event"] == "POSTING/bad/1/0"
    office.rings()
    assert ("bad", 2) in office.heard()
    assert office.endpoint().next_alarm is None


def test_two_workers_at_one_posting_are_one_at_a_time(office: Office) -> None:
    ref = office.happens()
    taken = replace(
        first_lane(office.endpoint(), ref, office.now), number=1, leased_until=office.now + timedelta(minutes=1)
    )
    office.rows.put_lane(taken)
    with pytest.raises(NotReadyYetError):
        office.message(ref)
    assert office.heard() == []
    office.passes(minutes=2)
    assert office.message(ref) == "webhook_delivered"


def test_a_paused_endpoint_gets_nothing_until_it_is_resumed_and_then_everything(office: Office) -> None:
    endpoints.pause(office.desk, office.id, "works on it", forget)
    ref = office.happens()
    assert office.message(ref) == "webhook_waits"
    office.asks(endpoints.resume(office.desk, office.id, "done", forget))
    assert office.heard() == [(a.NUMBER, 1)]


def test_a_replay_sends_what_happened_since_again_in_order_with_the_same_ids(office: Office) -> None:
    office.world.arrives()
    ref = posting_ref(a.NUMBER)
    office.message(ref)
    first = [(body, headers["webhook-id"]) for _, body, headers in office.receiver.heard]
    assert first
    office.passes(minutes=5)
    office.asks(endpoints.ask_replay(office.desk, office.id, a.NOW, "we lost them", forget))
    again = [(body, headers["webhook-id"]) for _, body, headers in office.receiver.heard][len(first) :]
    assert again == first
    assert office.message(ref) == "webhook_nothing"


def test_a_replay_goes_on_where_its_time_was_over(office: Office) -> None:
    for number in ("1-1", "2-1", "3-1"):
        office.world.arrives(number)
        office.message(posting_ref(number))
    count = len(office.receiver.heard)
    said = office.does(
        {"seller": a.SELLER, "task": "replay", "endpoint": office.id, "since": a.NOW.isoformat(), "done": 1}
    )
    assert said == "replay_drained"
    assert 0 < len(office.receiver.heard) - count < count


def test_a_test_message_says_how_it_went_even_while_paused(office: Office) -> None:
    endpoints.pause(office.desk, office.id, "x", forget)
    assert office.asks(endpoints.ask_test(office.desk, office.id, forget)) == "test_taken"
    (row,) = office.rows.log(a.SELLER, office.id, limit=5).items
    assert "webhook.test" in str(row["entries"])


def test_a_secret_that_is_gone_fails_as_a_receiver_does_and_is_mended_by_another(office: Office) -> None:
    office.secrets.kept.clear()
    assert office.message(office.happens()) == "webhook_waits"
    assert "rotate it" in office.endpoint().problem or "no secret" in office.endpoint().problem
    endpoints.rotate(office.desk, office.id, timedelta(0), forget)
    assert office.rings() == "drain_drained"
    assert office.heard() == [(a.NUMBER, 1)]


def test_of_two_endpoints_one_that_is_away_holds_the_other_back_in_nothing(office: Office) -> None:
    second = endpoints.make(office.desk, Wanted(url="https://two.example.com/x"), forget)
    office.receiver.refuses.add("nothing")
    endpoints.pause(office.desk, office.id, "away", forget)
    office.message(office.happens())
    assert [url for url, _, _ in office.receiver.heard] == ["https://two.example.com/x"]
    assert str(second.body["id"]) in office.rows.endpoint_ids(a.SELLER)


def test_a_deleted_endpoint_gets_nothing_and_its_secrets_are_gone(office: Office) -> None:
    endpoints.delete(office.desk, office.id, "moved", forget)
    assert office.message(office.happens()) == "webhook_nothing"
    assert (office.receiver.tries, office.secrets.kept, office.rows.listening()) == (0, {}, frozenset())


@pytest.mark.parametrize("types", [("posting.nothing",), ("webhook.due",), ("digest.*",)])
def test_a_filter_that_names_no_type_of_the_catalogue_is_refused(types: tuple[str, ...], office: Office) -> None:
    with pytest.raises(InvalidInputError):
        endpoints.make(office.desk, Wanted(url="https://x.example.com", types=types), forget)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_fails_when_nothing_is_lost_and_nothing_overtakes(seed: int) -> None:
    """Messages lost, doubled and shuffled, a receiver that comes and goes: the end is everything, in order."""
    chance, office = random.Random(seed), Office()
    queue: list[str] = []
    for _ in range(400):
        match chance.randrange(6):
            case 0 | 1:
                number = str(chance.randrange(12))
                office.happens(number)
                queue += [number] * chance.choice((1, 1, 2))
            case 2 | 3 if queue:
                office.message(posting_ref(queue.pop(chance.randrange(len(queue)))))
            case 4:
                office.receiver.away = chance.random() < 0.5
                office.passes(seconds=chance.randrange(200))
            case _ if office.endpoint().next_alarm:
                office.rings()
    office.receiver.away = False
    for number in queue:
        office.message(posting_ref(number))
    while office.endpoint().next_alarm:
        office.rings()
    if office.endpoint().state is EndpointState.PAUSED:
        office.asks(endpoints.resume(office.desk, office.id, "x", forget))
    heard: dict[str, list[int]] = {}
    for number, version in office.heard():
        heard.setdefault(number, []).append(version)
    assert heard == {ref.id: list(range(1, last + 1)) for ref, last in office.versions.items()}
