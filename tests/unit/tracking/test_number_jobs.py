"""Jobs of many numbers: judged first, asked for once whatever dies in between, followed until they are read back."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.ports.writes import Write
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.idempotency import Answer
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking import number_jobs
from shipby.application.tracking.approve_number import approve_number, reject_number
from shipby.application.tracking.number_jobs import JobWord, NumberFile, cancel_job, start_run, take_file
from shipby.application.tracking.work_numbers import work_numbers
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import ActionNotOfferedError, NotFoundError, PreconditionFailedError
from shipby.domain.events import EventType, number_job_ref, posting_ref
from shipby.domain.intents import IntentState
from shipby.domain.tracking.number_job import PART_ROWS, JobState, NumberJob
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.tracking.test_numbers import DOUBTFUL
from tests.unit.world_support import World, forget

HEADING = "posting_number,tracking_number,reason"


class WorkerKilledError(BaseException):
    """What no code of ours catches."""


@pytest.fixture
def world() -> World:
    return World()


def number(row: int) -> str:
    return s10("RB", row, "CN")


def shop(world: World, rows: int) -> list[str]:
    numbers = [f"n-{row:04d}" for row in range(rows)]
    for each in numbers:
        world.arrives(each, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    return numbers


def taken(world: World, *rows: str, heading: str = HEADING, actor: str = "key:k1") -> str:
    file = NumberFile(
        seller=a.SELLER, lines=csv_lines("\n".join([heading, *rows])), field="csv", actor=actor, name="n.csv"
    )
    answer = take_file(file, forget, store=world.store, clock=world.clock)
    assert answer.location == f"/v1/tracking-jobs/{answer.body['id']}"
    return str(answer.body["id"])


def step(world: World, job: str) -> NumberJob:
    return work_numbers(a.SELLER, job, store=world.store, clock=world.clock)


def worked(world: World, job: str) -> NumberJob:
    """As many steps as the events of each ask for."""
    before, now = -1, step(world, job)
    while before != now.version:
        before, now = now.version, step(world, job)
    return now


def word(job: str, actor: str = "key:k1", if_match: int | None = None) -> JobWord:
    return JobWord(seller=a.SELLER, job=job, actor=actor, if_match=if_match)


def start(world: World, job: str, **more: Any) -> Answer:
    return start_run(word(job, **more), forget, store=world.store, clock=world.clock)


def rows(world: World, job: str) -> list[dict[str, Any]]:
    found: Any = number_jobs.get_rows(a.SELLER, job, limit=2000, cursor=None, store=world.store)["items"]
    return list(found)


def verdicts(world: World, job: str) -> list[str]:
    return [row["verdict"] for row in rows(world, job)]


def settle_all(world: World) -> None:
    for state in (IntentState.PENDING, IntentState.UNKNOWN):
        for identifier in world.store.intents_in(a.SELLER, state, limit=200).items:
            world.settle(identifier)


# The dry run comes first


def test_a_job_judges_every_row_and_changes_nothing_until_a_person_starts_it(world: World) -> None:
    one, two, three = shop(world, 3)
    job = taken(
        world,
        f"{one},{number(1)},first",
        f"{two},{DOUBTFUL},first",
        f'{three},"1,23457E+13",first',
        f"nobody,{number(4)},first",
        f"{one},{number(5)},again",
    )
    with pytest.raises(ActionNotOfferedError, match="checking"):
        start(world, job)
    checked = worked(world, job)
    assert (checked.state, checked.next_alarm) == (JobState.CHECKED, None)
    assert verdicts(world, job) == ["good", "doubtful", "refused", "refused", "refused"]
    assert "rounded" in rows(world, job)[2]["problem"]
    assert "row 2 too" in rows(world, job)[4]["problem"]
    assert [world.posting(each).open_intents for each in (one, two, three)] == [(), (), ()]
    start(world, job)
    assert worked(world, job).state is JobState.WAITING
    assert verdicts(world, job) == ["asked", "waits_for_second", "refused", "refused", "refused"]
    settle_all(world)
    assert verdicts(world, job)[:2] == ["changed", "waits_for_second"]
    assert world.posting(one).tracking_number == number(1)


def test_a_row_that_needs_a_second_person_waits_for_that_person_alone(world: World) -> None:
    one, two = shop(world, 2)
    job = taken(world, f"{one},{DOUBTFUL},first", f"{two},{number(1)},first", actor="key:clerk")
    worked(world, job)
    start(world, job, actor="key:k1")
    worked(world, job)
    settle_all(world)
    assert worked(world, job).state is JobState.WAITING, "somebody still has to decide"
    intent = rows(world, job)[0]["intent"]
    said = {"seller": a.SELLER, "intent_id": intent, "reason": "seen"}
    with pytest.raises(ActionNotOfferedError, match="same person"):
        approve_number(SecondWord(actor="key:k1", **said), forget, store=world.store, clock=world.clock)
    approve_number(SecondWord(actor="key:k2", **said), forget, store=world.store, clock=world.clock)
    settle_all(world)
    done = worked(world, job)
    assert (done.state, done.next_alarm, done.counts) == (JobState.DONE, None, {"changed": 2})
    types = [stored.event.type for stored in world.history(number_job_ref(job))]
    assert types[-1] is EventType.NUMBERS_FINISHED


def test_what_the_marketplace_or_the_second_person_refuses_is_told_in_its_row(world: World) -> None:
    one, two = shop(world, 2)
    world.market.refused_tracking[number(1)] = "TRACK_NUMBER_IS_LOCKED"
    job = taken(world, f"{one},{number(1)},first", f"{two},{DOUBTFUL},first")
    worked(world, job)
    start(world, job)
    worked(world, job)
    settle_all(world)
    waiting = rows(world, job)[1]["intent"]
    told = SecondWord(seller=a.SELLER, intent_id=waiting, actor="key:k2", reason="not ours")
    reject_number(told, forget, store=world.store, clock=world.clock)
    assert worked(world, job).counts == {"failed": 1, "refused": 1}
    locked, rejected = rows(world, job)
    assert "TRACK_NUMBER_IS_LOCKED" in locked["problem"]
    assert locked["ticket"] == f"/v1/postings/{one}/tracking-ticket"
    assert ("not ours" in rejected["problem"], rejected["ticket"]) == (True, None)


def test_a_number_that_changes_between_dry_run_and_run_is_not_overwritten(world: World) -> None:
    one, two = shop(world, 2)
    job = taken(world, f"{one},{number(1)},first", f"{two},{number(2)},first")
    worked(world, job)
    world.settle(world.ask_tracking(number(9), one, actor="key:k2"))
    start(world, job)
    worked(world, job)
    first, second = rows(world, job)
    assert (first["verdict"], second["verdict"]) == ("refused", "asked")
    assert number(9) in first["problem"]
    assert world.posting(one).tracking_number == number(9)


def test_duplicates_are_found_across_parts_however_the_posting_is_named(world: World) -> None:
    shop(world, PART_ROWS + 2)
    world.settle(world.ask_tracking(number(900), "n-0000", actor="key:k1"))
    named = [f"n-{row:04d},,{number(row + 1)},new label" for row in range(PART_ROWS)]
    job = taken(
        world,
        *named,
        f",{number(900)},{number(800)},new label",
        f"n-0050,,{number(3)},new label",
        f"n-0051,,{number(51).lower()} ,new label",
        heading="posting_number,old_number,tracking_number,reason",
    )
    worked(world, job)
    assert verdicts(world, job) == ["good"] * PART_ROWS + ["refused", "refused", "good"]
    by_old, by_number, _ = rows(world, job)[PART_ROWS:]
    assert (by_old["posting_number"], "row 2 too" in by_old["problem"]) == ("n-0000", True)
    assert "number stands in row 4 too" in by_number["problem"]


@pytest.mark.parametrize("between", [0, PART_ROWS])
def test_a_row_refused_for_its_number_does_not_stand_for_its_posting(world: World, between: int) -> None:
    one, two, *others = shop(world, 2 + between)
    filler = [f"{each},{number(100 + row)},first" for row, each in enumerate(others)]
    job = taken(world, f"{one},{number(1)},first", f"{two},{number(1)},x", *filler, f"{two},{number(2)},first")
    worked(world, job)
    found = verdicts(world, job)
    assert (found[0], found[1], found[-1]) == ("good", "refused", "good")


def test_a_damaged_row_stands_for_nothing(world: World) -> None:
    (one,) = shop(world, 1)
    job = taken(world, f"{one},=A1,first", f"{one},{number(1)},", f"{one},{number(1)},first")
    worked(world, job)
    assert verdicts(world, job) == ["refused", "refused", "good"]


# Whatever dies in between


def dies_at(world: World, count: int) -> None:
    """The worker is killed right after its `count`th commit from now, before it can do anything else."""
    commit: Callable[..., None] = world.store.commit
    left = [count]

    def killed(writes: Sequence[Write], *, token: str = "") -> None:
        commit(writes, token=token)
        left[0] -= 1
        if left[0] == 0:
            raise WorkerKilledError

    world.store.commit = killed  # type: ignore[method-assign]  # what kills the worker


def test_200_rows_end_row_by_row_as_read_back_though_the_worker_dies_again_and_again(world: World) -> None:
    numbers = shop(world, 200)
    world.market.refused_tracking[number(60)] = "TRACK_NUMBER_IS_LOCKED"
    job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
    worked(world, job)
    start(world, job)
    alive = world.store.commit
    for commits in (1, 30, 7, 51, 50, 3, 20):
        dies_at(world, commits)
        with pytest.raises(WorkerKilledError):
            worked(world, job)
        world.store.commit = alive  # type: ignore[method-assign]  # another worker, whole again
    assert worked(world, job).state is JobState.WAITING
    asked = [len(world.store.intents(a.SELLER, posting_ref(each))) for each in numbers]
    assert asked == [1] * 200
    while world.store.intents_in(a.SELLER, IntentState.PENDING).items:
        settle_all(world)
    assert worked(world, job).state is JobState.DONE
    for row, each in zip(rows(world, job), numbers, strict=True):
        shown = world.posting(each).tracking_number
        assert row["verdict"] == ("changed" if shown == row["tracking_number"] else "failed")
    assert Counter(verdicts(world, job)) == {"changed": 199, "failed": 1}


@pytest.mark.parametrize("phase", ["check", "run"])
def test_a_worker_that_dies_at_any_commit_leaves_a_job_that_goes_on(phase: str) -> None:
    for commits in range(1, 9):
        world = World()
        numbers = shop(world, 4)
        job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
        alive = world.store.commit
        if phase == "run":
            worked(world, job)
            start(world, job)
        dies_at(world, commits)
        with suppress(WorkerKilledError):
            worked(world, job)
        world.store.commit = alive  # type: ignore[method-assign]  # another worker
        worked(world, job)
        wanted = ["asked"] * 4 if phase == "run" else ["good"] * 4
        assert verdicts(world, job) == wanted
        asked = [len(world.store.intents(a.SELLER, posting_ref(each))) for each in numbers]
        assert asked == [1 if phase == "run" else 0] * 4


def test_two_workers_on_one_part_ask_once(world: World) -> None:
    numbers = shop(world, 3)
    job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
    worked(world, job)
    start(world, job)
    intents, inside = world.store.intents, list[bool]()

    def other_is_quicker(seller: str, ref: Any) -> Any:
        found = intents(seller, ref)
        if not inside:
            inside.append(True)
            step(world, job)
            settle_all(world)
        return found

    world.store.intents = other_is_quicker  # type: ignore[method-assign]  # the winner, in the middle of the loser's look
    step(world, job)
    asked = [len(intents(a.SELLER, posting_ref(each))) for each in numbers]
    assert asked == [1, 1, 1]
    assert verdicts(world, job) == ["changed"] * 3


def test_a_lost_message_is_made_up_for_by_the_alarm(world: World) -> None:
    (one,) = shop(world, 1)
    job = taken(world, f"{one},{number(1)},first")
    stored = world.store.number_job(a.SELLER, job)
    assert stored is not None
    assert stored.next_alarm is not None
    due = stored.next_alarm.due
    world.clock.time = due
    alarm = AlarmRef(seller=a.SELLER, ref=number_job_ref(job), intent_id="", due=due)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "fired"
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"
    last = world.history(number_job_ref(job))[-1]
    [routed] = route_event(last, label_delay_seconds=0)
    assert (routed.destination, routed.message.body["job"]) == (Destination.TRACKING, job)
    assert worked(world, job).state is JobState.CHECKED
    [after] = [one for one in world.history(number_job_ref(job)) if one.event.type is EventType.NUMBERS_CHECKED]
    assert route_event(after, label_delay_seconds=0) == [], "a person comes next"


# A person's word


def test_a_run_is_started_once_and_cancelled_before_its_end(world: World) -> None:
    numbers = shop(world, PART_ROWS + 10)
    job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
    checked = worked(world, job)
    with pytest.raises(PreconditionFailedError):
        start(world, job, if_match=checked.version - 1)
    first = start(world, job, if_match=checked.version)
    assert start(world, job).body == first.body
    step(world, job)
    cancel_job(word(job), forget, store=world.store, clock=world.clock)
    cancelled = worked(world, job)
    assert (cancelled.state, cancelled.next_alarm) == (JobState.CANCELLED, None)
    assert Counter(verdicts(world, job)) == {"asked": PART_ROWS, "left_out": 10}
    settle_all(world)
    assert verdicts(world, job)[0] == "changed", "what was asked for goes its way"
    with pytest.raises(ActionNotOfferedError, match="cancelled"):
        start(world, job)


def test_a_cancel_in_the_middle_of_a_part_tells_what_had_been_asked_for(world: World) -> None:
    numbers = shop(world, 3)
    job = taken(world, *(f"{each},{number(row)},first" for row, each in enumerate(numbers, 1)))
    worked(world, job)
    start(world, job)
    alive = world.store.commit
    dies_at(world, 2)
    with pytest.raises(WorkerKilledError):
        worked(world, job)
    world.store.commit = alive  # type: ignore[method-assign]  # a person comes
    cancel_job(word(job), forget, store=world.store, clock=world.clock)
    worked(world, job)
    assert verdicts(world, job) == ["asked", "asked", "left_out"]
    assert number_jobs.get_job(a.SELLER, job, store=world.store)["counts"] == {"asked": 2, "left_out": 1}


def test_a_job_without_a_row_to_ask_for_does_not_start_and_what_is_over_is_not_cancelled(world: World) -> None:
    job = taken(world, f"nobody,{number(1)},first")
    worked(world, job)
    with pytest.raises(ActionNotOfferedError, match="correct the file"):
        start(world, job)
    (one,) = shop(world, 1)
    other = taken(world, f"{one},{number(1)},first")
    worked(world, other)
    start(world, other)
    worked(world, other)
    with pytest.raises(ActionNotOfferedError, match="every row"):
        cancel_job(word(other), forget, store=world.store, clock=world.clock)
    with pytest.raises(NotFoundError):
        start(world, "no-such-job")


def test_looks_get_rarer_and_never_stop_while_somebody_has_to_decide(world: World) -> None:
    (one,) = shop(world, 1)
    job = taken(world, f"{one},{DOUBTFUL},first")
    worked(world, job)
    start(world, job)
    stands = worked(world, job)
    waits = []
    for _ in range(8):
        assert stands.next_alarm is not None
        waits.append(stands.next_alarm.due - world.clock.time)
        world.clock.time = stands.next_alarm.due
        alarm = AlarmRef(seller=a.SELLER, ref=number_job_ref(job), intent_id="", due=stands.next_alarm.due)
        ring(alarm, store=world.store, clock=world.clock)
        found = world.store.number_job(a.SELLER, job)
        assert found is not None
        stands = found
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=2)
    assert replace(stands, next_alarm=None).state is JobState.WAITING
