"""A power cut in the middle of the day: what was saved is there, what was missed is fetched, and work goes on."""

import json
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shipby.application.alarms.repair import repair
from shipby_local.demo.api import SellerApi
from shipby_local.deployment import Deployment
from shipby_local.messenger import Messenger
from shipby_local.simulator import Simulator
from shipby_local.stack import Stack
from tests.integration.whole.whole_support import Shop, Whole, call, simulator_settings, stack_settings
from tests.support.waiting import LONGEST, eventually

pytestmark = pytest.mark.stack


def test_after_kill_9_postings_are_there_repair_runs_and_new_and_missed_pushes_are_worked(tmp_path: Path) -> None:
    messenger = Messenger().start()
    try:
        with Simulator(simulator_settings()) as simulator:
            settings = stack_settings(simulator, tmp_path / "stack")
            shop, kept, version = _work_and_kill(Stack(settings).start(), simulator, messenger)
            missed = simulator.add_posting(shop.client_id, ship_in=3600.0)
            with Stack(settings) as stack:
                assert stack.restarted
                _goes_on(stack, simulator, messenger, shop, kept, version, missed)
    finally:
        messenger.stop()


def _work_and_kill(stack: Stack, simulator: Simulator, messenger: Messenger) -> tuple[Shop, str, int]:
    try:
        whole = Whole(stack, simulator, Deployment(endpoint=stack.aws_endpoint), messenger)
        shop = whole.open_shop()
        number = whole.arrived(shop)
        shop.api.post(f"/v1/postings/{number}/confirm")
        assert whole.settled(shop, shop.api.post(f"/v1/postings/{number}/ship")["id"])["state"] == "CONFIRMED"
        whole.labelled(shop, number)
        stack.drain(LONGEST)
        version = shop.api.get(f"/v1/postings/{number}")["version"]
        _refuses_while_the_disk_takes_no_writes(whole, shop, number)
        stack.kill()
    finally:
        stack.stop()
    return shop, number, version


def _refuses_while_the_disk_takes_no_writes(whole: Whole, shop: Shop, number: str) -> None:
    pid = json.loads((whole.stack.settings.data_dir / "stack.json").read_text())["emulator_pid"]
    health, pick = f"{whole.stack.api_url}/v1/health", f"/v1/postings/{number}/pick"
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, hard))
    try:
        refused = whole.api(shop, "POST", pick)
        assert (refused.status, refused.body["type"].rsplit(":", 1)[-1]) == (503, "store_unavailable")
        eventually(lambda: call(health).status == 503, "the health to say so")
        assert "takes no writes (File too large)" in call(health).body["detail"]
        assert whole.push(shop, {"message_type": "TYPE_STATE_CHANGED", "seller_id": int(shop.client_id)}).status == 503
        assert shop.api.get(f"/v1/postings/{number}")["stage"] == "confirmed"
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    eventually(lambda: call(health).status == 200, "the health to be good again")


def _goes_on(
    stack: Stack, simulator: Simulator, messenger: Messenger, old: Shop, kept: str, version: int, missed: str
) -> None:
    whole = Whole(stack, simulator, Deployment(endpoint=stack.aws_endpoint), messenger)
    shop = Shop(old.client_id, old.push_path, old.key, SellerApi(stack.api_url, old.key))
    view = shop.api.get(f"/v1/postings/{kept}")
    assert view["version"] >= version
    assert view["assembled_at"] is not None
    until = datetime.now(UTC)
    done = repair(
        shop.client_id,
        since=until - timedelta(hours=1),
        until=until,
        store=whole.store,
        publish=whole.deployment.publish,
    )
    assert done.events >= version
    # What a worker held at the cut is there again at once: the workers went with the emulator.
    stack.drain(LONGEST)
    # Routed twice, done once: the marketplace was asked to assemble a single time.
    calls = [call["method"] for call in simulator.books()["postings"][kept]["calls"]]
    assert calls.count("/v4/posting/fbs/ship") == 1
    simulator.set_push_url(shop.client_id, stack.api_url + shop.push_path)
    fresh = whole.arrived(shop)
    whole.poll(shop)
    for number in (kept, missed, fresh):
        found = whole.until(shop, number, lambda _: True, "to be there")
        assert whole.has_whole_history(shop, number, found["version"])
    stack.drain(LONGEST)
    proof = whole.proof(shop)
    assert proof["green"], proof["findings"]
    assert proof["counts"]["our_postings"] == 3
