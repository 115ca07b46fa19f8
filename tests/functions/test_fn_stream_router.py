"""The table's stream: who hears of what, in which order, and what happens to a record nobody can read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.stream_router.handler import PoisonError, handler
from shipby.adapters.aws.bus import EventBridgeBus
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import inbox as inbox_rows
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.application.alarms.copies import copy_message, read_copy
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import EventType, number_job_ref, posting_ref, print_job_ref, stock_ref
from shipby.domain.postings.inbox import PushState
from tests.functions.shop_support import LambdaContext, Shop, failed_ids, sqs_event, stream_event
from tests.support import builders as a

REF = posting_ref(a.NUMBER)


def row(kind: EventType, version: int = 1, *, ref: Any = REF, **data: Any) -> dict[str, Any]:
    return event_rows.event_item(a.SELLER, ref, version, 0, a.event(type=kind, data=data), count=1)


def route(*images: dict[str, Any], name: str = "INSERT") -> list[str]:
    return failed_ids(handler(stream_event(*images, name=name), LambdaContext()))


POISON = {"PK": {"S": "SELLER#s#POSTING#p"}, "SK": {"S": "EVENT#00000001#00"}, "schema": {"N": "1"}}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the events that reach the bus."""
    seen: list[str] = []
    real = EventBridgeBus.publish

    def publish(bus: EventBridgeBus, events: Any) -> Any:
        refused = real(bus, events)
        seen.extend(event.id for event in events if event not in refused)
        return refused

    monkeypatch.setattr(EventBridgeBus, "publish", publish)
    return seen


def test_what_the_table_really_streams_reaches_the_queues(shop: Shop, published: list[str]) -> None:
    shop.store.put_push(a.push())
    shop.store.commit([SavePosting(a.posting()), AppendEvents(a.SELLER, REF, 1, (a.event(),))])
    assert shop.pump() == []
    (hint,) = shop.bodies("sync")
    assert (hint["seller"], hint["posting"]) == (a.SELLER, a.NUMBER)
    (notice,) = shop.bodies("notify")
    assert notice == {"seller": a.SELLER, "kind": "POSTING", "id": a.NUMBER, "version": 1, "index": 0}
    assert published == [f"POSTING/{a.NUMBER}/1/0"]


@pytest.mark.parametrize(
    ("image", "queue", "body"),
    [
        (row(EventType.INTENT_CREATED, intent="i", action="cancel"), "intent", {"intent": "i"}),
        (row(EventType.INTENT_CHECK_DUE, intent="i", action="ship"), "intent", {"intent": "i"}),
        (row(EventType.INTENT_CREATED, intent="i", action="set_tracking"), "tracking", {"intent": "i"}),
        (row(EventType.POSTING_ASSEMBLED), "label", {"task": "fetch", "posting": a.NUMBER}),
        (
            row(EventType.POSTING_REMINDED, rung="label_by", label="missing"),
            "label",
            {"task": "fetch", "posting": a.NUMBER},
        ),
        (
            row(EventType.POSTING_LATE, rung="tariff_step", label="missing"),
            "label",
            {"task": "fetch", "posting": a.NUMBER},
        ),
        (row(EventType.NUMBERS_UPLOADED, ref=number_job_ref("j")), "tracking", {"task": "numbers", "job": "j"}),
        (row(EventType.NUMBERS_ADVANCED, ref=number_job_ref("j")), "tracking", {"task": "numbers", "job": "j"}),
        (
            row(EventType.STOCK_CHANGED, ref=stock_ref("main", "mug"), pool="main", sku="mug", free_before=0, free=2),
            "sync",
            {"task": "goods", "pool": "main", "sku": "mug"},
        ),
        (
            row(EventType.POSTING_STOCK_PENDING),
            "sync",
            {"posting": a.NUMBER, "hinted_at": None, "why": "goods"},
        ),
        (row(EventType.PRINT_REQUESTED, ref=print_job_ref("j")), "label", {"task": "print", "job": "j"}),
    ],
)
def test_each_event_goes_to_the_queue_that_acts_on_it(
    shop: Shop, image: dict[str, Any], queue: str, body: dict[str, Any]
) -> None:
    assert route(image) == []
    assert shop.bodies(queue) == [{"seller": a.SELLER, **body}]


def test_a_label_is_asked_for_only_after_the_delay(shop: Shop) -> None:
    route(row(EventType.POSTING_ASSEMBLED))
    assert shop.delays("label") == [3]


def test_messages_of_a_seller_share_a_group_so_that_queues_stay_fair(shop: Shop) -> None:
    route(row(EventType.POSTING_ASSEMBLED))
    (message,) = shop.messages("label")
    assert message.group_id == a.SELLER


def test_changes_and_other_rows_are_ignored(shop: Shop, published: list[str]) -> None:
    assert route(row(EventType.POSTING_ASSEMBLED), name="MODIFY") == []
    assert route(posting_rows.posting_item(a.posting(), 4)) == []
    assert route(inbox_rows.push_item(a.push(state=PushState.QUARANTINED))) == []
    assert [shop.bodies(queue) for queue in shop.urls] == [[]] * len(shop.urls)
    assert published == []


def test_an_empty_batch_is_fine(shop: Shop) -> None:
    assert route() == []


def test_a_poison_record_stops_the_batch_there_and_what_came_before_is_done(shop: Shop, published: list[str]) -> None:
    before, after = row(EventType.POSTING_RECEIVED, 1), row(EventType.POSTING_CANCELLED, 2)
    assert route(before, POISON, after) == ["101"]
    assert [body["version"] for body in shop.bodies("notify")] == [1]
    assert published == [f"POSTING/{a.NUMBER}/1/0"]


def test_a_poison_record_in_front_raises_so_that_the_batch_is_halved_until_it_stands_alone(shop: Shop) -> None:
    with pytest.raises(PoisonError):
        route(POISON, row(EventType.POSTING_CANCELLED, 2))
    assert shop.bodies("notify") == []
    assert route(POISON) == ["100"]


def test_a_poison_record_is_logged_by_its_keys_only(shop: Shop) -> None:
    route({**POISON, "reason": {"S": "Иван Петров, +79161234501"}})
    (poison,) = [line for line in shop.logged() if line["message"] == "poison record"]
    assert (poison["PK"], poison["SK"]) == ("SELLER#s#POSTING#p", "EVENT#00000001#00")
    assert poison["sequence_number"] == "100"
    assert "Петров" not in shop.log.getvalue()
    assert "9161234501" not in json.dumps(shop.logged(), ensure_ascii=False)


def test_an_intent_event_without_its_action_is_poison_too(shop: Shop) -> None:
    assert route(row(EventType.INTENT_CREATED, intent="i")) == ["100"]


def test_a_queue_that_refuses_lets_only_its_records_and_later_ones_come_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, published: list[str]
) -> None:
    real = SqsWorkQueue.send

    def send(queue: SqsWorkQueue, messages: Any) -> None:
        if queue._url == shop.urls["label"]:
            raise StoreUnavailableError("the queue refused 1 of 1 entries: InternalError")
        real(queue, messages)

    monkeypatch.setattr(SqsWorkQueue, "send", send)
    images = (row(EventType.POSTING_RECEIVED), row(EventType.POSTING_ASSEMBLED, 2), row(EventType.POSTING_LATE, 3))
    assert route(*images) == ["101"]
    assert [body["version"] for body in shop.bodies("notify")] == [1, 3]
    assert published == [f"POSTING/{a.NUMBER}/1/0"]


def refusing(monkeypatch: pytest.MonkeyPatch, *versions: int) -> list[int]:
    """The bus refuses these versions; returns those that it takes, as they come."""
    taken: list[int] = []

    def publish(_: EventBridgeBus, events: Any) -> list[Any]:
        taken.extend(event.version for event in events if event.version not in versions)
        return [event for event in events if event.version in versions]

    monkeypatch.setattr(EventBridgeBus, "publish", publish)
    return taken


THREE = (row(EventType.POSTING_RECEIVED, 1), row(EventType.POSTING_LATE, 2), row(EventType.POSTING_CANCELLED, 3))


@pytest.mark.parametrize("refused", [(1,), (2,), (3,), (1, 3), (1, 2, 3)])
def test_what_the_bus_refuses_holds_no_queue_back_and_waits_in_a_queue_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, refused: tuple[int, ...]
) -> None:
    taken = refusing(monkeypatch, *refused)
    assert route(*THREE) == [], "no record comes again"
    assert [body["version"] for body in shop.bodies("notify")] == [1, 2, 3]
    copies = shop.bodies("copy")
    assert tuple(sorted(int(str(body["version"])) for body in copies)) == refused
    assert sorted(taken) == [version for version in (1, 2, 3) if version not in refused]

    again = refusing(monkeypatch, 3)
    answer = failed_ids(handler(sqs_event(*copies), LambdaContext()))
    assert answer == [f"m{index}" for index, body in enumerate(copies) if body["version"] == 3]
    assert sorted(again) == [version for version in refused if version != 3]


def test_a_bus_that_breaks_altogether_holds_no_queue_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: EventBridgeBus, __: Any) -> None:
        raise StoreUnavailableError("the event bus refused 1 of 1 entries: ThrottlingException")

    monkeypatch.setattr(EventBridgeBus, "publish", refuse)
    assert route(inbox_rows.push_item(a.push()), row(EventType.POSTING_RECEIVED)) == []
    assert len(shop.bodies("sync")) == len(shop.bodies("notify")) == len(shop.bodies("copy")) == 1


def test_the_copy_that_comes_again_is_the_copy_that_was_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, published: list[str]
) -> None:
    sent = event_rows.read_event(row(EventType.POSTING_LATE, 2, rung="tariff_step", label="missing"))
    assert read_copy(copy_message(sent).body) == sent
    assert failed_ids(handler(sqs_event(copy_message(sent).body), LambdaContext())) == []
    assert published == [sent.id]


def test_a_copy_that_neither_bus_nor_queue_takes_stays_in_the_stream(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, 2)
    real = SqsWorkQueue.send

    def send(queue: SqsWorkQueue, messages: Any) -> None:
        if queue._url == shop.urls["copy"]:
            raise StoreUnavailableError("the queue refused 1 of 1 entries: InternalError")
        real(queue, messages)

    monkeypatch.setattr(SqsWorkQueue, "send", send)
    assert route(*THREE) == ["101"]


def test_a_message_that_is_no_copy_fails_alone(shop: Shop, published: list[str]) -> None:
    good = copy_message(event_rows.read_event(row(EventType.POSTING_LATE, 2)))
    assert failed_ids(handler(sqs_event("{", good.body, {"seller": "s"}), LambdaContext())) == ["m0", "m2"]
    assert published == [f"POSTING/{a.NUMBER}/2/0"]
