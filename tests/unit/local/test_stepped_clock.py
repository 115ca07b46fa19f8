"""The stepped clock and what stands in for the product's clock where time is stepped."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shipby.adapters.aws import clock as shipped
from shipby.application.ports.writes import SavePosting
from shipby.domain.postings.posting import Alarm, RungKind
from shipby_local.pacing import LOOK_AHEAD, SweepNeed
from shipby_local.stack import TemplateError, stepping, template
from shipby_local.stack.clock import SteppedClock, WallClock, clock_of
from shipby_local.stack.clock_door import ClockDoor
from shipby_local.stack.emulation import worker_clock
from shipby_local.stack.errors import StackError
from shipby_local.stack.stepping import NeverQuietError, Schedule, Stepper, period_of
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

START = datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROOT = Path(__file__).parents[3]


# The clock ---------------------------------------------------------------------------------------------------------


def test_a_fresh_folder_goes_by_the_machine_and_one_begun_stepped_stays_stepped(tmp_path: Path) -> None:
    assert isinstance(clock_of(tmp_path), WallClock)
    SteppedClock.begin(tmp_path, START)
    # A second start asks for another beginning: the folder's own time stands.
    assert SteppedClock.begin(tmp_path, START + timedelta(days=9)).now() == START
    assert clock_of(tmp_path).now() == START


def test_a_folder_begun_by_the_machines_time_is_never_stepped(tmp_path: Path) -> None:
    (tmp_path / "deployment.json").write_text("{}")
    with pytest.raises(StackError, match="begun by the machine's time"):
        SteppedClock.begin(tmp_path, START)
    assert isinstance(clock_of(tmp_path), WallClock)


def test_a_stepped_clock_goes_forward_only_and_needs_a_zone(tmp_path: Path) -> None:
    clock = SteppedClock.begin(tmp_path, START)
    clock.set(START + MINUTE)
    with pytest.raises(ValueError, match="only goes forward"):
        clock.set(START)
    with pytest.raises(ValueError, match="zone"):
        SteppedClock(tmp_path / "other").set(datetime(2026, 11, 17))  # noqa: DTZ001 - the mistake
    assert clock.now() == START + MINUTE


def test_a_stepped_clock_that_cannot_be_read_says_where_it_is(tmp_path: Path) -> None:
    clock = SteppedClock.begin(tmp_path, START)
    clock.file.write_text("yesterday")
    with pytest.raises(StackError, match=str(clock.file)):
        clock.now()


def test_the_workers_clock_reads_the_folders_and_has_the_shipped_clocks_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteppedClock.begin(tmp_path, START)
    monkeypatch.setenv("SHIPBY_LOCAL_CLOCK", str(clock.file))
    assert worker_clock.utc_now() == worker_clock.SystemClock().now() == START

    def names(module: Any) -> set[str]:
        return {name for name in vars(module) if not name.startswith("_")}

    assert names(shipped) - {"UTC"} <= names(worker_clock)


def test_what_ships_asks_one_module_for_the_time_and_that_reads_no_setting() -> None:
    askers = set()
    for path in [*(ROOT / "layers" / "common" / "src").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "time"}:
                whose = ast.unparse(node.value)
                if whose in {"datetime", "dt.datetime", "datetime.datetime", "date", "time"} and (
                    whose != "time" or node.attr == "time"
                ):
                    askers.add(path.relative_to(ROOT).as_posix())
    assert askers == {"layers/common/src/shipby/adapters/aws/clock.py"}
    text = Path(str(shipped.__file__)).read_text("utf-8")
    assert "import os" not in text
    assert "open(" not in text


def test_only_the_named_file_of_the_layer_is_replaced_and_one_that_moved_is_missed(tmp_path: Path) -> None:
    (tmp_path / "src" / "shipby").mkdir(parents=True)
    for name in ("clock.py", "other.py"):
        (tmp_path / "src" / "shipby" / name).write_text(f"# {name}")
    built = {"BuildMethod": "python3.13"}
    archives = template.Archives("code", tmp_path, {"python/shipby/clock.py": b"# stepped"})
    key = archives.layer("Layer", "src", built)["S3Key"]
    assert archives.sources[key] == {"python/shipby/clock.py": b"# stepped", "python/shipby/other.py": b"# other.py"}
    plain = template.Archives("code", tmp_path)
    # Another key: a folder that changes its clock is deployed again.
    assert plain.layer("Layer", "src", built)["S3Key"] != key
    with pytest.raises(TemplateError, match=r"gone\.py"):
        template.Archives("code", tmp_path, {"python/gone.py": b""}).layer("Layer", "src", built)


# The stepper -------------------------------------------------------------------------------------------------------


@dataclass
class FakeAnswer:
    error: str | None = None
    payload: Any = None


@dataclass
class FakeInside:
    """A stack whose looks are scripted; each invocation is noted with the time it came at."""

    clock: SteppedClock
    looks: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, datetime]] = field(default_factory=list)
    next_visible: float | None = None
    on_invoke: Callable[[], None] = lambda: None

    def work(self) -> dict[str, Any]:
        quiet = {
            "busy": 0,
            "waiting": 0,
            "requests": 0,
            "read_to_end": True,
            "started": 0,
            "delivered": 0,
            "streams": {},
        }
        return quiet | {"next_visible": self.next_visible} | (self.looks.pop(0) if self.looks else {})

    def invoke(self, function: str, payload: Any = None) -> FakeAnswer:
        self.calls.append((function, self.clock.now()))
        self.on_invoke()
        return FakeAnswer()


@dataclass
class FakeMarket:
    """A neighbour with an agenda; it notes when it did what was due."""

    clock: SteppedClock
    agenda: list[datetime]
    done: list[datetime] = field(default_factory=list)

    def wake(self) -> None:
        while self.agenda and self.agenda[0] <= self.clock.now():
            self.done.append(self.agenda.pop(0))

    def quiet(self) -> bool:
        return not self.agenda or self.agenda[0] > self.clock.now()

    def next_due(self) -> datetime | None:
        return self.agenda[0] if self.agenda else None


@dataclass
class FakeNeed:
    """Needs one tick."""

    moment: datetime | None

    def since(self, written: object) -> datetime | None:
        del written
        return self.moment

    def rang(self) -> None:
        self.moment = None


@pytest.fixture
def clock(tmp_path: Path) -> SteppedClock:
    return SteppedClock.begin(tmp_path, START)


@pytest.mark.parametrize(
    "busy",
    [{"busy": 1}, {"waiting": 1}, {"requests": 1}, {"read_to_end": False}],
    ids=["a function runs", "a queue holds something", "a request is inside", "the stream is not read"],
)
def test_time_does_not_move_while_anything_goes_on(clock: SteppedClock, busy: dict[str, Any]) -> None:
    inside = FakeInside(clock, looks=[busy, busy, {}, busy])
    stepper = Stepper(clock, inside, [Schedule("Sweep", MINUTE)])
    stepper.settle()
    assert inside.looks == []  # one quiet look between busy ones was not enough
    assert clock.now() == START


def test_two_quiet_looks_count_only_if_nothing_began_between_them(clock: SteppedClock) -> None:
    inside = FakeInside(clock, looks=[{"started": 1}, {"started": 2}, {"started": 2, "delivered": 1}])
    Stepper(clock, inside, []).settle()
    assert inside.looks == []


def test_what_never_comes_to_rest_is_named(clock: SteppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "STUCK_SECONDS", 0.05)
    inside = FakeInside(clock, looks=[{"waiting": 7}] * 1000)
    with pytest.raises(NeverQuietError, match="'waiting': 7"):
        Stepper(clock, inside, []).settle()


def test_a_step_goes_to_the_earliest_of_marketplace_queue_and_schedule(clock: SteppedClock) -> None:
    inside = FakeInside(clock, next_visible=(START + timedelta(seconds=40)).timestamp())
    market = FakeMarket(clock, [START + timedelta(seconds=20)])
    stepper = Stepper(clock, inside, [Schedule("Sweep", MINUTE)], [market])
    first = stepper.step()
    assert (first.at, first.what) == (START + timedelta(seconds=20), ("the marketplace",))
    assert market.done == [first.at]
    second = stepper.step()
    assert (second.at, second.what) == (START + timedelta(seconds=40), ("a queue",))
    inside.next_visible = None
    third = stepper.step()
    assert (third.at, third.what) == (START + MINUTE, ("Sweep",))
    assert inside.calls == [("Sweep", START + MINUTE)]


def test_a_message_is_never_looked_for_a_moment_before_it_shows_itself(clock: SteppedClock) -> None:
    for odd in (0.1, 0.3333333, 0.0004999, 1e-7):
        visible = clock.now().timestamp() + 30 + odd
        inside = FakeInside(clock, next_visible=visible)
        due = Stepper(clock, inside, []).due()
        assert due is not None
        assert due.at.timestamp() >= visible
        assert due.at.timestamp() - visible < 0.002


def test_advancing_rings_every_tick_on_the_way_and_ends_exactly_there(clock: SteppedClock) -> None:
    inside = FakeInside(clock)
    market = FakeMarket(clock, [START + timedelta(minutes=2, seconds=30)])
    stepper = Stepper(clock, inside, [Schedule("Sweep", MINUTE)], [market])
    steps = stepper.advance(timedelta(minutes=3, seconds=15))
    assert [call[1] for call in inside.calls] == [START + MINUTE * n for n in (1, 2, 3)]
    assert market.done == [START + timedelta(minutes=2, seconds=30)]
    assert clock.now() == START + timedelta(minutes=3, seconds=15)
    assert steps[-1].what == ()
    with pytest.raises(ValueError, match="forward"):
        stepper.advance(timedelta(seconds=-1))


def test_ticks_with_nothing_to_do_are_left_out_and_the_one_before_the_need_is_not(clock: SteppedClock) -> None:
    inside = FakeInside(clock)
    need = FakeNeed(START + timedelta(hours=5, seconds=10))
    stepper = Stepper(clock, inside, [Schedule("Sweep", MINUTE, need=need)])
    stepper.advance(timedelta(hours=9))
    assert inside.calls == [("Sweep", START + timedelta(hours=5, minutes=1))]


def test_alarms_are_looked_for_again_after_a_write_and_not_before(clock: SteppedClock) -> None:
    store = MemoryStore()
    looks: list[datetime] = []

    def looked() -> MemoryStore:
        looks.append(clock.now())
        return store

    need = SweepNeed(clock, looked)
    assert need.since({}) is None
    assert need.since({}) is None
    assert len(looks) == 1
    alarm = Alarm(due=START + timedelta(hours=3), kind=RungKind.CONFIRM_BY)
    store.commit([SavePosting(a.posting(next_alarm=alarm))])
    assert need.since({"table": "1"}) == alarm.due - LOOK_AHEAD
    assert len(looks) == 2
    need.since({"table": "1"})
    assert len(looks) == 2


def test_a_schedule_that_is_due_with_the_marketplace_rings_after_it(clock: SteppedClock) -> None:
    inside = FakeInside(clock)
    market = FakeMarket(clock, [START + MINUTE])
    stepper = Stepper(clock, inside, [Schedule("Poll", MINUTE)], [market])
    inside.on_invoke = lambda: inside.calls.append((f"market did {len(market.done)}", clock.now()))
    assert set(stepper.step().what) == {"the marketplace", "Poll"}
    assert [name for name, _ in inside.calls] == ["Poll", "market did 1"]


def test_where_nothing_is_due_ever_only_a_duration_moves_the_clock(clock: SteppedClock) -> None:
    stepper = Stepper(clock, FakeInside(clock), [])
    with pytest.raises(StackError, match="Nothing is due"):
        stepper.step()
    stepper.advance(timedelta(days=2))
    assert clock.now() == START + timedelta(days=2)


def test_a_schedule_is_a_rate_or_refused() -> None:
    assert period_of("s", "rate(1 minute)") == MINUTE
    assert period_of("s", "rate(2 hours)") == timedelta(hours=2)
    with pytest.raises(TemplateError, match="cron"):
        period_of("s", "cron(0 3 * * ? *)")


# The door ----------------------------------------------------------------------------------------------------------


def test_the_clock_answers_over_http_and_says_what_is_wrong_with_a_wish(clock: SteppedClock) -> None:
    stepper = Stepper(clock, FakeInside(clock), [Schedule("Sweep", MINUTE)])
    door = ClockDoor(stepper)
    status, body = door("GET", b"")
    assert (status, json.loads(body)["now"]) == (200, "2026-11-17T05:00:00Z")
    assert json.loads(body)["next"] == {"at": "2026-11-17T05:01:00Z", "what": ["Sweep"]}
    status, body = door("POST", b'{"advance_seconds": 90}')
    assert (status, json.loads(body)["now"]) == (200, "2026-11-17T05:01:30Z")
    status, body = door("POST", b'{"next": true}')
    assert json.loads(body)["steps"] == [{"at": "2026-11-17T05:02:00Z", "what": ["Sweep"]}]
    wrong = (
        b"",
        b"[]",
        b"{}",
        b'{"next": false}',
        b'{"advance_seconds": -1}',
        b'{"advance_seconds": true}',
        b"nonsense",
    )
    for wish in (*wrong, b'{"advance_seconds": 1e12}', b'{"advance_seconds": NaN}', b'{"advance_seconds": "3h"}'):
        status, body = door("POST", wish)
        assert status == 400, wish
        assert json.loads(body)["detail"]
    assert door("DELETE", b"")[0] == 405
    assert clock.now() == START + timedelta(minutes=2)
