"""The stream's router and the batches of queues: a failure at every position, and time that runs out inside a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

from shipby.adapters.aws_lambda import batch as batches
from shipby.adapters.aws_lambda import stream
from shipby.adapters.aws_lambda.messages import Message, read_message
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.ports.messages import QueueMessage
from shipby.application.shared.loggable import error_fields
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError, StoreUnavailableError
from shipby.domain.events import EventType, StoredEvent, posting_ref
from tests.simulation.scenes.stage import silent
from tests.simulation.watch import need
from tests.support import builders as a

LENGTH = 4
_KINDS: tuple[tuple[EventType, dict[str, Any]], ...] = (
    (EventType.INTENT_CREATED, {"intent": "i", "action": "cancel"}),
    (EventType.POSTING_ASSEMBLED, {}),
    (EventType.INTENT_CREATED, {"intent": "t", "action": "set_tracking"}),
    (EventType.POSTING_REMINDED, {"rung": "label_by", "label": "missing"}),
)
"""Records that go to several queues each."""
POISON = {"PK": {"S": "SELLER#s#POSTING#p"}, "SK": {"S": "EVENT#00000001#00"}, "schema": {"N": "1"}}


def _records(poison: int | None = None, modified: Iterable[int] = ()) -> list[dict[str, Any]]:
    records = []
    for index in range(LENGTH):
        kind, data = _KINDS[index]
        event = a.event(type=kind, data=data)
        image = event_rows.event_item(a.SELLER, posting_ref(f"24219509-0020-{index}"), 1, 0, event, count=1)
        image = POISON if index == poison else image
        name = "MODIFY" if index in set(modified) else "INSERT"
        records.append({"eventName": name, "dynamodb": {"SequenceNumber": str(index), "NewImage": image}})
    return records


class Queue:
    """Refuses a batch that holds a message of the record at `refuses`, as SQS may at any of them."""

    def __init__(self, refuses: int | None) -> None:
        self._refuses = refuses
        self.taken: list[str] = []

    def send(self, messages: Iterable[QueueMessage]) -> None:
        texts = [json.dumps(dict(message.body), default=str) for message in messages]
        if self._refuses is not None and any(f"0020-{self._refuses}" in text for text in texts):
            raise StoreUnavailableError("the queue refused")
        self.taken += texts


class Bus:
    """Away, or refusing single entries of a call that it takes otherwise."""

    def __init__(self, *, broken: bool, refuses: int | None = None) -> None:
        self.broken = broken
        self._refuses = refuses
        self.taken: list[int] = []

    def publish(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        if self.broken:
            raise StoreUnavailableError("the bus is away")
        numbers = {int(event.ref.id[-1]): event for event in events}
        self.taken += [number for number in numbers if number != self._refuses]
        return [event for number, event in numbers.items() if number == self._refuses]


def _route(found: Any) -> Any:
    if not isinstance(found, StoredEvent):
        return ()
    routed = route_event(found, label_delay_seconds=0)
    # Intents are named by their posting here, so that each message tells of its record.
    named = partial(QueueMessage, group="x")
    return [type(one)(one.destination, named(body={**one.message.body, "of": found.ref.id})) for one in routed]


def _wanted(index: int) -> int:
    kind, data = _KINDS[index]
    event = a.event(type=kind, data=data)
    stored = StoredEvent(
        seller=a.SELLER, ref=posting_ref(str(index)), version=1, index=0, event=event, count=1, type_version=1
    )
    return len(route_event(stored, label_delay_seconds=0))


def _play(
    *,
    poison: int | None = None,
    refuses: int | None = None,
    only: Destination | None = None,
    bus_broken: bool = False,
    bus_refuses: int | None = None,
    copies_refuse: int | None = None,
) -> None:
    queues = {each: Queue(refuses if only in (None, each) else None) for each in Destination}
    bus, copies = Bus(broken=bus_broken, refuses=bus_refuses), Queue(copies_refuse)
    with silent():
        done = stream.route_batch(_records(poison), _route, queues=queues, bus=bus, copies=copies)
    what = f"poison {poison}, refused {refuses} of {only}, bus broken {bus_broken} or refuses {bus_refuses}"
    what += f", copies refuse {copies_refuse}"
    if poison is None and refuses is None and copies_refuse is None:
        need(done.failed is None, "what the bus refuses holds no record back", what)
    over = LENGTH if done.failed is None else done.failed
    for index in range(over):
        taken = sum(text.count(f'0020-{index}"') > 0 for queue in queues.values() for text in queue.taken)
        need(taken >= _wanted(index), "what does not come again was sent", f"record {index} of {LENGTH}: {what}")
        waits = any(f'0020-{index}"' in text for text in copies.taken)
        need(index in bus.taken or waits, "what does not come again was copied", f"record {index} of {LENGTH}: {what}")
    if poison is not None:
        need(done.failed is not None and done.failed <= poison, "a poison record comes again", what)
        need(done.poison == poison, "a poison record is named", what)


def a_poison_record_at_every_position() -> None:
    for position in range(LENGTH):
        _play(poison=position)


def a_refused_record_at_every_position() -> None:
    for position in range(LENGTH):
        _play(refuses=position)
        for destination in Destination:
            _play(refuses=position, only=destination)


def both_at_every_position() -> None:
    for poison in range(LENGTH):
        for position in range(LENGTH):
            _play(poison=poison, refuses=position)


def the_bus_is_away() -> None:
    _play(bus_broken=True)
    for position in range(LENGTH):
        _play(bus_broken=True, refuses=position)
        _play(bus_refuses=position)
        _play(bus_refuses=position, poison=LENGTH - 1)


def neither_bus_nor_queue_takes_a_copy() -> None:
    for position in range(LENGTH):
        _play(bus_broken=True, copies_refuse=position)
        _play(bus_refuses=position, copies_refuse=position)


def changed_rows_lead_to_nothing() -> None:
    queues, bus, copies = {each: Queue(None) for each in Destination}, Bus(broken=False), Queue(None)
    for position in range(LENGTH):
        with silent():
            changed = _records(modified=range(position, LENGTH))
            stream.route_batch(changed, _route, queues=queues, bus=bus, copies=copies)
        sent = [text for queue in queues.values() for text in queue.taken]
        late = [text for text in sent if any(f'0020-{n}"' in text for n in range(position, LENGTH))]
        need(not late, "only what is new is routed", f"a change of record {position} was routed")
        for queue in queues.values():
            queue.taken.clear()


# Batches of a queue


class Context:
    """A function's time: `left` milliseconds at each look, the last one for ever."""

    def __init__(self, *left: int) -> None:
        self._left = list(left)

    def get_remaining_time_in_millis(self) -> int:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


class Held:
    def __init__(self) -> None:
        self.held: dict[str, int] = {}

    def hold(self, receipt: str, seconds: int) -> None:
        self.held[receipt] = seconds


def _batch(count: int, attempts: Mapping[int, int] | None = None) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{n}",
                "receiptHandle": f"r{n}",
                "body": json.dumps({"seller": "1", "posting": f"p{n}", "text": "Иван Петров"}),
                "attributes": {"ApproximateReceiveCount": str((attempts or {}).get(n, 1))},
            }
            for n in range(count)
        ]
    }


def _failing(*positions: int) -> Iterator[tuple[int, ...]]:
    for size in range(len(positions) + 1):
        yield from combinations(positions, size)


def messages_fail_at_every_position() -> None:
    """Whichever of a batch fail: these come again, and no others."""
    for failing in _failing(*range(LENGTH)):
        held, begun = Held(), list[str]()

        def work(message: Message, failing: tuple[int, ...] = failing, begun: list[str] = begun) -> str:
            begun.append(message.id)
            if int(message.id[1:]) in failing:
                raise MarketplaceUnavailableError("away", retry_after=7)
            return "done"

        with silent():
            answer = batches.SqsBatch(held, monotonic=lambda: 0.0).each(_batch(LENGTH), Context(60_000), work)
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        need(again == {f"m{n}" for n in failing}, "what failed comes again, and nothing else", f"{failing}: {again}")
        need(len(begun) == LENGTH, "one failure stops no other", f"{failing}: {begun}")
        need(held.held == {f"r{n}": 7 for n in failing}, "a failed message waits as it was told", str(held.held))


def a_group_fails_whole_and_no_other_does() -> None:
    """Messages of one key are worked on together: the group's error is theirs alone, whichever group it is."""
    for failing in range(2):

        def work(key: int, messages: Sequence[Message], failing: int = failing) -> dict[str, Any]:
            if key == failing:
                raise KeyError("a bug")
            return dict.fromkeys((message.id for message in messages), "done")

        with silent():
            answer = batches.SqsBatch(Held(), monotonic=lambda: 0.0).grouped(
                _batch(LENGTH), Context(60_000), lambda message: int(message.id[1:]) % 2, work
            )
        again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        wanted = {f"m{n}" for n in range(LENGTH) if n % 2 == failing}
        need(again == wanted, "what failed comes again, and nothing else", f"group {failing}: {again}")


def _first(values: list[float]) -> float:
    return values[0]


def time_runs_out_inside_a_batch() -> None:
    """After any number of messages the function's time is short: the rest comes again at once, and was not begun."""
    for begun_before in range(1, LENGTH):
        begun: list[str] = []
        passed = [0.0]

        def work(
            message: Message, begun: list[str] = begun, passed: list[float] = passed, most: int = begun_before
        ) -> str:
            begun.append(message.id)
            passed[0] += 1.0 if len(begun) < most else 40.0
            return "done"

        for context in (Context(60_000), Context(60_000, 60_000, 59_000)):
            begun.clear()
            passed[0] = 0.0
            held = Held()
            with silent():
                worker = batches.SqsBatch(held, monotonic=partial(_first, passed))
                answer = worker.each(_batch(LENGTH), context, work)
            again = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            text = f"{len(begun)} of {LENGTH} begun, {len(again)} come again"
            need(len(begun) == begun_before, "nothing is begun when time is short", text)
            need(again == {f"m{n}" for n in range(LENGTH)} - set(begun), "what was not begun comes again", text)
            need(all(wait == 0 for wait in held.held.values()), "what was not begun waits for nothing", str(held.held))


def what_came_most_often_comes_first() -> None:
    """A message on its last try is begun before those on their first, wherever it stands."""
    for last in range(LENGTH):
        begun: list[str] = []

        def work(message: Message, begun: list[str] = begun) -> str:
            begun.append(message.id)
            return "done"

        with silent():
            batches.SqsBatch(Held(), monotonic=lambda: 0.0).each(_batch(LENGTH, {last: 4}), Context(60_000), work)
        need(begun[0] == f"m{last}", "the last try is not wasted", f"{begun} with m{last} on its fourth")


def waits_grow_with_every_try() -> None:
    """An outage of a quarter of an hour fits into a queue's five tries, and a refusal waits as it was told."""
    error = MarketplaceUnavailableError("away")
    waits = [batches.wait_seconds(error, attempt) for attempt in range(1, 6)]
    need(waits == sorted(waits) and len(set(waits)) > 3, "waits grow", str(waits))
    need(sum(waits[:4]) >= 14 * 60, "five tries outlast an outage", str(waits))
    told = [batches.wait_seconds(MarketplaceUnavailableError("x", retry_after=120.5), attempt) for attempt in (1, 2, 4)]
    need(told[0] == 121 and told == sorted(told), "a failed message waits as it was told", str(told))


def the_log_line_of_a_failure() -> None:
    """What is logged of a message that failed names it, and holds nothing of what it carried."""
    for error in (
        KeyError("Иван Петров"),
        ValueError("+79161234567"),
        InvalidInputError("message m1 is not one of ours"),
    ):
        fields = error_fields(error)
        told = json.dumps(fields, ensure_ascii=False)
        need("Петров" not in told and "7916" not in told, "no personal data in a log line", told)
        need(bool(fields.get("code")) and bool(fields.get("error")), "a log line says what failed", told)
    message = read_message(_batch(2)["Records"][1])
    told = json.dumps(message.ids, ensure_ascii=False)
    need("Петров" not in told, "no personal data in a log line", told)
    need(message.ids.get("posting") == "p1", "a log line says what failed", told)


SCENES = (
    a_poison_record_at_every_position,
    a_refused_record_at_every_position,
    both_at_every_position,
    the_bus_is_away,
    neither_bus_nor_queue_takes_a_copy,
    changed_rows_lead_to_nothing,
    messages_fail_at_every_position,
    a_group_fails_whole_and_no_other_does,
    time_runs_out_inside_a_batch,
    what_came_most_often_comes_first,
    waits_grow_with_every_try,
    the_log_line_of_a_failure,
)
