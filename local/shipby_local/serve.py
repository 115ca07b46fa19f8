"""`shipby up`: the stack and a simulated marketplace, serving until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from shipby.application.alarms.repair import repair
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.deployment import Deployment
from shipby_local.onboarding import console_link, take_in
from shipby_local.pacing import BESIDE_A_STEPPED_CLOCK, needs
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import UNLIMITED, DataFolderBrokenError, PortTakenError, Stack, StackError, StackSettings
from shipby_local.stack.clock import SteppedClock, clock_of
from shipby_local.stack.datafolder import DataFolder

FIRST_POSTINGS = 20
SECONDS_BETWEEN = 0.4
COLD_START_SECONDS = 30.0


def serve(
    template: Path,
    data: Path,
    *,
    port: int,
    simulator_port: int,
    seed: int,
    say: Callable[[str], None],
    stop: threading.Event,
    stepped_from: datetime | None = None,
) -> None:
    """Start everything, say where it is, and wait for `stop`. Raises StackError when something is in the way.

    `stepped_from`: a fresh folder's clock stands still at this time until it is stepped; a folder that has a stepped
    clock keeps it without this, too.
    """
    _claim(data)
    if stepped_from is not None:
        SteppedClock.begin(data / "stack", stepped_from)
    clock = clock_of(data / "stack")
    beside = BESIDE_A_STEPPED_CLOCK if isinstance(clock, SteppedClock) else {}
    settings = SimulatorSettings(
        port=simulator_port, data_path=data / "marketplace.db", seed=seed, now=clock.now, **beside
    )
    try:
        simulator = Simulator(settings).start()
    except OSError as error:
        raise cannot_simulate(error, simulator_port, "--simulator-port") from error
    try:
        deployment = Deployment(clock=clock)
        stack_settings = StackSettings(
            template=template,
            data_dir=data / "stack",
            api_port=port,
            # A clock that stands still never comes to the next window.
            parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url, **(UNLIMITED if beside else {})},
            progress=say,
            neighbours=(simulator,),
            needs=needs(clock, deployment.store, simulator),
        )
        with Stack(stack_settings) as stack:
            deployment.endpoint = stack.aws_endpoint
            _open_shops(deployment, simulator, stack, say)
            if stack.restarted:
                _catch_up(deployment, say)
            say(f"API:       {stack.api_url}/v1   (document: {stack.api_url}/v1/openapi.json)")
            say(f"Simulator: {simulator.base_url}")
            _show_console(deployment, stack, say)
            if isinstance(clock, SteppedClock):
                say(f"Clock:     {clock.now():%Y-%m-%d %H:%M} UTC; `shipby clock next` and `shipby clock advance 3h`")
            say("Stop with Ctrl-C or `shipby down`; the data stays in " + str(data))
            stop.wait()
            say("Stopping.")
    finally:
        simulator.stop()


def cannot_simulate(error: OSError, port: int, option: str) -> StackError:
    """Why a simulator did not start, in words: its file or its port."""
    if error.filename is not None:
        reason = str(error.strerror).removeprefix("the simulator's data cannot be used: ")
        return StackError(
            f"The simulator's data {error.filename} cannot be used: {reason}. Stop the program that uses it, or choose "
            "another place with --data."
        )
    return PortTakenError(
        f"Port {port} on 127.0.0.1 (the simulator) cannot be used: {error.strerror or error}. Stop the program that "
        f"uses it, or choose another port with {option}."
    )


def _claim(data: Path) -> None:
    """Make the folder, and refuse one that is in use before anything is started in it."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderBrokenError(
            f"The data folder {data} cannot be used: {error.strerror}. Choose another folder with --data, or remove "
            "what stands in its place."
        ) from error
    folder = DataFolder(data / "stack")
    folder.acquire()
    folder.release()


def _open_shops(deployment: Deployment, simulator: Simulator, stack: Stack, say: Callable[[str], None]) -> None:
    known = set(deployment.store().sellers())
    accounts = simulator.sellers() or [simulator.add_seller(), simulator.add_seller(chat_subscription=False)]
    for account in accounts:
        if account.client_id in known:
            # The same secret address, wherever the front door stands this time.
            path = urlsplit(simulator.push_url(account.client_id)).path
            simulator.set_push_url(account.client_id, stack.api_url + path)
            continue
        settings = SellerSettings(seller=account.client_id, version=1, buyer_chat=account.chat_subscription)
        taken = take_in(deployment, settings, ozon_api_key=account.api_key)
        simulator.set_push_url(account.client_id, stack.api_url + taken.push_path)
        say(f"Seller {account.client_id}: API key (shown once) {taken.api_key}")
    if not known:
        # Functions start cold here, and the marketplace pauses an address that answers slowly: the pings warm it up,
        # and the first postings come one after the other.
        simulator.wait_for_pushes(COLD_START_SECONDS)
        # (Where time stands still they wait for its first steps.)
        for turn in range(FIRST_POSTINGS):
            simulator.generate([account.client_id for account in accounts], 1, appears_in=turn * SECONDS_BETWEEN)


def _show_console(deployment: Deployment, stack: Stack, say: Callable[[str], None]) -> None:
    """The console's address, with a link a seller that signs in once: reading it makes a key of an owner for it."""
    say(f"Console:   {stack.api_url}/console")
    for seller in deployment.store().sellers():
        say(f"           signs in once as {seller}: {stack.api_url}{console_link(deployment, seller)}")


def _catch_up(deployment: Deployment, say: Callable[[str], None]) -> None:
    """After a restart the stream's undelivered records are gone: route again from the event rows."""
    store, until, listening = deployment.store(), deployment.clock.now(), deployment.listening()
    since = until - timedelta(hours=24)
    for seller in store.sellers():
        listens = seller in listening
        done = repair(seller, since=since, until=until, store=store, publish=deployment.publish, listens=listens)
        say(f"Seller {seller}: {done.events} events and {done.pushes} pushes routed again after the restart")
