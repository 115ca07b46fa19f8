"""The whole product on a clock that stands still until it is stepped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shipby.domain.events import EventType, posting_ref
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.deployment import Deployment
from shipby_local.onboarding import take_in
from shipby_local.pacing import BESIDE_A_STEPPED_CLOCK, needs
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import UNLIMITED, Stack, StackSettings
from shipby_local.stack.clock import SteppedClock
from tests.integration.whole.whole_support import TEMPLATE, Whole, call

pytestmark = pytest.mark.stack
START = datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
CUT_OFF = START + timedelta(hours=10)


@dataclass
class Stepped:
    data: Path
    stack: Stack
    simulator: Simulator
    deployment: Deployment
    seller: str

    def events(self, number: str, kind: EventType) -> list[datetime]:
        """When this happened to a posting, by our history."""
        stored = self.deployment.store().events(self.seller, posting_ref(number))
        return [each.event.at for each in stored if each.event.type is kind]


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    data = tmp_path_factory.mktemp("stepped")
    clock = SteppedClock.begin(data / "stack", START)
    with Simulator(SimulatorSettings(now=clock.now, **BESIDE_A_STEPPED_CLOCK)) as simulator:
        deployment = Deployment(clock=clock)
        settings = StackSettings(
            template=TEMPLATE,
            data_dir=data / "stack",
            api_port=0,
            parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url, **UNLIMITED},
            neighbours=(simulator,),
            needs=needs(clock, deployment.store, simulator),
        )
        with Stack(settings) as stack:
            deployment.endpoint = stack.aws_endpoint
            account = simulator.add_seller()
            policy = SellerSettings(
                seller=account.client_id, version=1, remind_before=(timedelta(hours=3), timedelta(minutes=61))
            )
            taken = take_in(deployment, policy, ozon_api_key=account.api_key)
            simulator.set_push_url(account.client_id, stack.api_url + taken.push_path)
            stack.stepper.settle()
            yield Stepped(data, stack, simulator, deployment, account.client_id)


def until(stepped: Stepped, moment: datetime) -> None:
    stepped.stack.stepper.advance(moment - stepped.stack.clock.now())


def test_a_push_is_a_stored_posting_before_time_moves_and_every_clock_rings_to_the_second(stepped: Stepped) -> None:
    number = stepped.simulator.add_posting(stepped.seller, ship_in=36_000.0)
    stepped.stack.stepper.settle()
    assert stepped.events(number, EventType.POSTING_RECEIVED) == [START]
    assert stepped.stack.clock.now() == START
    until(stepped, CUT_OFF + timedelta(minutes=1))
    # The first one is of the two hours in which a posting has to be confirmed.
    hours = (timedelta(hours=8), timedelta(hours=3), timedelta(minutes=61))
    assert stepped.events(number, EventType.POSTING_REMINDED) == [CUT_OFF - before for before in hours]
    assert stepped.events(number, EventType.POSTING_LATE) == [CUT_OFF]


def test_a_posting_whose_push_was_lost_is_found_by_the_poll_within_five_minutes(stepped: Stepped) -> None:
    stepped.simulator.rooms.outbox.set_faults(loss_fraction=1.0)
    try:
        began = stepped.stack.clock.now()
        number = stepped.simulator.add_posting(stepped.seller, ship_in=36_000.0)
        stepped.stack.stepper.settle()
        assert stepped.events(number, EventType.POSTING_RECEIVED) == []
        stepped.stack.stepper.advance(timedelta(minutes=6))
        [received] = stepped.events(number, EventType.POSTING_RECEIVED)
        assert timedelta() <= received - began <= timedelta(minutes=6)
    finally:
        stepped.simulator.rooms.outbox.set_faults(loss_fraction=0.0)


def test_the_command_line_shows_and_steps_the_clock(stepped: Stepped) -> None:
    def said(*words: str) -> Any:
        done = CliRunner().invoke(cli.app, ["clock", *words, "--json", "--data", str(stepped.data)])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    before = stepped.stack.clock.now()
    shown = said("show")
    assert datetime.fromisoformat(shown["now"]) == before
    following = said("next")
    assert following["now"] == shown["next"]["at"]
    assert following["steps"] == [shown["next"]]
    said("advance", "90m")
    assert stepped.stack.clock.now() == datetime.fromisoformat(following["now"]) + timedelta(minutes=90)
    plain = CliRunner().invoke(cli.app, ["clock", "show", "--data", str(stepped.data)])
    assert plain.output.startswith("now   2026-11-17T")
    refused = CliRunner().invoke(cli.app, ["clock", "advance", "0m", "--data", str(stepped.data)])
    assert "only goes forward" in str(refused.exception)


def test_a_long_poll_of_a_queue_answers_at_once_where_time_stands_still(stepped: Stepped) -> None:
    url = stepped.deployment.client("sqs").create_queue(QueueName="somebody-elses")["QueueUrl"]
    assert "Messages" not in stepped.deployment.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)


def test_a_stack_by_the_machines_time_has_no_clock_to_step(whole: Whole) -> None:
    assert call(f"{whole.stack.api_url}/_local/clock").status == 404
    with pytest.raises(Exception, match="machine's time"):
        _ = whole.stack.stepper
