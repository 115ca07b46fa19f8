"""The marketplace survives a restart and `kill -9`; the served form says what a user needs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shipby_local.simulator import Simulator, run
from tests.simulator.sim_support import Caller, PushReceiver, eventually, quick

SELLER = "7001"

SERVE = """
import sys
from pathlib import Path
from shipby_local.simulator import run
run(0, Path(sys.argv[1]), sellers=1, postings=3, say=lambda line: print(line, flush=True))
"""


def test_everything_is_there_after_a_restart(tmp_path: Path, receiver: PushReceiver) -> None:
    settings = quick(data_path=tmp_path / "ozon.db")
    with Simulator(settings) as first:
        seller = first.add_seller(client_id=SELLER, push_url=receiver.url)
        call = Caller(first.base_url, seller)
        numbers = first.generate([SELLER], 8)
        opened = first.add_posting(SELLER, scheme="rFBS")
        call.control("returns", {"posting_number": opened})
        call.control("chats", {"posting_number": opened, "text": "?"})
        call.control("faults", {"kind": "http_error", "method": "/v1/roles"})
        call("/v2/posting/fbs/cancel", {"posting_number": numbers[0], "cancel_reason_id": 352})
        call.control("rating", {"client_id": SELLER, "handled_before": 40})
        call.control(f"postings/{numbers[0]}", {"act": "grace"})
        call.control(f"postings/{numbers[2]}", {"act": "clear_cutoff"})
        call.ship(numbers[1])
        call.wait_for(numbers[1], "awaiting_deliver")
        assert first.wait_for_pushes()
        before = first.books()
        call.close()
    with Simulator(settings) as second:
        after = second.books()
        assert {**after, "now": ""} == {**before, "now": ""}
        call = Caller(second.base_url, seller)
        call("/v1/roles", expect=500)
        fresh = second.add_posting(SELLER)
        assert fresh not in before["postings"]
        call.close()


def test_work_that_was_due_while_it_was_down_is_done_after_the_restart(tmp_path: Path) -> None:
    settings = quick(data_path=tmp_path / "ozon.db", ship_delay=0.3)
    with Simulator(settings) as first:
        call = Caller(first.base_url, first.add_seller(client_id=SELLER))
        number = first.add_posting(SELLER)
        call.ship(number)
        call.close()
    with Simulator(settings) as second:
        eventually(lambda: second.books()["postings"][number]["status"] == "awaiting_deliver")


def test_a_push_that_waits_is_sent_after_the_restart(tmp_path: Path, receiver: PushReceiver) -> None:
    receiver.status = 500
    settings = quick(data_path=tmp_path / "ozon.db", push_time_scale=0.05)
    with Simulator(settings) as first:
        first.add_seller(client_id=SELLER, push_url=receiver.url)
        first.add_posting(SELLER)
        eventually(lambda: len(receiver.of("TYPE_NEW_POSTING")) >= 1)
    receiver.status = 200
    with Simulator(settings) as second:
        eventually(lambda: second.books()["sellers"][SELLER]["pushes"]["delivered"] >= 1)


def test_a_push_address_can_move_and_takes_the_waiting_pushes_along(receiver: PushReceiver) -> None:
    with Simulator(quick(push_time_scale=0.02)) as simulator:
        simulator.add_seller(client_id=SELLER, push_url="http://127.0.0.1:9/nobody")
        number = simulator.add_posting(SELLER)
        eventually(lambda: simulator.books()["sellers"][SELLER]["pushes"]["attempts"] > 0)
        simulator.set_push_url(SELLER, receiver.url)
        eventually(lambda: [push["posting_number"] for push in receiver.of("TYPE_NEW_POSTING")] == [number])


def test_one_bad_entry_does_not_stop_the_clockwork_and_is_in_the_books() -> None:
    with Simulator(quick()) as simulator:
        world = simulator.rooms.world
        with world.change():
            world.schedule(world.now(), "nobody does this", "x")
        eventually(lambda: simulator.books()["internal_errors"] == 1)
        call = Caller(simulator.base_url, simulator.add_seller(client_id=SELLER))
        number = simulator.add_posting(SELLER)
        call.ship(number)
        call.wait_for(number, "awaiting_deliver")
        call.close()


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ozon.db"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    base_url = process.stdout.readline().split()[-1]
    match = re.search(r"Client-Id: (\d+)  Api-Key: (\S+)", process.stdout.readline())
    assert match is not None
    probe = Simulator(quick())
    seller = probe.add_seller(client_id=match[1], api_key=match[2])
    probe.rooms.stop()
    call = Caller(base_url, seller)
    number = call("/v4/posting/fbs/unfulfilled/list", {"limit": 1})["postings"][0]["posting_number"]
    call("/v2/posting/fbs/cancel", {"posting_number": number, "cancel_reason_id": 352})
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    call.close()
    with Simulator(quick(data_path=path)) as again:
        books = again.books()
        assert books["postings"][number]["status"] == "cancelled"
        assert len(books["postings"]) == 3
        assert [money["kind"] for money in books["money"]] == ["MarketplaceRefund", "SellerCancellationCharge"]


def test_serving_says_the_address_and_the_keys_and_ends_when_told() -> None:
    lines: list[str] = []
    end = threading.Event()
    thread = threading.Thread(target=run, kwargs={"port": 0, "postings": 2, "say": lines.append, "until": end})
    thread.start()
    try:
        eventually(lambda: len(lines) == 3)
    finally:
        end.set()
        thread.join()
    assert lines[0].startswith("Ozon simulator: http://127.0.0.1:")
    assert "chat subscription: yes  read-only Api-Key: sim-read-" in lines[1]
    assert "chat subscription: no" in lines[2]


def test_a_taken_port_is_an_error_that_leaves_nothing_running() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"), Simulator(quick(port=taken.getsockname()[1])):
            raise AssertionError("it must not start")


def test_a_data_file_has_one_owner(tmp_path: Path) -> None:
    settings = quick(data_path=tmp_path / "ozon.db")
    with Simulator(settings), pytest.raises(OSError, match="locked"):
        Simulator(settings)


def test_a_broken_data_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "ozon.db"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(OSError, match=r"ozon\.db"):
        Simulator(quick(data_path=path))


def test_the_books_are_plain_json() -> None:
    with Simulator(quick()) as simulator:
        simulator.add_seller(client_id=SELLER)
        simulator.generate([SELLER], 2)
        found = simulator.books()
    assert json.loads(json.dumps(found)) == found
