"""`shipby serve`: the shop in this process until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shipby.domain.sellers.settings import SellerSettings
from shipby_local.onboarding import console_link, take_in
from shipby_local.one_machine.backup import Backups
from shipby_local.one_machine.door import Door
from shipby_local.one_machine.folder import FolderInUseError, ShopFolder
from shipby_local.one_machine.machine import LABEL_DELAY_SECONDS, OZON, Machine
from shipby_local.one_machine.workers import Workers
from shipby_local.simulator import Simulator, SimulatorSettings

FIRST_POSTINGS = 20
SIMULATED_LABEL_DELAY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a shop is served. `public_url`: where a reverse proxy reaches it, whose word for who calls is then taken."""

    port: int = 8080
    public_url: str = ""
    simulate: bool = False
    marketplace: str = ""
    """Another address than the marketplace's own: a simulator that runs elsewhere."""
    passphrase: str = ""
    backup_to: Path | None = None
    """A folder for copies: another disk, a mounted bucket."""
    first_shop: Callable[[], tuple[str, str]] | None = None
    """Asks for Client-Id and Api-Key of the marketplace, where nobody is entered yet."""


def serve(data: Path, options: Options, *, say: Callable[[str], None], stop: threading.Event) -> None:
    """Open the folder, say where the shop is, and wait for `stop`. Raises ShipbyError with what is in the way."""
    with ShopFolder(data) as folder:
        simulator = _simulator(folder) if options.simulate else None
        try:
            machine = Machine(
                folder,
                base_url=options.public_url or f"http://127.0.0.1:{options.port}",
                marketplace=simulator.base_url if simulator else options.marketplace or OZON,
                passphrase=options.passphrase,
                label_delay_seconds=SIMULATED_LABEL_DELAY if options.simulate else LABEL_DELAY_SECONDS,
            )
            try:
                _run(machine, options, simulator, say, stop)
            finally:
                machine.close()
        finally:
            if simulator:
                simulator.stop()


def _run(
    machine: Machine,
    options: Options,
    simulator: Simulator | None,
    say: Callable[[str], None],
    stop: threading.Event,
) -> None:
    machine.wire()
    try:
        door = Door(machine, port=options.port, proxied=bool(options.public_url))
    except OSError as error:
        raise FolderInUseError(
            f"port {options.port} on 127.0.0.1 cannot be used: {error.strerror}. Choose another one with --port."
        ) from error
    backups = None
    if options.backup_to is not None:
        backups = Backups(machine.folder.root, options.backup_to, clock=machine.clock, passphrase=options.passphrase)
    workers = Workers(machine, backups)
    door.start()
    workers.start()
    try:
        if simulator:
            _open_shops(machine, simulator, f"http://127.0.0.1:{door.port}", say)
        elif options.first_shop and not machine.store().sellers():
            client_id, key = options.first_shop()
            taken = take_in(machine, SellerSettings(seller=client_id, version=1), ozon_api_key=key)
            say(f"Push address, to be entered at the marketplace (shown once): {machine.api_url}{taken.push_path}")
            say(f"Seller {client_id}: API key (shown once) {taken.api_key}")
        say(f"API:     {machine.api_url}/v1")
        say(f"Console: {machine.api_url}/console")
        for seller in machine.store().sellers():
            say(f"         signs in once as {seller}: {machine.api_url}{console_link(machine, seller)}")
        say(f"Stop with Ctrl-C; the data stays in {machine.folder.root}")
        stop.wait()
        say("Stopping.")
    finally:
        door.stop()
        workers.stop()


def _simulator(folder: ShopFolder) -> Simulator:
    settings = SimulatorSettings(port=0, data_path=folder.root / "marketplace.db")
    try:
        return Simulator(settings).start()
    except OSError as error:
        raise FolderInUseError(
            f"the simulator cannot start: {error.strerror or error}. Choose another folder with --data."
        ) from error


def _open_shops(machine: Machine, simulator: Simulator, door: str, say: Callable[[str], None]) -> None:
    known = set(machine.store().sellers())
    accounts = simulator.sellers() or [simulator.add_seller()]
    for account in accounts:
        if account.client_id in known:
            path = urlsplit(simulator.push_url(account.client_id)).path
            simulator.set_push_url(account.client_id, door + path)
            continue
        settings = SellerSettings(seller=account.client_id, version=1, buyer_chat=account.chat_subscription)
        taken = take_in(machine, settings, ozon_api_key=account.api_key)
        simulator.set_push_url(account.client_id, door + taken.push_path)
        say(f"Seller {account.client_id}: API key (shown once) {taken.api_key}")
    if not known:
        simulator.generate([account.client_id for account in accounts], FIRST_POSTINGS)
