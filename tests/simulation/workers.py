"""The workers of our queues, as the functions run them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.sweep import sweep
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.intake.goods_came import goods_came
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.polling.reconcile import reconcile
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.poll import poll_returns
from shipby.application.settling.settle import settle_intent, settle_together
from shipby.application.shared.alarm_messages import MAX_DELAY, alarm_message, read_alarm
from tests.simulation.baton import Task
from tests.simulation.market import SELLER
from tests.simulation.parts.goods import POOL
from tests.simulation.parts.queues import Letter
from tests.simulation.world import SWEEP_EVERY, Job, World

Work = Callable[[], object]


def work_on(world: World, letter: Letter) -> None:
    """Start a worker on one message."""
    worker = world.rng.randrange(len(world.skews))
    body, queue = letter.body, letter.queue
    if queue == "intents":
        intent = str(body["intent"])
        job = Job(f"settle {intent}", worker, intents=(intent,))
        world.deliver(letter, job, lambda: _settle(world, worker, intent))
    elif queue == "tracking" and "task" in body:
        # Telling what is for sale changes no posting and no stock: it is tried in tests/unit/availability.
        world.deliver(letter, Job(str(body["task"]), worker), lambda: None)
    elif queue == "tracking":
        _track(world, worker, letter)
    elif body.get("task") == "goods":
        sku = str(body["sku"])
        world.deliver(letter, Job(f"goods {sku}", worker), lambda: _goods(world, worker, sku))
    elif queue == "sync":
        number = str(body["posting"])
        hinted = datetime.fromisoformat(str(body["hinted_at"])) if body["hinted_at"] else None
        worker = world.perhaps_stepped(worker)
        world.deliver(letter, Job(f"sync {number}", worker), lambda: _sync(world, worker, number, hinted))
    elif queue == "alarms":
        name = f"ring {body['intent'] or body['id']}"
        world.deliver(letter, Job(name, worker), lambda: _ring(world, worker, letter))


def _settle(world: World, worker: int, intent: str) -> object:
    return settle_intent(SELLER, intent, store=world.store, marketplace=world.client(worker), clock=world.clock(worker))


def _track(world: World, worker: int, first: Letter) -> None:
    """The tracking queue is worked on in batches: what lies ready goes along."""
    ready = [one for one in world.queues.ready() if one.queue == "tracking" and "intent" in one.body]
    others = [one for one in ready if one is not first]
    batch = [first, *others[: world.rng.randrange(3)]]
    intents = tuple(str(letter.body["intent"]) for letter in batch)
    for letter in batch:
        world.queues.take(letter)

    def work() -> object:
        return settle_together(
            SELLER, intents, store=world.store, marketplace=world.client(worker), clock=world.clock(worker)
        )

    def done(task: Task) -> None:
        results = task.result if isinstance(task.result, dict) else {}
        for letter in batch:
            result = results.get(str(letter.body["intent"]))
            if result is not None and not isinstance(result, Exception):
                world.queues.delete(letter)
            elif isinstance(result, Exception):
                world.queues.hold(letter, 5)

    world.begin(Job(f"track {', '.join(intents)}", worker, intents=intents), work, done)


def _sync(world: World, worker: int, number: str, hinted: datetime | None) -> object:
    store, client, clock = world.store, world.client(worker), world.clock(worker)
    synced = sync_posting(SELLER, number, hinted_at=hinted, store=store, marketplace=client, clock=clock)
    for related in synced.related:
        sync_posting(SELLER, related, hinted_at=None, store=store, marketplace=client, clock=clock)
    return synced


def _goods(world: World, worker: int, sku: str) -> object:
    return goods_came(SELLER, POOL, sku, store=world.store, read=lambda _, number: _sync(world, worker, number, None))


def _ring(world: World, worker: int, letter: Letter) -> object:
    alarm, clock = read_alarm(letter.body), world.clock(worker)
    rang = ring(alarm, store=world.store, clock=clock)
    following, now = rang.next_alarm, clock.now()
    if following is not None and following.due - now <= MAX_DELAY:
        world.outlet("alarms").send([alarm_message(following, now)])
    return rang


def sweep_now(world: World) -> None:
    """The tick of the schedule."""
    world.last_sweep = world.time.now
    worker = world.rng.randrange(len(world.skews))

    def work() -> object:
        return sweep(
            store=world.store,
            queue=world.outlet("alarms"),
            clock=world.clock(worker),
            look_ahead=SWEEP_EVERY,
            budget=timedelta(seconds=50),
            memory=world.memory,
        )

    world.begin(Job("sweep", worker), work, lambda _: None)


def poll_now(world: World) -> None:
    """The poll of the marketplace's lists: finds what no push told."""
    worker = world.rng.randrange(len(world.skews))

    def work() -> object:
        store, client, clock = world.store, world.client(worker), world.clock(worker)
        reconcile(SELLER, store=store, marketplace=client, queue=world.outlet("sync"), clock=clock)
        poll_returns(SELLER, store=store, marketplace=client, queue=world.outlet("sync"), clock=clock)
        return sync_cancel_requests(SELLER, store=store, marketplace=client, clock=clock)

    world.begin(Job("poll", worker), work, lambda _: None)


def compare_now(world: World) -> None:
    """The daily comparison with what the marketplace charged; it may settle what no reading of a return could."""

    def work() -> object:
        store, client, clock = world.store, world.client(0), world.clock(0)
        return compare_accruals(SELLER, store=store, marketplace=client, clock=clock, at_once=True)

    world.begin(Job("accruals", 0), work, lambda _: None)
