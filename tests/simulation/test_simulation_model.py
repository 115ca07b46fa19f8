"""The same world under Hypothesis: it chooses what happens, and holds it against a small model of its own.

Where the seeded runs interleave workers, this one shrinks: what it finds is a short list of steps.
"""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shipby.application.settling.finish import TOLD
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.money import Money
from shipby_local.simulator.generate import LineSpec
from tests.simulation.chance import CALM, Weather
from tests.simulation.errors import Violation
from tests.simulation.market import SELLER, minor
from tests.simulation.people import Ask, ask, decide, verdict, wish_for
from tests.simulation.play import Player
from tests.simulation.scenario import people_settle
from tests.simulation.watch import took_effect
from tests.simulation.workers import poll_now, sweep_now, work_on
from tests.simulation.world import Running, World

TROUBLE = {
    "none": CALM,
    "refused": Weather(stay=1.0, refused=0.9),
    "lost before": Weather(stay=1.0, lost_before=0.5),
    "lost after": Weather(stay=1.0, lost_after=0.5),
    "limited": Weather(stay=1.0, limited=0.5),
    "failed before": Weather(stay=1.0, failed_before=0.5),
    "failed after": Weather(stay=1.0, failed_after=0.5),
    "crash": Weather(stay=1.0, crash=0.08),
    "throttled": Weather(stay=1.0, throttled=0.1),
    "unsure": Weather(stay=1.0, unsure=0.3),
    "messages": Weather(stay=1.0, message_lost=0.3, message_doubled=0.5, message_late=0.5),
}
PRICES = (1250, 990)


class ShownWorld(World):
    """Violations as Hypothesis knows failures."""

    def step(self, running: Running) -> None:
        try:
            super().step(running)
        except Violation as found:
            raise AssertionError(str(found)) from found


class RefundMachine(RuleBasedStateMachine):
    """One delivered posting, one that is still here, any number of returns; the model knows what may be paid."""

    def __init__(self) -> None:
        super().__init__()
        self.world = ShownWorld(1)
        self.world.weather = CALM
        self.player = Player(self.world)
        lines = tuple(LineSpec(sku=827_000_100 + n, quantity=2, price=Decimal(price)) for n, price in enumerate(PRICES))
        for number in ("24219500-0001-1", "24219500-0002-1"):
            self.world.market.order(number, own_delivery=True, lines=lines, ship_in=86_400.0)
            self.world.numbers.append(number)
        self.gone, self.here = self.world.numbers
        self.world.market.send_off(self.gone)
        self.world.market.deliver(self.gone)
        for number in self.world.numbers:
            self.player.meet(number)
        self.asked: list[Ask] = []
        self.allowed: dict[str, set[int]] = {}
        """The model: return -> amounts that somebody was told would be paid."""

    def _later(self, _seconds: float, act: object) -> None:
        """Nobody repeats anything by themselves here: Hypothesis does."""

    def _ask(self, wish: Ask) -> None:
        ask(self.world, wish, self._later)
        self.player.finish_tasks()

    @rule(line=st.integers(0, 1), quantity=st.integers(1, 2))
    def buyer_returns(self, line: int, quantity: int) -> None:
        return_id = self.world.market.open_return(self.gone, line, quantity)
        self.world.returns.append(return_id)
        self.allowed[return_id] = set()
        poll_now(self.world)
        self.player.finish_tasks()

    @precondition(lambda self: self.world.returns)
    @rule(which=st.integers(0, 5), choice=st.integers(0, 3), part=st.sampled_from((1, 2, 4)), automatic=st.booleans())
    def somebody_decides(self, which: int, choice: int, part: int, automatic: bool) -> None:
        return_id = self.world.returns[which % len(self.world.returns)]
        case = self.world.raw.return_case(SELLER, return_id)
        if case is None or not case.actions:
            return
        action = case.actions[choice % len(case.actions)].id
        total = minor(self.world.market.return_of(return_id).line.total)
        amount = Money(total // part, "RUB") if action == 1020 else None
        refund = action in {1000, 1020}
        actor = "system:model" if automatic else "key:anna"
        command = decide(return_id, action, refund=refund, amount=amount, actor=actor, automatic=automatic)
        wish = Ask(f"k{len(self.asked)}", f"{return_id} {action} {amount}", command)
        self.asked.append(wish)
        before = set(self.world.watch.intents)
        self._ask(wish)
        if refund and set(self.world.watch.intents) - before:
            self.allowed[return_id].add(amount.minor if amount else total)

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 9))
    def somebody_repeats(self, which: int) -> None:
        before = len(self.world.watch.intents)
        wish = self.asked[which % len(self.asked)]
        answered = bool(wish.answers)
        self._ask(wish)
        if answered:
            assert len(self.world.watch.intents) == before

    @rule(reason=st.sampled_from((352, 400)))
    def somebody_cancels(self, reason: int) -> None:
        command = wish_for(
            self.here, IntentAction.CANCEL, {"reason_id": reason, "message": "нет в наличии"}, actor="key:boris"
        )
        wish = Ask(f"k{len(self.asked)}", f"cancel {reason}", command)
        self.asked.append(wish)
        self._ask(wish)

    @rule()
    def the_buyer_cancels(self) -> None:
        self.world.market.buyer_cancels(self.here)

    @rule(which=st.integers(0, 20), trouble=st.sampled_from(sorted(TROUBLE)))
    def a_worker_takes_a_message(self, which: int, trouble: str) -> None:
        ready = self.world.queues.ready()
        if not ready:
            return
        self.world.weather = self.world.queues.weather = TROUBLE[trouble]
        work_on(self.world, ready[which % len(ready)])
        self.player.finish_tasks()
        self.world.weather = self.world.queues.weather = CALM

    @rule(seconds=st.sampled_from((1, 30, 70, 400, 2000)))
    def time_passes(self, seconds: int) -> None:
        self.world.time.pass_by(seconds)
        self.world.market.rooms.engine.run_due()
        sweep_now(self.world)
        self.player.finish_tasks()

    @rule()
    def the_lists_are_polled(self) -> None:
        poll_now(self.world)
        self.player.finish_tasks()

    @rule(which=st.integers(0, 5))
    def a_person_settles(self, which: int) -> None:
        told = [
            intent
            for intent in self.world.watch.intents.values()
            if TOLD in intent.read_back and intent.state is IntentState.UNKNOWN
        ]
        if told:
            intent = told[which % len(told)]
            happened = any(took_effect(call, intent) for call in self.world.watch.calls[intent.id])
            self._ask(Ask(f"hand-{len(self.asked)}", intent.id, verdict(intent.id, happened=happened, actor="key:c")))

    @invariant()
    def the_marketplace_paid_what_somebody_was_promised_and_once(self) -> None:
        for return_id in self.world.returns:
            paid = minor(self.world.market.return_of(return_id).refunded)
            assert paid == 0 or paid in self.allowed[return_id]

    @invariant()
    def never_more_than_was_paid(self) -> None:
        ordered = self.world.market.ordered[self.gone]
        assert self.world.market.paid_out(self.gone) <= sum(ordered.values())
        assert all(given <= ordered[sku] for sku, given in self.world.market.paid_per_line(self.gone).items())

    @invariant()
    def every_payment_is_booked_or_set_aside(self) -> None:
        ledger = self.world.raw.money(SELLER, self.gone)
        assert ledger is not None
        assert self.world.market.paid_out(self.gone) <= ledger.reserved + ledger.refunded

    def teardown(self) -> None:
        """Calm, until everything has ended; then our books are the marketplace's."""
        try:
            poll_now(self.world)
            self.player.run_until(self.world.time.now + timedelta(minutes=80))
            poll_now(self.world)
            self.player.run_until(self.world.time.now + timedelta(minutes=2))
            self.world.watch.quiet(self.world.numbers, self.world.returns)
            people_settle(self.world, self.player.later)
            self.player.run_until(self.world.time.now + timedelta(minutes=2))
            self.world.watch.settled(self.world.numbers, self.world.returns)
        except Violation as found:
            raise AssertionError(str(found)) from found
        finally:
            self.world.close()


RefundMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRefundMachine = RefundMachine.TestCase
