"""`shipby webhooks`: what an operator does with them, and what `repair` routes of them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from shipby.application.alarms.repair import repair
from shipby.application.alarms.route_events import Destination, Routed
from shipby.domain.webhooks.endpoint import EndpointState
from shipby_local.commands import webhooks
from tests.support import builders as a
from tests.unit.webhooks.hook_support import Office


class _Deployment:
    def __init__(self, office: Office) -> None:
        self.clock = office.world.clock


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office()
    monkeypatch.setattr(webhooks, "deployment_of", lambda *_: _Deployment(made))
    monkeypatch.setattr(webhooks, "desk_of", lambda *_: made.desk)
    return made


def run(*words: str) -> str:
    done = CliRunner().invoke(webhooks.webhooks_app, [*words, "--seller", a.SELLER])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_a_webhook_is_made_with_its_secret_once_and_listed_without(office: Office) -> None:
    said = run("add", "https://two.example.com/x", "--type", "posting.*")
    assert "whsec_" in said
    listed = run("list")
    assert "two.example.com" in listed
    assert "whsec_" not in listed


def test_an_operator_pauses_resumes_tests_replays_and_deletes(office: Office) -> None:
    run("pause", office.id, "--because", "works on it")
    assert office.endpoint().state is EndpointState.PAUSED
    run("resume", office.id, "--because", "done")
    assert office.follows() == "drain_drained"
    run("test", office.id)
    assert office.follows() == "test_taken"
    assert "webhook.test" in run("deliveries", office.id)
    assert "No deliveries" in run("deliveries", office.id, "--dead")
    run("replay", office.id, "--because", "lost them", "--hours", "1")
    assert office.follows() == "replay_drained"
    run("delete", office.id, "--because", "over")
    assert "No webhooks" in run("list")


@pytest.mark.parametrize("listens", [False, True])
def test_what_the_stream_did_not_deliver_is_routed_again_to_webhooks_too(listens: bool) -> None:
    office, routed = Office(), list[Routed]()
    office.world.arrives()

    def publish(found: Sequence[Routed]) -> None:
        routed.extend(found)

    since, until = a.NOW - timedelta(hours=1), office.now + timedelta(hours=1)
    repair(a.SELLER, since=since, until=until, store=office.world.store, publish=publish, listens=listens)
    bodies = [each.message.body for each in routed if each.destination is Destination.WEBHOOKS]
    assert ({"seller": a.SELLER, "kind": "POSTING", "id": a.NUMBER} in bodies) is listens
