"""People of the demo: time moves only when all of them wait, and who gets stuck is named."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby_local.demo.people import People
from shipby_local.stack.errors import StackError

START = datetime(2026, 11, 17, 5, 0, tzinfo=UTC)


@dataclass
class FakePump:
    seen: int = 0
    touched: dict[str, int] = field(default_factory=dict)

    def record(self, key: str) -> None:
        self.seen += 1
        self.touched[key] = self.seen


@dataclass
class FakeStepper:
    """Steps by the hour, or to an earlier `until`; `happens` is called at every step."""

    moment: datetime = START
    steps: list[datetime] = field(default_factory=list)
    happens: Any = lambda _: None

    @property
    def clock(self) -> FakeStepper:
        return self

    def now(self) -> datetime:
        return self.moment

    def settle(self) -> None:
        """Nothing goes on here."""

    def step(self, until: datetime | None = None) -> None:
        following = self.moment + timedelta(hours=1)
        self.moment = min(following, until) if until else following
        self.steps.append(self.moment)
        self.happens(self.moment)


def crowd(happens: Any = lambda _: None) -> tuple[People, FakePump, FakeStepper]:
    pump, stepper = FakePump(), FakeStepper(happens=happens)
    return People(stepper, pump), pump, stepper  # type: ignore[arg-type]  # what they are asked for is there


def test_everybody_acts_at_their_own_hour_in_order_of_the_day() -> None:
    people, _, stepper = crowd()
    done: list[tuple[str, datetime]] = []

    def at(name: str, later: timedelta) -> None:
        people.until(START + later)
        done.append((name, people.now()))

    for name, minutes in (("late", 150), ("early", 10), ("noon", 90)):
        people.join(name, lambda name=name, minutes=minutes: at(name, timedelta(minutes=minutes)))  # type: ignore[misc]  # bound per turn
    people.run()
    assert done == [(n, START + timedelta(minutes=m)) for n, m in (("early", 10), ("noon", 90), ("late", 150))]
    assert START + timedelta(minutes=10) in stepper.steps


def test_time_stands_still_while_somebody_is_at_work() -> None:
    people, _, stepper = crowd()
    hold, seen = threading.Event(), []

    def slow() -> None:
        hold.wait(10)
        seen.append(people.now())

    people.join("slow", slow)
    people.join("waiting", lambda: people.until(START + timedelta(hours=3)))
    runner = threading.Thread(target=people.run)
    runner.start()
    assert stepper.steps == []
    hold.set()
    runner.join(10)
    assert seen == [START]
    assert people.now() == START + timedelta(hours=3)


def test_who_waits_looks_again_only_after_a_change_of_what_they_wait_for() -> None:
    people, pump, stepper = crowd()
    looks: list[datetime] = []

    def happens(now: datetime) -> None:
        pump.record("SELLER#1#POSTING#other" if now < START + timedelta(hours=5) else "SELLER#1#POSTING#mine")

    stepper.happens = happens

    def look() -> str | None:
        looks.append(people.now())
        return "found" if people.now() > START else None

    found: list[str] = []
    people.join("me", lambda: found.append(people.wait(look, what="my posting", about="mine")))
    people.run()
    assert found == ["found"]
    assert looks == [START, START + timedelta(hours=5)]


def test_what_one_person_does_is_seen_by_another_before_time_moves() -> None:
    people, pump, stepper = crowd()
    stock: list[str] = []

    def fill() -> None:
        people.until(START + timedelta(hours=1))
        stock.append("goods")
        pump.record("SELLER#1#shelf")

    seen: list[datetime] = []

    def take() -> None:
        people.wait(lambda: stock or None, what="goods")
        seen.append(people.now())

    people.join("take", take)
    people.join("fill", fill)
    people.run()
    assert seen == [START + timedelta(hours=1)]
    assert stepper.steps == [START + timedelta(hours=1)]


def test_who_waits_in_vain_or_fails_is_named_and_the_others_go_home() -> None:
    people, _, _ = crowd()

    def break_something() -> None:
        raise StackError("the printer is on fire")

    def wait_for_ever() -> None:
        people.wait(lambda: None, what="Godot", within=timedelta(hours=2))

    people.join("broken", break_something)
    people.join("vain", wait_for_ever)
    people.join("fine", lambda: people.until(START + timedelta(hours=4)))
    people.run()
    assert sorted(people.problems) == ["broken: the printer is on fire", "vain: waited 2:00:00 in vain for Godot"]
    assert people.now() == START + timedelta(hours=4)


def test_shared_work_is_done_by_several_hands_and_its_first_error_is_raised_at_the_end() -> None:
    people, _, _ = crowd()
    done: list[int] = []

    def one(number: int) -> None:
        if number == 3:
            raise StackError("three is missing")
        done.append(number)

    with pytest.raises(StackError, match="three is missing"):
        people.share(one, range(6))
    assert sorted(done) == [0, 1, 2, 4, 5]
