"""Files that show a person: where they lie, when they end, and that nothing of the person is anywhere else."""

from datetime import timedelta

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.domain.errors import NotFoundError
from shipby.domain.events import EventType, posting_ref, print_job_ref
from shipby.domain.labels.prints import PrintState
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a
from tests.unit.printing.print_support import PrintDesk


@pytest.fixture
def desk() -> PrintDesk:
    return PrintDesk()


def test_a_file_with_a_person_lies_apart_and_has_an_end(desk: PrintDesk) -> None:
    desk.own("r-1")
    desk.world.policy(personal_kept=timedelta(hours=2))
    job = desk.prints("r-1")
    assert job.personal
    assert job.key.startswith("personal/prints/")
    assert job.next_alarm is not None
    assert (job.next_alarm.kind, job.next_alarm.due) == (
        RungKind.EXPIRE_AT,
        desk.world.clock.now() + timedelta(hours=2),
    )
    view = desk.view(job.id)
    assert view["link"] == f"https://files.example/{job.key}?expires=300"
    assert view["expires_at"] is not None
    desk.fbs("f-1")
    plain = desk.prints("f-1")
    assert (plain.personal, plain.next_alarm, plain.key.startswith("prints/")) == (False, None, True)


def test_a_name_is_nowhere_but_in_the_file(desk: PrintDesk) -> None:
    desk.own("r-1", name="Анна Петрова")
    job = desk.prints("r-1")
    assert "Анна Петрова" in desk.lines(job)[0]
    store = desk.world.store
    kept = [
        job,
        store.posting(a.SELLER, "r-1"),
        store.documents(a.SELLER, "r-1"),
        store.events(a.SELLER, posting_ref("r-1")),
        store.events(a.SELLER, print_job_ref(job.id)),
        desk.view(job.id),
        desk.scan("r-1"),
    ]
    for word in ("Анна", "Тверская", "+7 900"):
        assert word not in repr(kept)


def test_an_expired_file_is_deleted_with_the_personal_labels_in_it(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    label = desk.labelled("n-1", personal=True)
    desk.fbs("n-2")
    job = desk.prints("n-1", "n-2")
    desk.ring(job.id)
    assert (desk.view(job.id)["state"], desk.view(job.id)["link"]) == ("expired", None)
    (*_, rang) = desk.world.history(print_job_ref(job.id))
    (routed,) = route_event(rang, label_delay_seconds=60)
    assert (routed.destination, routed.message.body["task"]) == (Destination.LABELS, "expire")
    assert desk.delete(job.id) == ("n-1",)
    assert job.key not in desk.documents.files
    assert label.key not in desk.documents.files
    assert desk.world.types(posting_ref("n-1"))[-1] is EventType.LABEL_GONE
    assert EventType.LABEL_GONE not in desk.world.types(posting_ref("n-2"))
    assert desk.delete(job.id) == ()
    assert desk.world.types(posting_ref("n-1")).count(EventType.LABEL_GONE) == 1


def test_a_link_ends_with_its_time_though_the_alarm_is_late(desk: PrintDesk) -> None:
    desk.own("r-1")
    job = desk.prints("r-1")
    desk.world.clock.advance(timedelta(hours=4))
    assert (desk.view(job.id)["state"], desk.view(job.id)["link"]) == ("ready", None)


def test_a_reprint_after_the_end_fetches_the_label_again(desk: PrintDesk) -> None:
    desk.fbs("n-1")
    desk.labelled("n-1", personal=True)
    first = desk.prints("n-1")
    desk.expire(first.id)
    second = desk.ask("n-1", reason="it tore")
    assert desk.work(second).state is PrintState.WAITING
    assert desk.queue.messages[0].body["task"] == "fetch"
    desk.labelled("n-1", personal=True)
    done = desk.wait(second)
    assert (done.state, done.copies) == (PrintState.READY, {"n-1": 2})
    assert desk.delete(first.id) == ()
    assert desk.lines(done) == ["label n-1"]


def test_a_crash_while_deleting_is_finished_by_the_repeated_message(
    desk: PrintDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("n-1", "n-2"):
        desk.fbs(number)
        desk.labelled(number, personal=True)
    job = desk.prints("n-1", "n-2")
    desk.ring(job.id)

    def dies(*_: object) -> None:
        raise RuntimeError("the worker died")

    with monkeypatch.context() as patch:
        patch.setattr(desk.world.store, "commit", dies)
        with pytest.raises(RuntimeError):
            desk.delete(job.id)
    assert desk.delete(job.id) == ("n-1", "n-2")
    assert [key for key in desk.documents.files if "n-1" in key or "n-2" in key] == []


def test_a_job_that_has_not_expired_is_not_deleted(desk: PrintDesk) -> None:
    desk.own("r-1")
    job = desk.prints("r-1")
    assert desk.delete(job.id) == ()
    assert job.key in desk.documents.files
    with pytest.raises(NotFoundError):
        desk.delete("nothing")
