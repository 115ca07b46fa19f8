"""A load of commands and pushes on the embedded stack, with a ledger of everything that was acknowledged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import urllib3

from shipby.application.alarms.repair import repair
from shipby.domain.events import posting_ref
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.deployment import Deployment
from shipby_local.onboarding import take_in
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import UNLIMITED, Stack, StackSettings
from shipby_local.stack.emulation.process import JOURNAL_VARIABLE

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "template.yaml"
WAIT_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Command:
    """An acknowledged command: its Idempotency-Key and the answer."""

    seller: str
    key: str
    status: int
    body: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Push:
    """An acknowledged push: sha256 of its body."""

    seller: str
    digest: str
    at: float


@dataclass(slots=True)
class Ledger:
    """What was acknowledged. Threads append, nobody removes."""

    commands: list[Command] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)


@dataclass(slots=True)
class Shop:
    """One seller: credentials, and the postings that his threads work on, one each."""

    seller: str
    push_path: str
    key: str
    postings: list[str] = field(default_factory=list)


def settings(simulator: Simulator, folder: Path, *, journal: bool, port: int = 0) -> StackSettings:
    """The product as `shipby up` runs it; without a journal it keeps its state as it did before there was one."""
    return StackSettings(
        template=TEMPLATE,
        data_dir=folder,
        api_port=port,
        parameters={"Stage": "local", "OzonBaseUrl": simulator.base_url, **UNLIMITED},
        extra_environment={} if journal else {JOURNAL_VARIABLE: "off"},
    )


def marketplace() -> Simulator:
    """A marketplace that takes fractions of a second where the real one takes minutes."""
    return Simulator(SimulatorSettings(engine_interval=0.1, ship_delay=0.2, registration_delay=0.2, label_delay=2.0))


def open_shops(stack: Stack, simulator: Simulator, number: int, postings: int) -> list[Shop]:
    """Sellers with some postings each that have come in by push and queue."""
    deployment, shops = Deployment(endpoint=stack.aws_endpoint), []
    for _ in range(number):
        account = simulator.add_seller()
        taken = take_in(deployment, SellerSettings(seller=account.client_id, version=1), ozon_api_key=account.api_key)
        simulator.set_push_url(account.client_id, stack.api_url + taken.push_path)
        shops.append(Shop(account.client_id, taken.push_path, taken.api_key))
    simulator.wait_for_pushes(30)
    for shop in shops:
        shop.postings = [simulator.add_posting(shop.seller, ship_in=48 * 3600.0) for _ in range(postings)]
    store, deadline = deployment.store(), time.monotonic() + WAIT_SECONDS
    for shop in shops:
        for posting in shop.postings:
            while store.posting(shop.seller, posting) is None:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"posting {posting} did not come in within {WAIT_SECONDS:.0f} s")
                time.sleep(0.1)
    return shops


class Load:
    """Threads that send commands and pushes for every shop until they are stopped."""

    def __init__(self, base: str, shops: list[Shop], ledger: Ledger, *, pushes: bool = True) -> None:
        self._base = base
        self._ledger = ledger
        self._shops, self._with_pushes = shops, pushes
        self._stopping = threading.Event()
        self._pool = urllib3.PoolManager(maxsize=32, timeout=urllib3.Timeout(40.0), retries=False)
        work = [partial(self._clocks, shop, posting) for shop in shops for posting in shop.postings]
        work += [partial(self._pushes, shop) for shop in shops if pushes]
        self._threads = [threading.Thread(target=run, daemon=True) for run in work]

    def start(self) -> None:
        """Begin, and wait until the functions are warm: each shop's commands, and pushes if any, are answered."""
        for shop in self._shops:
            # One after the other: a busy machine takes half a minute for four cold starts at once.
            self._clock(shop, shop.postings[0], 0)
        for thread in self._threads:
            thread.start()
        wanted = {shop.seller for shop in self._shops}
        begun = len(self._ledger.commands), len(self._ledger.pushes)
        deadline = time.monotonic() + WAIT_SECONDS
        while {command.seller for command in self._ledger.commands[begun[0] :]} != wanted or (
            self._with_pushes and {push.seller for push in self._ledger.pushes[begun[1] :]} != wanted
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no command or no push was answered within {WAIT_SECONDS:.0f} s")
            time.sleep(0.02)

    def about_to_stop(self) -> None:
        """Begin nothing any more; for a caller who makes calls under way fail."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the calls under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _clocks(self, shop: Shop, posting: str) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            self._clock(shop, posting, turn)

    def _clock(self, shop: Shop, posting: str, turn: int) -> None:
        since = datetime.now(UTC) - timedelta(days=2, seconds=turn)
        body = {"clock": "answer_tracking_request", "since": since.isoformat()}
        self._command(shop, f"/v1/postings/{posting}/clocks", body)

    def _command(self, shop: Shop, path: str, body: Mapping[str, Any]) -> None:
        key = uuid.uuid4().hex
        headers = {"Authorization": f"Bearer {shop.key}", "Idempotency-Key": key, "Content-Type": "application/json"}
        answer = self._send(path, json.dumps(body).encode(), headers)
        if answer is not None and answer.status < 300:
            told = json.loads(answer.data)
            self._ledger.commands.append(Command(shop.seller, key, answer.status, told, time.monotonic()))

    def _pushes(self, shop: Shop) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            body = {
                "message_type": "TYPE_STATE_CHANGED",
                "seller_id": int(shop.seller),
                "posting_number": shop.postings[turn % len(shop.postings)],
                "new_state": "posting_created",
                "changed_state_date": datetime.now(UTC).isoformat(),
                "warehouse_id": turn,
            }
            raw = json.dumps(body).encode()
            answer = self._send(shop.push_path, raw, {"Content-Type": "application/json"})
            if answer is not None and answer.status == 200:
                self._ledger.pushes.append(Push(shop.seller, hashlib.sha256(raw).hexdigest(), time.monotonic()))

    def _send(self, path: str, body: bytes, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse | None:
        try:
            return self._pool.request("POST", self._base + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            return None


def lost(stack: Stack, ledger: Ledger, since: float = 0.0) -> list[str]:
    """Every command and push acknowledged since then whose rows are not there as they were acknowledged."""
    store, now = Deployment(endpoint=stack.aws_endpoint).store(), datetime.now(UTC)
    missing = []
    commands = [command for command in ledger.commands if command.at >= since]
    postings = {(command.seller, str(command.body["posting_number"])) for command in commands}
    versions = {key: {stored.version for stored in store.events(key[0], posting_ref(key[1]))} for key in postings}
    reached = {key: posting.version for key in postings if (posting := store.posting(*key)) is not None}
    for command in commands:
        key, version = (command.seller, str(command.body["posting_number"])), command.body["version"]
        remembered = store.remembered(command.seller, command.key, now)
        if (
            version not in versions[key]
            or reached.get(key, 0) < version
            or remembered is None
            or remembered.status != command.status
            or json.loads(json.dumps(remembered.body, default=dict)) != command.body
        ):
            missing.append(f"command {command.key} of seller {command.seller}: {key[1]} version {version}")
    stored = {shop: _digests(store, shop, now) for shop in {push.seller for push in ledger.pushes}}
    missing += [
        f"push {push.digest[:16]} of seller {push.seller}"
        for push in ledger.pushes
        if push.at >= since and push.digest not in stored[push.seller]
    ]
    return missing


def _digests(store: Any, seller: str, now: datetime) -> set[str]:
    found, days = set(), (now.date() - timedelta(days=1), now.date())
    for day in days:
        cursor: str | None = None
        while True:
            page = store.pushes_on(seller, day, limit=500, cursor=cursor)
            found |= {push.digest for push in page.items}
            cursor = page.cursor
            if cursor is None:
                break
    return found


def kill_group(stack: Stack) -> None:
    """`kill -9` of the emulator and all workers at once, as a power cut would; what is left is tidied up."""
    pid = int(json.loads((stack.settings.data_dir / "stack.json").read_text("utf-8"))["emulator_pid"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    stack.kill()


def repaired(stack: Stack, since: datetime) -> None:
    """The history repair that `shipby up` does after a restart."""
    deployment = Deployment(endpoint=stack.aws_endpoint)
    store = deployment.store()
    for seller in store.sellers():
        repair(seller, since=since, until=datetime.now(UTC), store=store, publish=deployment.publish)


def proof(stack: Stack, seller: str) -> Mapping[str, Any]:
    """The product's own nothing-lost proof of one seller, with nothing excused as too new."""
    deployment = Deployment(endpoint=stack.aws_endpoint)
    answer = deployment.invoke("MarketplacePoll", {"seller": seller, "task": "proof", "grace_seconds": 0})
    found: Mapping[str, Any] = answer["proofs"][seller]
    return found
