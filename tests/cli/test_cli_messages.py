"""What the command says when there is nothing to do, something is in the way, or the user mistyped."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shipby_local.cli import PANELS, app
from shipby_local.stack.datafolder import DataFolder
from tests.cli.cli_support import Ended, Serving, shipby

runner = CliRunner()


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which another program listens."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def one_clear_line(ended: Ended, *words: str) -> None:
    """It failed with one line that is meant for a person: no traceback, every word in it, unbroken."""
    assert ended.code == 1, ended
    [line] = ended.err.strip().splitlines()
    assert line.startswith("error: ")
    for word in words:
        assert word in line


def test_help_names_every_command_and_what_it_does() -> None:
    said = runner.invoke(app, ["--help"])
    assert said.exit_code == 0
    commands = [name for panel in PANELS.values() for name in panel]
    assert {"up", "demo", "simulate", "down", "postings", "proof", "quarantine", "repair"} < set(commands)
    assert {"audit", "deadlines", "risk", "what-if", "cases", "alarms"} < set(commands)
    for command in ("key", "seller", *commands):
        assert f" {command} " in said.output
    for command in commands:
        assert runner.invoke(app, [command, "--help"]).exit_code == 0
    assert " create " in runner.invoke(app, ["key", "--help"]).output


def test_no_command_shows_the_help_and_an_unknown_one_fails(tmp_path: Path) -> None:
    assert "simulate" in shipby(tmp_path).err + shipby(tmp_path).out
    unknown = shipby(tmp_path, "upp")
    assert unknown.code == 2
    assert "No such command 'upp'" in unknown.err


@pytest.mark.parametrize(
    "arguments",
    [
        *(("postings",), ("proof",), ("quarantine",), ("repair",), ("key", "create", "700001")),
        *(("deadlines",), ("risk",), ("what-if",), ("cases",), ("alarms",)),
    ],
    ids=lambda one: one[0],
)
def test_a_command_that_needs_a_running_stack_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    one_clear_line(shipby(tmp_path, *arguments), "No stack runs in .shipby/stack", "shipby up")
    assert list(tmp_path.iterdir()) == [], "looking must leave nothing behind"


def test_down_without_a_running_stack_is_no_error(tmp_path: Path) -> None:
    assert shipby(tmp_path, "down") == Ended(0, "No stack runs in .shipby.\n", "")


def test_a_wrong_role_and_a_wrong_stage_are_answered_with_the_right_ones(tmp_path: Path) -> None:
    one_clear_line(shipby(tmp_path, "key", "create", "1", "--role", "boss"), "'boss'", "packer", "owner")
    one_clear_line(shipby(tmp_path, "postings", "--stage", "gone"), "'gone'", "received", "cancelled")


def test_simulate_prints_its_address_and_every_pair_of_keys_and_ends_with_0_on_sigterm(tmp_path: Path) -> None:
    with Serving(tmp_path, "simulate", "--port", "0", "--sellers", "2", "--postings", "3") as simulator:
        assert simulator.until("Ozon simulator: ").startswith("Ozon simulator: http://127.0.0.1:")
        pairs = [simulator.until("Client-Id: ") for _ in range(2)]
        assert all("Api-Key: " in pair for pair in pairs)
        assert len({pair.split()[1] for pair in pairs}) == 2
        assert simulator.terminate() == 0
        assert simulator.complaints == ""


def test_simulate_names_a_port_that_is_taken(tmp_path: Path, taken_port: int) -> None:
    one_clear_line(shipby(tmp_path, "simulate", "--port", str(taken_port)), f"Port {taken_port} ", "--port")


def test_simulate_and_up_name_a_data_file_that_is_no_marketplace(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "marketplace.db").write_bytes(b"this is no database at all" * 50)
    said = ("day/marketplace.db", "not a database", "--data")
    one_clear_line(shipby(tmp_path, "simulate", "--port", "0", "--data", "day/marketplace.db"), *said)
    one_clear_line(up(tmp_path, "day"), *said)


def test_up_names_a_marketplace_file_that_another_program_uses(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    with closing(sqlite3.connect(tmp_path / "day" / "marketplace.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("CREATE TABLE held (x)")
        one_clear_line(up(tmp_path, "day"), "day/marketplace.db", "locked")


def up(folder: Path, data: str, *more: str) -> Ended:
    return shipby(folder, "up", "--data", data, "--port", "0", "--simulator-port", "0", *more)


def test_up_names_a_simulator_port_that_is_taken_and_leaves_the_folder_free(tmp_path: Path, taken_port: int) -> None:
    ended = shipby(tmp_path, "up", "--port", "0", "--simulator-port", str(taken_port))
    one_clear_line(ended, f"Port {taken_port} ", "--simulator-port")
    assert not DataFolder(tmp_path / ".shipby" / "stack").is_locked()


def test_up_names_an_api_port_that_is_taken_and_leaves_the_folder_free(tmp_path: Path, taken_port: int) -> None:
    ended = shipby(tmp_path, "up", "--port", str(taken_port), "--simulator-port", "0")
    one_clear_line(ended, str(taken_port))
    assert not DataFolder(tmp_path / ".shipby" / "stack").is_locked()


def test_up_refuses_a_folder_that_a_running_stack_holds(tmp_path: Path) -> None:
    held = DataFolder(tmp_path / "day" / "stack")
    held.acquire()
    try:
        held.write_running({"pid": 4711})
        one_clear_line(up(tmp_path, "day"), "in use by another running stack (process 4711)", "shipby down")
        assert not (tmp_path / "day" / "marketplace.db").exists()
    finally:
        held.release()


def test_down_says_that_a_stack_is_still_starting(tmp_path: Path) -> None:
    held = DataFolder(tmp_path / ".shipby" / "stack")
    held.acquire()
    try:
        one_clear_line(shipby(tmp_path, "down"), "may still be starting", "Try again")
    finally:
        held.release()


def test_up_names_a_broken_folder_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one_clear_line(up(tmp_path, "file"), "file cannot be used", "Choose another folder")
    (tmp_path / "day" / "stack").mkdir(parents=True)
    (tmp_path / "day" / "stack" / "deployment.json").write_text("{")
    one_clear_line(up(tmp_path, "day"), "deployment.json cannot be read", "Restore the folder")
    assert shipby(tmp_path, "down", "--data", "day").code == 0


def test_brackets_in_a_message_are_text_and_no_markup(tmp_path: Path) -> None:
    one_clear_line(shipby(tmp_path, "postings", "--data", "[red]day[/red]"), "No stack runs in [red]day[/red]/stack")


def test_a_deployment_that_does_not_answer_is_one_clear_line(tmp_path: Path, taken_port: int) -> None:
    held = DataFolder(tmp_path / ".shipby" / "stack")
    held.acquire()
    try:
        held.write_running({"pid": 1, "emulator_pid": 1, "aws": "http://127.0.0.1:9"})
        one_clear_line(shipby(tmp_path, "repair"), "http://127.0.0.1:9", "shipby up")
    finally:
        held.release()
