"""The shop in one process, started as people do, with boto3 and botocore blocked: it ships, is killed, and goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shipby_local.one_machine.machine import QUEUES
from tests.infra.sam_template import properties

ROOT = Path(__file__).parents[2]
WITHOUT_AWS = (
    "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None; "
    "from shipby_local.start import main; sys.argv[0] = 'shipby'; main()"
)


@dataclass
class Shop:
    process: subprocess.Popen[str]
    port: int
    key: str
    said: list[str]

    def ask(self, path: str, method: str = "GET", body: object = None, **headers: str) -> Any:
        status, answer = self.call(path, method, body, **headers)
        assert status < 300, answer
        return json.loads(answer)

    def call(self, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, bytes]:
        told = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method, headers=told)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def until(self, path: str, holds: Callable[[Any], object], seconds: float = 20.0) -> Any:
        end = time.monotonic() + seconds
        while not holds(found := self.ask(path)):
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found


def start(data: Path, port: int, key: str = "") -> Shop:
    paths = [str(ROOT), str(ROOT / "layers/common/src"), str(ROOT / "local")]
    command = [sys.executable, "-c", WITHOUT_AWS, "serve", "--simulate", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if "API key" in line:
            key = line.split()[-1]
        if line.startswith("Stop with"):
            return Shop(process, port, key, said)
    raise AssertionError("\n".join(said))


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def test_an_order_is_shipped_and_a_killed_shop_goes_on_without_a_loss(data: Path, port: int) -> None:
    shop = start(data, port)
    try:
        boards = shop.until("/v1/boards", lambda found: found["postings"] == 20)
        assert boards["by_stage"][0]["value"] == "received"
        number = shop.ask("/v1/postings?stage=received&limit=1")["items"][0]["posting_number"]
        confirmed = shop.call(f"/v1/postings/{number}/confirm", "POST", {}, Idempotency_Key="c1")
        assert confirmed[0] < 300, confirmed
        shipped = shop.call(f"/v1/postings/{number}/ship", "POST", {}, Idempotency_Key="s1")
        assert shipped[0] == 202, shipped
        shop.until(f"/v1/postings/{number}", lambda found: found["status"] != "awaiting_packaging")
    finally:
        shop.process.kill()  # the plug
        shop.process.communicate()
    again = start(data, port, shop.key)
    try:
        assert again.ask("/v1/boards")["postings"] == 20
        assert again.ask(f"/v1/postings/{number}")["status"] != "awaiting_packaging"
        assert again.call("/console")[0] in (200, 302, 303)
        assert again.call("/v1/boards", Authorization="Bearer shp_nobody.x")[0] == 403
        assert again.call("/ozon/push/nobody.token", "POST", {})[0] == 404
        assert again.call("/else")[0] == 404
        second = subprocess.run(
            [sys.executable, "-m", "shipby_local.start", "serve", "--data", str(data)],
            capture_output=True,
            text=True,
            timeout=30,
            env=again_environment(),
            check=False,
        )
        assert second.returncode == 1
        assert "in use by another shipby" in second.stderr
    finally:
        began = time.monotonic()
        again.process.send_signal(signal.SIGTERM)
        again.process.communicate(timeout=40)
    assert again.process.returncode == 0
    assert time.monotonic() - began < 15


def test_a_real_shop_is_entered_by_two_answers_and_nobody_is_asked_twice(data: Path, port: int, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key-of-the-marketplace\n")
    base = [sys.executable, "-m", "shipby_local.start", "serve", "--data", str(data), "--port", str(port)]
    answers = ["--client-id", "700009", "--api-key-file", str(tmp_path / "key")]
    nobody = subprocess.run(
        base, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, env=again_environment(), check=False
    )
    assert (nobody.returncode, "give --client-id and --api-key-file" in nobody.stderr) == (1, True)
    for more, entered in ((answers, True), ([], False)):
        with subprocess.Popen(
            [*base, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=again_environment()
        ) as running:
            assert running.stdout is not None
            said = []
            for line in running.stdout:
                said.append(line)
                if line.startswith("Stop with"):
                    break
            running.terminate()
        assert any("/ozon/push/700009." in line for line in said) is entered
        assert any("signs in once as 700009" in line for line in said)
    content = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"key-of-the-marketplace" not in content


def again_environment() -> Mapping[str, str]:
    paths = [str(ROOT), str(ROOT / "layers/common/src"), str(ROOT / "local")]
    nobody = {"SHIPBY_MARKETPLACE_URL": "http://127.0.0.1:9"}
    return {**os.environ, **nobody, "PYTHONPATH": os.pathsep.join(paths)}


def test_leases_and_tries_are_those_of_the_template() -> None:
    names = {
        "sync": "SyncQueue",
        "alarms": "AlarmQueue",
        "labels": "LabelQueue",
        "intents": "IntentQueue",
        "tracking": "TrackingQueue",
        "notices": "NotifyQueue",
        "copies": "CopyQueue",
    }
    for name, logical in names.items():
        told = properties(logical)
        assert QUEUES[name].lease_seconds == told["VisibilityTimeout"], name
        assert QUEUES[name].tries == told["RedrivePolicy"]["maxReceiveCount"], name
