"""Reprints: a reason, one count per job whatever happens to its worker, and only the newest copy is current."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.labels.ids import LABEL_ID, OWN_ID
from shipby.application.ports.press import PagePick
from shipby.application.ports.writes import Write
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType, Ref, StoredEvent, posting_ref, print_job_ref
from shipby.domain.labels.options import LabelForm, Sheet
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintState
from tests.support import builders as a
from tests.unit.printing.print_support import PrintDesk


class WorkerDiedError(Exception):
    """The worker is gone; its message comes again."""


@pytest.fixture
def desk() -> PrintDesk:
    return PrintDesk()


def test_a_second_print_needs_a_reason_and_names_who_printed_the_first(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2")
    desk.fbs("n-3")
    desk.prints("n-1", "n-2")
    with pytest.raises(InvalidInputError) as caught:
        desk.ask("n-1", "n-3", "n-2")
    fields = dict(caught.value.errors)
    assert list(fields) == ["reason", "posting_numbers/n-1", "posting_numbers/n-2"]
    assert fields["posting_numbers/n-1"] == "copy 1 was printed at 2026-03-02T09:00:01Z by key:k1"


def test_a_reprint_voids_the_copy_before_and_the_log_says_why(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.prints("n-1")
    job = desk.prints("n-1", reason="it tore")
    assert job.copies == {"n-1": 2}
    assert desk.log("n-1") == [(1, "label", None, False), (2, "label", "it tore", True)]
    printed = desk.world.history(posting_ref("n-1"))[-1].event
    assert (printed.type, printed.reason, printed.actor) == (EventType.LABEL_PRINTED, "it tore", "key:k1")
    assert printed.data == {"job": job.id, "copy": 2, "kind": "label", "form": "big", "voids": 1}


def test_a_label_in_another_form_or_of_our_own_is_a_further_copy_too(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.labelled("n-1", form=LabelForm.SMALL)
    desk.prints("n-1")
    with pytest.raises(InvalidInputError):
        desk.ask("n-1", form=LabelForm.SMALL)
    desk.prints("n-1", form=LabelForm.SMALL, reason="small printer")
    desk.prints("n-1", source=LabelSource.OWN, reason="own courier")
    assert [(copy, kind, current) for copy, kind, _, current in desk.log("n-1")] == [
        (1, "label", False),
        (2, "label", False),
        (3, "own_label", True),
    ]


def test_a_repeated_message_prints_and_counts_once(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.own("r-1")
    job = desk.prints("n-1", "r-1")
    files = dict(desk.documents.files)
    assert desk.work(job.id) == job
    assert (desk.copies("n-1", LABEL_ID), desk.copies("r-1")) == (1, 1)
    assert desk.documents.files == files


@pytest.mark.parametrize("dies_at", range(12))
def test_wherever_the_worker_dies_each_copy_is_counted_once_and_is_the_one_in_the_file(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    for number in ("1", "2"):
        desk.fbs(f"f-{number}")
        desk.own(f"r-{number}")
    numbers = ("f-1", "r-1", "f-2", "r-2")
    desk.prints(*numbers)
    job = desk.ask(*numbers, reason="roll was wet")
    left = [dies_at]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if left[0] == 0:
                raise WorkerDiedError
            left[0] -= 1
            done = real(*args, **named)
            if left[0] == 0:  # after it was done, before anybody heard of it
                raise WorkerDiedError
            return done

        return call

    with monkeypatch.context() as patch:
        patch.setattr(desk.world.store, "commit", counting(desk.world.store.commit))
        patch.setattr(desk.documents, "put", counting(desk.documents.put))
        patch.setattr(desk.papers, "compose", counting(desk.papers.compose))
        try:
            desk.work(job)
            died = False
        except WorkerDiedError:
            died = True
    assert died == (dies_at <= 7)
    assert desk.job(job).state is (PrintState.WAITING if dies_at < 7 else PrintState.READY)
    done = desk.work(job)
    assert done.copies == dict.fromkeys(numbers, 2)
    assert [":2:" in line for line in desk.lines(done) if line.startswith("own")] == [True, True]
    for number in numbers:
        assert [entry[0] for entry in desk.log(number)] == [1, 2]
    assert desk.world.types(print_job_ref(job)) == [EventType.PRINT_REQUESTED, EventType.PRINT_FINISHED]


def test_two_jobs_at_once_print_copies_two_and_three_and_the_last_is_current(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.own("r-1")
    desk.prints("r-1")
    first = desk.ask("r-1", reason="one tore")
    second = desk.ask("r-1", reason="another tore")
    compose = desk.papers.compose
    inside: list[str] = []

    def meanwhile(files: list[bytes], order: list[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        made = compose(files, order, sheet=sheet)
        if not inside:  # the first job has drawn copy 2 and not counted it yet
            inside.append(second)
            desk.work(second)
        return made

    monkeypatch.setattr(desk.papers, "compose", meanwhile)
    done = desk.work(first)
    other = desk.job(second)
    assert (done.copies, other.copies) == ({"r-1": 3}, {"r-1": 2})
    assert ":3:" in desk.lines(done)[0]
    assert ":2:" in desk.lines(other)[0]
    assert [(copy, current) for copy, _, _, current in desk.log("r-1")] == [(1, False), (2, False), (3, True)]


def test_of_two_first_prints_at_once_without_a_reason_one_is_refused(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2")
    first, second = desk.ask("n-1"), desk.ask("n-1", "n-2")
    assert desk.work(first).copies == {"n-1": 1}
    done = desk.work(second)
    assert done.copies == {"n-2": 1}
    assert "copy 1 was printed" in done.problems["n-1"]
    assert desk.lines(done) == ["label n-2"]


def test_a_copy_hidden_under_a_later_one_is_still_found(desk: PrintDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.own("r-1")
    job = desk.ask("r-1", reason="x")
    other = desk.ask("r-1", reason="y")
    with monkeypatch.context() as patch:
        patch.setattr(desk.documents, "put", _die)
        with pytest.raises(WorkerDiedError):
            desk.work(job)  # copy 1 is counted, its file is not there
    assert desk.work(other).copies == {"r-1": 2}
    assert desk.work(job).copies == {"r-1": 1}
    assert desk.copies("r-1") == 2


def _die(*_: object, **__: object) -> None:
    raise WorkerDiedError


def test_no_history_is_read_for_a_plain_print_or_reprint(desk: PrintDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fbs("n-1")
    first = desk.ask("n-1")
    reads: list[object] = []
    events = desk.world.store.events

    def reading(seller: str, ref: Ref, *, after_version: int = 0) -> list[StoredEvent]:
        reads.append(ref)
        return events(seller, ref, after_version=after_version)

    monkeypatch.setattr(desk.world.store, "events", reading)
    desk.work(first)
    desk.world.clock.advance(timedelta(seconds=1))
    desk.prints("n-1", reason="it tore")
    assert reads == []


def test_a_posting_cancelled_while_the_file_was_drawn_is_left_out(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fbs("n-1")
    desk.fbs("n-2")
    job = desk.ask("n-1", "n-2")
    compose = desk.papers.compose

    def meanwhile(files: list[bytes], order: list[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        desk.world.market.cancel_by("n-1", "client")
        desk.world.read("n-1")
        return compose(files, order, sheet=sheet)

    monkeypatch.setattr(desk.papers, "compose", meanwhile)
    done = desk.work(job)
    assert (desk.lines(done), list(done.problems)) == (["label n-2"], ["n-1"])
    assert desk.copies("n-1", LABEL_ID) == 0


def test_a_label_made_anew_while_it_was_printed_is_not_given_out(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fbs("n-1")
    job = desk.ask("n-1")
    compose = desk.papers.compose

    def meanwhile(files: list[bytes], order: list[PagePick], *, sheet: Sheet = Sheet.NONE) -> bytes:
        desk.labelled("n-1", text="another label n-1")
        return compose(files, order, sheet=sheet)

    monkeypatch.setattr(desk.papers, "compose", meanwhile)
    done = desk.work(job)
    assert (done.state, "made anew" in done.problems["n-1"]) == (PrintState.FAILED, True)


def test_a_failed_drawing_voids_no_copy(desk: PrintDesk) -> None:
    desk.own("r-1")
    desk.prints("r-1")
    desk.own("r-1", name="☃")
    assert desk.prints("r-1", reason="it tore").state is PrintState.FAILED
    assert [(copy, current) for copy, _, _, current in desk.log("r-1")] == [(1, True)]


def test_the_same_message_handled_twice_at_once_ends_as_one_job(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fbs("n-1")
    desk.own("r-1")
    job = desk.ask("n-1", "r-1")
    put = desk.documents.put
    inside: list[int] = []

    def meanwhile(key: str, content: bytes, *, content_type: str) -> None:
        if not inside:
            inside.append(1)
            desk.work(job)
        put(key, content, content_type=content_type)

    monkeypatch.setattr(desk.documents, "put", meanwhile)
    done = desk.work(job)
    assert done == desk.job(job)
    assert done.copies == {"n-1": 1, "r-1": 1}
    assert (desk.copies("n-1", LABEL_ID), desk.copies("r-1", OWN_ID)) == (1, 1)
    assert [key for key in desk.documents.files if job in key] == [done.key]


def test_stickers_are_counted_apart_from_labels_and_need_no_reason(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.prints("n-1", content=PrintContent.STICKERS)
    desk.prints("n-1")
    desk.prints("n-1", content=PrintContent.STICKERS)
    assert [(copy, kind, current) for copy, kind, _, current in desk.log("n-1")] == [
        (1, "sticker", False),
        (1, "label", True),
        (2, "sticker", True),
    ]


def test_a_conflict_with_another_writer_is_decided_anew(desk: PrintDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fbs("n-1")
    job = desk.ask("n-1")
    commit = desk.world.store.commit
    inside: list[int] = []

    def meanwhile(writes: list[Write], *, token: str = "") -> None:
        if not inside:
            inside.append(1)
            desk.labelled("n-1")  # the same file, stored once more
        commit(writes, token=token)

    monkeypatch.setattr(desk.world.store, "commit", meanwhile)
    assert desk.work(job).copies == {"n-1": 1}
    assert [stored.event.data["copy"] for stored in desk.world.history(posting_ref("n-1"))[-1:]] == [1]
    assert desk.world.store.document(a.SELLER, "n-1", LABEL_ID) is not None
