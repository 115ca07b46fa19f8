"""Labels: waiting without holding anybody, pages that name their posting."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.labels.asks import MAX_ATTEMPTS, LabelRun, Tools
from shipby.application.labels.collect import PATIENCE, collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.application.labels.ids import LABEL_ID
from shipby.application.ports.messages import QueueMessage
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import (
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotReadyYetError,
)
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS, Fault
from tests.support.fake_press import TextPapers
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World

NUMBERS = ("n-1", "n-2", "n-3")


class Desk:
    """The label worker with its queue: `work` handles messages until none is left or `rounds` are over."""

    def __init__(self) -> None:
        self.world = World()
        self.documents = MemoryDocuments()
        self.tools = Tools(
            store=self.world.store,
            marketplace=self.world.market,
            documents=self.documents,
            papers=TextPapers(),
            clock=self.world.clock,
        )
        for number in NUMBERS:
            self.world.arrives(
                number, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, barcodes=(f"bar-{number}",)
            )
        self.failed: dict[str, str] = {}

    def start(self, *numbers: str) -> LabelRun:
        return start_labels(a.SELLER, numbers or NUMBERS, self.tools)

    def handle(self, messages: list[QueueMessage]) -> list[QueueMessage]:
        """As the function does: all `fetch` messages of a batch in one call."""
        again: list[QueueMessage] = []
        fetch = [str(m.body["posting"]) for m in messages if "posting" in m.body]
        runs = [start_labels(a.SELLER, fetch, self.tools)] if fetch else []
        for message in messages:
            if "postings" in message.body:
                body: Any = message.body
                on = {"form": LabelForm(body["form"]), "asked": body["asked"]}
                if body["task"] == "collect":
                    runs.append(collect_labels(a.SELLER, body["ids"], body["postings"], self.tools, **on))
                else:
                    runs.append(start_labels(a.SELLER, body["postings"], self.tools, **on))
        for run in runs:
            again += run.again
            self.failed |= run.failed
        self.world.clock.advance(timedelta(seconds=20))
        return again

    def work(self, *numbers: str, rounds: int = 30) -> list[QueueMessage]:
        messages = list(self.start(*numbers).again)
        for _ in range(rounds):
            if not messages:
                break
            messages = self.handle(messages)
        return messages

    def label(self, number: str) -> Document:
        found = self.world.store.document(a.SELLER, number, LABEL_ID)
        assert found is not None
        return found

    def states(self) -> list[DocumentState]:
        return [self.label(number).state for number in NUMBERS]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_every_posting_gets_the_page_that_names_it(desk: Desk) -> None:
    assert desk.work() == []
    assert desk.states() == [DocumentState.READY] * 3
    for number in NUMBERS:
        assert desk.documents.files[desk.label(number).key] == b"%PDF\n" + number.encode()
        assert desk.world.posting(number).label_ready_at is not None
        assert desk.world.types(posting_ref(number))[-1] is EventType.LABEL_READY
    assert desk.world.market.calls["create_label_tasks"] == 1


def test_a_label_that_exists_is_not_fetched_again(desk: Desk) -> None:
    desk.work()
    assert desk.start() == LabelRun()
    assert desk.world.market.calls["create_label_tasks"] == 1


def test_a_label_whose_message_was_lost_is_asked_for_again_at_its_deadline(desk: Desk) -> None:
    lost = NUMBERS[0]
    desk.start(lost)  # and the message to collect it ends in the dead letters
    world = desk.world
    world.ring_next(posting_ref(lost))
    [*_, stored] = world.history(posting_ref(lost))
    assert stored.event.data["rung"] == RungKind.LABEL_BY
    routed = route_event(stored, label_delay_seconds=60)
    (asked,) = [one.message for one in routed if one.destination is Destination.LABELS]
    assert (asked.body["task"], asked.delay_seconds) == ("fetch", 0)
    assert desk.work(str(asked.body["posting"])) == []
    assert desk.label(lost).state is DocumentState.READY
    world.ring_next(posting_ref(lost))
    assert "label" not in world.history(posting_ref(lost))[-1].event.data


def test_a_task_in_progress_is_looked_at_again_later(desk: Desk) -> None:
    desk.world.market.label_state = "in_progress"
    (message,) = desk.work(rounds=5)
    assert message.body["task"] == "collect"
    desk.world.market.label_state = "completed"
    assert desk.handle([message]) == []
    assert desk.states() == [DocumentState.READY] * 3


def test_a_task_that_never_finishes_is_given_up_in_the_end(desk: Desk) -> None:
    desk.world.market.label_state = "pending"
    messages = list(desk.start().again)
    for _ in range(400):
        messages = desk.handle(messages)
        if not messages:
            break
    assert messages == []
    assert desk.states() == [DocumentState.FAILED] * 3
    assert set(desk.failed) == set(NUMBERS)
    assert desk.world.market.calls["create_label_tasks"] == MAX_ATTEMPTS
    assert desk.world.clock.now() - a.NOW < 2 * PATIENCE


def test_the_task_of_a_later_try_is_waited_for_too(desk: Desk) -> None:
    desk.start()  # and what should have collected it was lost with the marketplace away
    desk.world.clock.advance(2 * PATIENCE)
    desk.world.market.label_state = "in_progress"
    messages = desk.work(rounds=5)
    assert [message.body["task"] for message in messages] == ["collect"]
    desk.world.market.label_state = "completed"
    assert desk.handle(messages) == []
    assert desk.states() == [DocumentState.READY] * 3
    assert desk.world.market.calls["create_label_tasks"] == 2


@pytest.mark.parametrize("error", [NotReadyYetError("not ready"), MarketplaceRefusedError("INVALID_ARGUMENT")])
def test_one_bad_posting_never_delays_the_others(desk: Desk, error: Exception) -> None:
    desk.world.market.batch_poison["n-2"] = error
    run = desk.start()
    collected = [m for m in run.again if m.body["task"] == "collect"]
    for message in collected:
        desk.handle([message])
    assert [desk.label(n).state for n in ("n-1", "n-3")] == [DocumentState.READY] * 2
    messages = [m for m in run.again if m not in collected]
    for _ in range(MAX_ATTEMPTS):
        messages = desk.handle(messages)
    assert messages == []
    assert desk.label("n-2").state is DocumentState.FAILED
    assert desk.world.types(posting_ref("n-2"))[-1] is EventType.LABEL_FAILED


def test_an_unprinted_posting_is_asked_for_again_until_it_is_given_up(desk: Desk) -> None:
    desk.world.market.label_problems["n-2"] = "weight is missing"
    assert desk.work() == []
    assert desk.states() == [DocumentState.READY, DocumentState.FAILED, DocumentState.READY]
    assert desk.failed == {"n-2": "weight is missing"}
    assert desk.label("n-2").attempts == MAX_ATTEMPTS
    routed = route_event(desk.world.history(posting_ref("n-2"))[-1], label_delay_seconds=60)
    assert [where.destination for where in routed] == [Destination.NOTIFY]


def test_a_label_that_comes_after_all_is_stored_though_it_was_given_up(desk: Desk) -> None:
    desk.world.market.label_problems["n-2"] = "weight is missing"
    desk.work()
    desk.world.market.label_problems.clear()
    desk.work("n-2")
    assert desk.label("n-2").state is DocumentState.READY
    assert desk.label("n-2").problem == ""


def test_foreign_pages_are_never_printed_for_somebody(desk: Desk) -> None:
    desk.world.market.foreign_pages = ["somebody-else", "bar-n-1"]
    desk.work()
    assert desk.label("n-1").pages == 2
    strange = [key for key, content in desk.documents.files.items() if b"somebody-else" in content]
    assert strange
    assert all(key.startswith("aside/") for key in strange)


@pytest.mark.parametrize("fault", [Fault.NOT_READY])
def test_a_file_that_is_not_a_pdf_yet_is_asked_for_again(desk: Desk, fault: Fault) -> None:
    desk.world.market.fail("download", fault)
    desk.world.market.fail("create_label_tasks", fault)
    assert desk.work() == []
    assert desk.states() == [DocumentState.READY] * 3


@pytest.mark.parametrize("call", ["label_task", "download"])
def test_an_absent_marketplace_leaves_the_message_to_come_again(desk: Desk, call: str) -> None:
    (message,) = desk.start().again
    desk.world.market.fail(call, Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        desk.handle([message])
    assert desk.handle([message]) == []
    assert desk.states() == [DocumentState.READY] * 3


def test_a_task_that_ends_in_an_error_is_tried_again_and_given_up(desk: Desk) -> None:
    desk.world.market.label_state = "error"
    assert desk.work() == []
    assert desk.states() == [DocumentState.FAILED] * 3


def test_no_label_is_fetched_for_what_is_cancelled_expired_or_not_assembled(desk: Desk) -> None:
    desk.world.market.cancel_by("n-1", "client")
    desk.world.read("n-1")
    desk.world.arrives("n-4")
    assert start_labels(a.SELLER, ["n-1", "n-4", "nobody"], desk.tools) == LabelRun()
    assert desk.world.market.calls["create_label_tasks"] == 0


def test_a_posting_cancelled_while_its_label_was_made_gets_none_and_no_alarm(desk: Desk) -> None:
    (message,) = desk.start().again
    desk.world.market.cancel_by("n-1", "client")
    desk.world.market.cancel_by("n-2", "client")
    desk.world.market.label_problems["n-2"] = "cancelled"
    desk.world.read("n-1")
    desk.world.read("n-2")
    assert desk.handle([message]) == []
    assert desk.world.posting("n-1").label_ready_at is None
    assert not [key for key in desk.documents.files if "n-1" in key]
    assert EventType.LABEL_FAILED not in desk.world.types(posting_ref("n-2"))


def test_an_override_asks_for_the_label_that_was_left_out(desk: Desk) -> None:
    desk.world.policy(auto_cancel=Automation.ON, kill_switch=True)
    while desk.world.posting("n-1").stage is not Stage.EXPIRED:
        desk.world.ring_next(posting_ref("n-1"))
    assert desk.start("n-1") == LabelRun()
    desk.world.do(Command.OVERRIDE, "n-1", reason="courier waits")
    (routed,) = route_event(desk.world.history(posting_ref("n-1"))[-1], label_delay_seconds=60)
    assert (routed.destination, routed.message.body["posting"]) == (Destination.LABELS, "n-1")
