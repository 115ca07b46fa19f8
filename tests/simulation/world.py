"""One seeded world: the real use cases, the store in memory, the real simulator, several workers, bad luck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shipby.adapters.ozon.client import OzonClient
from shipby.application.alarms.route_events import route_event
from shipby.application.alarms.sweep import SentMemory
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveIntent, SaveSettings, Write
from shipby.domain.errors import ShipbyError, VersionConflictError
from shipby.domain.events import EVENT_TYPE_VERSION, StoredEvent
from shipby.domain.intents import IntentState
from shipby.domain.sellers.settings import Automation, SellerSettings
from tests.simulation.at_rest import WatchAtRest
from tests.simulation.baton import Baton, Task
from tests.simulation.chance import CALM, draw_weather
from tests.simulation.clocks import SkewedClock, Time
from tests.simulation.errors import Crash, Violation
from tests.simulation.market import RETURN_SECONDS, SELLER, Market
from tests.simulation.parts.goods import Goods
from tests.simulation.parts.queues import Letter, Outlet, Queues
from tests.simulation.parts.shop_store import ShopStore
from tests.simulation.wire import BASE_URL, Exchange, Wire
from tests.support.memory_store import MemoryStore

WORKERS = 3
"""Processes with a clock of their own."""
STEPPED = WORKERS
"""The worker whose wall clock stands ahead."""
STEP = timedelta(days=1)
MOST_TASKS = 4
"""Things under way at once."""
TASK_LIFE = timedelta(seconds=45)
"""No worker is held up for longer: Lambda ends it."""
SWEEP_EVERY = timedelta(seconds=60)
LABEL_DELAY = 50


def policy(rng: Random, patience: float) -> SellerSettings:
    """What the simulated seller has set: short clocks, so that a run of an hour sees them all."""
    return SellerSettings(
        seller=SELLER,
        version=1,
        cancel_guard=False,
        # Some sellers give themselves less time than the marketplace does.
        decide_return_within=timedelta(seconds=patience * rng.choice((0.2, 1.0, 1.0, 1.0))),
        remind_return_before=timedelta(seconds=patience / 15),
        settle_limit=timedelta(minutes=6),
        confirm_within=timedelta(hours=12),
        caps={"cancel": 2, "return_action": 2, "cancel_request": 1},
        auto_return=rng.choice((Automation.ON, Automation.SHADOW, Automation.SHADOW)),
        auto_cancel_request=rng.choice((Automation.ON, Automation.SHADOW)),
        approve_above={"RUB": 200_000} if rng.random() < 0.4 else {},
        refund_cap={"RUB": 600_000} if rng.random() < 0.2 else {},
        postage_limit={"RUB": 50_000},
    )


@dataclass(slots=True)
class Job:
    """What a task is about. `key` is the Idempotency-Key it writes under."""

    name: str
    worker: int
    intents: tuple[str, ...] = ()
    key: str = ""
    began: datetime | None = None


@dataclass(slots=True)
class Running:
    task: Task
    job: Job
    done: Callable[[Task], None]


class World:
    """Everything of one run. `trace` collects what happened, where somebody wants to read it."""

    def __init__(self, seed: int, *, trace: list[str] | None = None) -> None:
        self.seed = seed
        self.trace = trace
        self.time = Time()
        self.rng = Random(seed)
        self.weather = draw_weather(self.rng)
        market_skew = timedelta(milliseconds=self.rng.randint(-1500, 1500))
        self.skews = [timedelta(milliseconds=self.rng.randint(-450, 450)) for _ in range(WORKERS)]
        self._steps = Random(f"steps of {seed}")
        """Draws of its own: what else happens in a seed does not hang on whose clock steps."""
        self.duels = Random(f"duels of {seed}")
        """As above, for what several people do at the same moment."""
        self._stepping = self._steps.choice((0.0, 0.05, 0.2))
        self.splits = Random(f"splits of {seed}")
        """Draws of their own as well, so that a seed without a split plays as it did before there were any."""
        patience = self.rng.choice((240.0, 900.0, RETURN_SECONDS, RETURN_SECONDS))
        self.market = Market(seed, SkewedClock(self.time, market_skew), patience=patience)
        self.raw = MemoryStore(alarm_shards=1, clock=SkewedClock(self.time))
        self.watch = WatchAtRest(self.time, self.market, self.raw)
        self.queues = Queues(self.time, self.rng)
        self.baton = Baton()
        self.running: list[Running] = []
        self.now_on: Job | None = None
        self.memory = SentMemory()
        self.last_sweep: datetime | None = None
        self.numbers: list[str] = []
        self.returns: list[str] = []
        self.seen: Counter[str] = Counter()
        """What went wrong, for the figures."""
        self.marks = 0
        """Counts what was asked, for keys that are never used twice."""
        self.steps = 0
        self._alarm: datetime | None = None
        self._alarm_known = -1
        self.busy = 0.0
        """Seconds within which the people of this world have their wishes."""
        self.goods = Goods(seed, SELLER, self.time, self.raw)
        settings = self.goods.policy(policy(self.rng, patience))
        self.watch.settings = settings
        self.watch.policies[settings.version] = settings
        self.raw.commit([SaveSettings(settings)])
        self._stores = ShopStore(
            self.raw,
            chance=self.rng.random,
            weather=lambda: self.weather,
            pause=self.pause,
            die=self.perhaps_die,
            committed=self._committed,
        )
        wire = Wire(
            self.market,
            self.time,
            self.rng,
            weather=lambda: self.weather,
            pause=self.pause,
            before=self._before_call,
            after=self._after_call,
        )
        self._clients = [
            OzonClient(
                BASE_URL,
                self.market.account.client_id,
                self.market.account.api_key,
                requests_per_second=1000,
                pool=wire.pool(),
                now=SkewedClock(self.time, skew).now,
                monotonic=self.time.seconds,
                sleep=self.time.pass_by,
                chance=lambda: 0.5,
            )
            for skew in (*self.skews, STEP)
        ]

    # What a task sees

    @property
    def store(self) -> Store:
        return self._stores.as_store()

    def clock(self, worker: int) -> SkewedClock:
        return SkewedClock(self.time, STEP if worker == STEPPED else self.skews[worker])

    def perhaps_stepped(self, worker: int) -> int:
        """This worker, or in a storm the one whose clock stands a day ahead, for one task."""
        if self.weather is CALM or self._steps.random() >= self._stepping:
            return worker
        self.seen["stepped"] += 1
        return STEPPED

    def client(self, worker: int) -> OzonClient:
        return self._clients[worker]

    def outlet(self, queue: str) -> Outlet:
        return Outlet(self.queues, queue)

    def note(self, text: str) -> None:
        """One line of the trace."""
        if self.trace is not None:
            who = self.now_on.name if self.now_on else "world"
            self.trace.append(f"{self.time.seconds():9.3f} {who:<44} {text}")

    def pause(self, what: str) -> None:
        """A point where this process may die, and where another one may run."""
        self.time.pass_by(0.001 + self.rng.random() * 0.01)
        self.perhaps_die(what)
        if self.baton.running is not None and self.rng.random() >= self.weather.stay:
            job = self.now_on
            self.baton.pause()
            self.now_on = job

    def perhaps_die(self, what: str) -> None:
        if self.weather.crash and self.baton.running is not None and self.rng.random() < self.weather.crash:
            self.note(f"CRASH at {what}")
            self.seen["crashes"] += 1
            raise Crash

    def _committed(self, writes: Sequence[Write]) -> None:
        job = self.now_on
        if self.trace is not None:
            for write in writes:
                if isinstance(write, AppendEvents):
                    told = ", ".join(f"{e.type}{_short(e.data)}" for e in write.events)
                    self.note(f"commit {write.ref.kind} {write.ref.id} v{write.version}: {told}")
        self.watch.committed(writes, key=job.key if job else "")
        self.goods.committed(writes)
        self.seen["unknown"] += sum(
            isinstance(write, SaveIntent) and write.intent.state is IntentState.UNKNOWN for write in writes
        )
        self.published(writes)

    def published(self, writes: Sequence[Write]) -> None:
        """What the table's stream brings the router."""
        for write in writes:
            if isinstance(write, AppendEvents):
                self._publish(write)

    def _publish(self, write: AppendEvents) -> None:
        for index, event in enumerate(write.events):
            stored = StoredEvent(
                seller=write.seller,
                ref=write.ref,
                version=write.version,
                index=index,
                event=event,
                count=len(write.events),
                type_version=EVENT_TYPE_VERSION[event.type],
            )
            for routed in route_event(stored, label_delay_seconds=LABEL_DELAY):
                if routed.destination in HEARD:
                    self.queues.put(routed.destination, routed.message)

    def _before_call(self, exchange: Exchange) -> None:
        if exchange.acts:
            for intent in self._intents_of(exchange):
                self.watch.before_call(exchange, intent)

    def _after_call(self, exchange: Exchange) -> None:
        if exchange.acts:
            shown = f"{exchange.path} {dict(exchange.body)}: {exchange.status or 'not reached'}, told {exchange.told}"
            self.note(shown)
            for intent in self._intents_of(exchange):
                self.watch.after_call(exchange, intent)
        elif exchange.told != "answer":
            self.note(f"{exchange.path}: {exchange.told}")

    def _intents_of(self, exchange: Exchange) -> list[str]:
        """The intents that a call carries out, among those that its task is about."""
        named = self.now_on.intents if self.now_on else ()
        items = exchange.body.get("tracking_numbers")
        if items is None:
            return [named[0] if named else "?"]
        wanted = {(item["posting_number"], item["tracking_number"]) for item in items}
        found = []
        for intent_id in dict.fromkeys(named):
            intent = self.watch.intents.get(intent_id)
            if intent and (intent.posting_number, intent.request.get("tracking_number")) in wanted:
                found.append(intent_id)
        return found or ["?"]

    # Tasks

    def begin(self, job: Job, work: Callable[[], object], done: Callable[[Task], None]) -> None:
        """Start a task; `done` is told when it has ended, however it ended."""
        job.began = self.time.now
        running = Running(self.baton.start(job.name, work), job, done)
        self.running.append(running)
        self.step(running)

    def step(self, running: Running) -> None:
        """Let a task run on. Raises Violation."""
        self.steps += 1
        self.now_on = running.job
        self.baton.step(running.task)
        if running.task.alive:
            self.now_on = None
            return
        self.running.remove(running)
        error = running.task.error
        if isinstance(error, Violation):
            raise error
        if error is not None and not isinstance(error, Crash | ShipbyError):
            raise Violation("no unexpected errors", f"{running.job.name}: {error!r}") from error
        if isinstance(error, VersionConflictError):
            self.seen["conflicts"] += 1
        if error is not None and not isinstance(error, Crash):
            self.note(f"ended with {type(error).__name__}: {error}")
        self.now_on = None
        running.done(running.task)

    def deliver(self, letter: Letter, job: Job, work: Callable[[], object]) -> None:
        """Work on a message: done, it is deleted; failed or dead, it comes again."""
        self.queues.take(letter)

        def done(task: Task) -> None:
            if task.error is None:
                self.queues.delete(letter)
            elif isinstance(task.error, ShipbyError):
                wait = getattr(task.error, "retry_after", None)
                self.queues.hold(letter, wait or min(10 * 4 ** (letter.taken - 1), 300))

        self.begin(job, work, done)

    def close(self) -> None:
        self.baton.abandon([running.task for running in self.running])
        self.market.close()

    def next_alarm(self) -> datetime | None:
        """When the earliest alarm is due, to the minute."""
        if self._alarm_known != self.watch.checks:
            far = self.time.now + timedelta(days=3650)
            page = self.raw.due_alarms(0, until=far, limit=1)
            self._alarm = page.items[0].due if page.items else None
            self._alarm_known = self.watch.checks
        return self._alarm


HEARD = frozenset({"sync", "intents", "tracking"})
"""Queues that have a worker here: labels and notices move no money."""


def _short(data: object) -> str:
    text = str(data)
    return text if len(text) < 140 else text[:140] + "…"
