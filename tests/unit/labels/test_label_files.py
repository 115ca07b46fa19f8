"""Label files that are no use, and messages that come twice, late or never: nobody waits, nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.labels.asks import MAX_ATTEMPTS, LabelRun, fetch_message
from shipby.application.labels.collect import collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.domain.errors import (
    MarketplaceUnavailableError,
    NotReadyYetError,
    StoreUnavailableError,
)
from shipby.domain.events import EventType
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import LabelForm
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.labels.label_files_support import LabelDesk, own_page


@pytest.fixture
def desk() -> LabelDesk:
    return LabelDesk()


# Files that are no use


@pytest.mark.parametrize("spoilt", [1, 3])
def test_a_posting_that_breaks_the_file_is_found_and_the_others_are_stored(desk: LabelDesk, spoilt: int) -> None:
    numbers = desk.arrive(100)
    desk.market.breaks = set(numbers[:spoilt])
    desk.run(*numbers)
    assert {desk.state(number) for number in numbers[spoilt:]} == {DocumentState.READY}
    for number in numbers[:spoilt]:
        assert desk.state(number) is DocumentState.FAILED
        assert "broken PDF" in desk.label(number).problem
        assert "seller's account" in desk.label(number).problem
    assert not [key for key in desk.documents.files if any(number in key for number in desk.market.breaks)]


def test_an_expired_link_is_answered_with_a_new_task(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.expired = 1
    desk.run(number)
    assert desk.state(number) is DocumentState.READY
    assert desk.market.asked == [(number,), (number,)]


def test_many_that_are_not_ready_are_not_asked_for_one_by_one_in_one_run(desk: LabelDesk) -> None:
    numbers = desk.arrive(200)
    desk.market.batch_poison |= {number: NotReadyYetError("not ready") for number in numbers}
    messages = desk.start(*numbers)
    assert desk.market.calls["create_label_tasks"] <= 40
    desk.market.batch_poison.clear()
    desk.work(messages)
    assert {desk.state(number) for number in numbers} == {DocumentState.READY}


# Both forms, once each


def test_both_forms_of_one_task_are_kept_apart_and_only_the_wanted_one_is_downloaded(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.run(number)
    assert desk.market.calls["download"] == 1
    assert (desk.label(number).form, desk.label(number).id) == ("big", "label")
    desk.work([fetch_message(a.SELLER, number, LabelForm.SMALL, 0)])
    small = desk.label(number, LabelForm.SMALL)
    assert (small.state, small.form, small.id) == (DocumentState.READY, "small", "label-small")
    assert desk.documents.files[small.key] != desk.documents.files[desk.label(number).key]
    for form in (LabelForm.SMALL, LabelForm.BIG, None):
        desk.work([fetch_message(a.SELLER, number, form, 0)])
    assert desk.market.calls["download"] == 2


def test_the_form_fetched_ahead_is_the_sellers(desk: LabelDesk) -> None:
    desk.world.policy(label_form=LabelForm.SMALL)
    (number,) = desk.arrive(1)
    desk.run(number)
    assert desk.label(number, LabelForm.SMALL).state is DocumentState.READY
    assert desk.world.store.document(a.SELLER, number, "label") is None


def test_where_the_marketplace_makes_one_form_only_that_is_fetched_ahead_and_the_other_is_refused(
    desk: LabelDesk,
) -> None:
    desk.market.forms = ("small_label",)
    (number,) = desk.arrive(1)
    desk.run(number)
    assert desk.label(number, LabelForm.SMALL).state is DocumentState.READY
    desk.work([fetch_message(a.SELLER, number, LabelForm.BIG, 0)])
    assert desk.state(number) is DocumentState.FAILED
    assert "form small" in desk.label(number).problem


def test_a_second_message_leaves_the_label_to_the_first_but_not_for_ever(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    first = desk.start(number)
    assert desk.start(number) == []
    assert desk.market.calls["create_label_tasks"] == 1
    desk.world.clock.advance(timedelta(minutes=11))  # and the first one's message was lost
    desk.work(desk.start(number))
    assert desk.state(number) is DocumentState.READY
    desk.work(first)
    assert desk.market.calls["download"] == 1


def test_a_message_that_comes_again_after_a_crash_asks_again_at_once(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.start(number)  # and the worker died before it could send what follows
    desk.work(desk.start(number, redelivered=True))
    assert desk.state(number) is DocumentState.READY


def test_two_messages_at_once_ask_twice_and_download_once(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    other: list[LabelRun] = []

    def meanwhile(call: str) -> None:
        if call == "create_label_tasks" and not other:
            other.append(LabelRun())
            other[0] = start_labels(a.SELLER, [number], desk.tools)

    desk.market.on_call = meanwhile
    mine = start_labels(a.SELLER, [number], desk.tools)
    assert (len(mine.again), len(other[0].again)) == (0, 1)
    desk.work([*mine.again, *other[0].again])
    assert desk.market.calls["download"] == 1
    assert desk.label(number).attempts == 1


def test_a_repeated_collect_message_stores_and_tells_once(desk: LabelDesk) -> None:
    numbers = desk.arrive(2)
    desk.market.extra = [own_page("99999999-0001-1")]
    (collect,) = desk.start(*numbers)
    desk.handle(collect)
    versions = [desk.world.posting(number).version for number in numbers]
    desk.handle(collect)
    assert [desk.world.posting(number).version for number in numbers] == versions
    assert (desk.papers.read, len(desk.cases()), len(desk.refused())) == (1, 1, 1)


def test_a_crash_between_the_file_and_the_transaction_is_made_good_by_the_repeated_message(
    desk: LabelDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = desk.arrive(1)
    (collect,) = desk.start(number)
    commit = desk.world.store.commit

    def die(writes: object, **more: object) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(desk.world.store, "commit", die)
        with pytest.raises(StoreUnavailableError):
            desk.handle(collect)
    assert desk.world.store.commit == commit
    assert len(desk.documents.files) == 1
    assert desk.state(number) is DocumentState.WAITING
    assert desk.handle(collect).ready == (number,)
    assert list(desk.documents.files) == [desk.label(number).key]


def test_one_label_that_cannot_be_stored_keeps_no_other_from_being_stored(
    desk: LabelDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = desk.arrive(3)
    (collect,) = desk.start(*numbers)
    put = desk.documents.put

    def refuse(key: str, content: bytes, *, content_type: str) -> None:
        if numbers[1] in key:
            raise StoreUnavailableError("away")
        put(key, content, content_type=content_type)

    with monkeypatch.context() as patch:
        patch.setattr(desk.documents, "put", refuse)
        run = desk.handle(collect)
    assert run.ready == (numbers[0], numbers[2])
    desk.work(list(run.again))
    assert desk.state(numbers[1]) is DocumentState.READY


def test_pages_of_a_posting_cancelled_meanwhile_are_not_foreign(desk: LabelDesk) -> None:
    first, second = desk.arrive(2)
    (collect,) = desk.start(first, second)
    desk.market.cancel_by(first, "client")
    desk.world.read(first)
    desk.work([collect])
    assert desk.state(second) is DocumentState.READY
    assert desk.state(first) is DocumentState.WAITING
    assert desk.refused() == []


def test_a_marketplace_that_goes_away_in_the_middle_loses_no_task_that_was_made(desk: LabelDesk) -> None:
    desk.tools = replace(desk.tools, at_once=2)
    numbers = desk.arrive(6)
    desk.market.on_call = lambda call: (
        desk.market.fail("create_label_tasks", Fault.UNAVAILABLE) if desk.market.calls[call] == 1 else None
    )
    messages = desk.start(*numbers)
    desk.market.on_call = None
    desk.work(messages)
    assert {desk.state(number) for number in numbers} == {DocumentState.READY}
    assert desk.market.asked.count(tuple(numbers[:2])) == 1


def test_a_marketplace_that_is_away_leaves_no_trace_of_an_ask(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.fail("create_label_tasks", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        desk.start(number)
    assert desk.world.store.document(a.SELLER, number, "label") is None


def test_each_reason_to_give_up_is_told_once_however_often_it_is_asked_for_anew(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.market.label_problems[number] = "weight is missing"
    desk.run(number)
    desk.run(number)
    assert len(desk.market.asked) == 2 * MAX_ATTEMPTS
    assert desk.types(number).count(EventType.LABEL_FAILED) == 1


def test_a_message_of_the_release_before_is_still_understood(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    (collect,) = desk.start(number)
    ids = collect.body["ids"]
    assert isinstance(ids, list)
    assert collect_labels(a.SELLER, [str(one) for one in ids], [number], desk.tools).ready == (number,)
