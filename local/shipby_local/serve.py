"""`shipby up`: the stack and a simulated marketplace, serving until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shipby.application.repair import repair
from shipby.domain.records import SellerSettings
from shipby_local.deployment import Deployment
from shipby_local.onboarding import take_in
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import PortTakenError, Stack, StackSettings

FIRST_POSTINGS = 20


def serve(
    template: Path,
    data: Path,
    *,
    port: int,
    simulator_port: int,
    seed: int,
    say: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Start everything, say where it is, and wait for `stop`. Raises StackError when something is in the way."""
    settings = SimulatorSettings(port=simulator_port, data_path=data / "marketplace.db", seed=seed, label_delay=50.0)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    simulator = Simulator(settings)
    try:
        simulator.start()
    except OSError as error:
        raise PortTakenError(
            f"Port {simulator_port} on 127.0.0.1 (the simulator) is in use. Stop that program or choose another port "
            "with --simulator-port."
        ) from error
    try:
        stack_settings = StackSettings(
            template=template,
            data_dir=data / "stack",
            api_port=port,
            parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url},
            progress=say,
        )
        with Stack(stack_settings) as stack:
            deployment = Deployment(endpoint=stack.aws_endpoint)
            _open_shops(deployment, simulator, stack, say)
            if stack.restarted:
                _catch_up(deployment, say)
            say(f"API:       {stack.api_url}/v1   (document: {stack.api_url}/v1/openapi.json)")
            say(f"Simulator: {simulator.base_url}")
            say("Stop with Ctrl-C or `shipby down`; the data stays in " + str(data))
            stop.wait()
            say("Stopping.")
    finally:
        simulator.stop()


def _open_shops(deployment: Deployment, simulator: Simulator, stack: Stack, say: Callable[[str], None]) -> None:
    known = set(deployment.store().sellers())
    accounts = simulator.sellers() or [simulator.add_seller(), simulator.add_seller(chat_subscription=False)]
    for account in accounts:
        if account.client_id in known:
            continue
        settings = SellerSettings(seller=account.client_id, version=1, buyer_chat=account.chat_subscription)
        taken = take_in(deployment, settings, ozon_api_key=account.api_key)
        simulator.set_push_url(account.client_id, stack.api_url + taken.push_path)
        say(f"Seller {account.client_id}: API key (shown once) {taken.api_key}")
    if not known:
        simulator.generate([account.client_id for account in accounts], FIRST_POSTINGS)


def _catch_up(deployment: Deployment, say: Callable[[str], None]) -> None:
    """After a restart the stream's undelivered records are gone: route again from the event rows."""
    store, until = deployment.store(), datetime.now(UTC)
    for seller in store.sellers():
        done = repair(seller, since=until - timedelta(hours=24), until=until, store=store, publish=deployment.publish)
        say(f"Seller {seller}: {done.events} events and {done.pushes} pushes routed again after the restart")
