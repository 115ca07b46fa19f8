"""A whole working day of the operator: up, and everything that is done to it from another terminal."""

import json
from pathlib import Path

import pytest
import urllib3

from tests.cli.cli_support import Ended, Serving, shipby
from tests.support.waiting import LONGEST, eventually

pytestmark = pytest.mark.stack
PORTS = ("--port", "0", "--simulator-port", "0")
FIRST_POSTINGS = 20


def get(url: str, key: str) -> tuple[int, object]:
    answer = urllib3.request("GET", url, headers={"Authorization": f"Bearer {key}"}, retries=False, timeout=LONGEST)
    return answer.status, json.loads(answer.data)


def until(folder: Path, good: str, *arguments: str) -> Ended:
    """Repeat a command until it succeeds and says `good`."""
    tries: list[Ended] = []

    def succeeds() -> bool:
        tries.append(shipby(folder, *arguments))
        assert "Traceback" not in tries[-1].err
        return tries[-1].code == 0 and good in tries[-1].out

    eventually(succeeds, f"{arguments} to say {good}", every=0.5)
    return tries[-1]


def test_up_serves_and_is_worked_with_from_another_terminal_until_down_and_goes_on_after_the_next_up(
    tmp_path: Path,
) -> None:
    with Serving(tmp_path, "up", *PORTS) as stack:
        stack.until("Stop with Ctrl-C")
        api = stack.after("API:").split()[0]
        given = [line.split() for line in stack.lines if "API key (shown once)" in line]
        keys = {words[1].rstrip(":"): words[-1] for words in given}
        assert len(keys) == 2
        # Nobody else's secret is shown: neither the marketplace's keys nor the push addresses.
        assert not any("/ozon/push/" in line or "sim-" in line for line in stack.lines)
        second = shipby(tmp_path, "up", *PORTS)
        assert (second.code, second.out) == (1, "")
        assert f"in use by another running stack (process {stack.pid})" in second.err

        seller, owner_key = next(iter(keys.items()))
        made = shipby(tmp_path, "key", "create", seller, "--role", "packer")
        [packer_key] = made.out.splitlines()
        assert (made.code, packer_key[:4]) == (0, "shp_")
        assert get(f"{api}/postings", packer_key)[0] == 200
        assert get(f"{api}/proof", packer_key)[0] == 403
        assert get(f"{api}/proof", owner_key)[0] in (200, 404)
        stranger = shipby(tmp_path, "key", "create", "1")
        assert (stranger.code, stranger.out) == (1, "")
        assert f"There is no seller 1; known are {', '.join(sorted(keys))}" in stranger.err

        everything_there(tmp_path, list(keys))
        assert "events and" in shipby(tmp_path, "repair").out
        secret = "marketplace-secret-of-the-new-one"
        added = shipby(tmp_path, "seller", "add", "900001", answer=f"{secret}\n")
        assert added.code == 0, added
        assert "owner's key:  shp_" in added.out
        assert secret not in added.out + added.err
        assert shipby(tmp_path, "down") == Ended(0, "Stopped; the data is kept.\n", "")
        assert stack.ended() == 0
        shown = "\n".join(stack.lines)
    assert shipby(tmp_path, "down").out == "No stack runs in .shipby.\n"
    assert secret not in shown + stack.complaints

    with Serving(tmp_path, "up", *PORTS) as again:
        again.until("Stop with Ctrl-C")
        assert not any("shown once" in line for line in again.lines)
        assert any("routed again after the restart" in line for line in again.lines)
        api = again.after("API:").split()[0]
        assert get(f"{api}/postings", packer_key)[0] == 200
        assert again.terminate() == 0


def everything_there(folder: Path, sellers: list[str]) -> None:
    """The first postings are listed whole, and both sellers' proofs are green."""

    def listed() -> str:
        ended = shipby(folder, "postings")
        assert (ended.code, ended.err) == (0, "")
        return ended.out

    eventually(lambda: listed().count("awaiting_packaging") >= FIRST_POSTINGS, "all first postings", every=0.5)
    assert "…" not in listed(), "ids must not be cut"
    for seller in sellers:
        proven = until(folder, "GREEN", "proof", "--seller", seller, "--grace", "0")
        assert f"nothing-lost proof GREEN for {seller}" in proven.out
    due = shipby(folder, "deadlines", "--within", "3d", "--seller", sellers[0])
    assert (due.code, due.err) == (0, "")
    assert " due within 3d" in due.out
    lamps = shipby(folder, "risk", "--within", "3d")
    assert (lamps.code, "no history yet" in lamps.out) == (0, True)
    assert shipby(folder, "alarms", "--aside") == Ended(0, "No alarm is set aside.\n", "")
    one = shipby(folder, "postings", "--seller", sellers[0])
    assert sellers[0] in one.out
    assert sellers[1] not in one.out
    assert shipby(folder, "postings", "--stage", "packed").out == "No postings.\n"
