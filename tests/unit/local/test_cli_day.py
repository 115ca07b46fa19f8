"""The day's work at the command line: the API's own operations, tables, JSON, exit codes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from functions.seller_api.wiring import Parts
from shipby_local import cli
from shipby_local.commands import day, shared
from shipby_local.commands.text import length_of
from shipby_local.in_process import Api, packages_of
from shipby_local.stack.errors import StackError
from tests.functions.seller_api.api_support import Caller, new_caller
from tests.support import builders as a


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Caller:
    caller = new_caller()
    monkeypatch.setattr(day, "api_of", lambda *_: Api(a.SELLER, Parts(caller.store, caller.clock, caller.papers)))
    monkeypatch.setattr(shared.out, "_width", 200)
    caller.has_posting(detail=a.detail(requirements={}))
    return caller


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def answer(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_posting_goes_its_way_by_commands_named_as_the_operations(shop: Caller) -> None:
    assert run("confirm", a.NUMBER).exit_code == 0
    assert answer("ship", a.NUMBER, "--key", "s1")["action"] == "ship"
    again = answer("ship", a.NUMBER, "--key", "s1")
    assert again["action"] == "ship"
    assert len(shop.get("/v1/intents").body["items"]) == 1
    assert answer("posting", a.NUMBER)["stage"] == "confirmed"
    (event, *_) = [
        one for one in shop.get(f"/v1/postings/{a.NUMBER}/events").body["items"] if "confirmed" in one["type"]
    ]
    assert event["actor"] == "key:cli"


def test_boards_search_list_and_morning_show_tables_and_json(shop: Caller) -> None:
    assert a.NUMBER in run("search", "2421").stdout
    assert answer("search", "2421")["items"][0]["posting_number"] == a.NUMBER
    assert "received" in run("boards").stdout
    assert answer("boards")["postings"] == 1
    assert "hand over today" in run("morning").stdout
    assert len(answer("morning")["figures"]) == 8
    assert "confirm" in run("list", "postings", "stage=received").stdout
    assert run("list", "postings", "stage=packed").stdout.strip() == "Nothing."
    for name in day.LISTS:
        assert run("list", name).exit_code == 0, name


def test_a_list_with_json_is_a_line_a_row_and_stops_at_its_limit(shop: Caller) -> None:
    for at in range(3):
        shop.has_posting(a.posting(number=f"{at}-0001-1"))
    done = run("list", "postings", "--json", "--limit", "2")
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2
    assert len(run("list", "postings", "--json").stdout.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("confirm", "none"), 3),
        (("posting", "none"), 3),
        (("search", "nothing-like-it"), 3),
        (("unblock", a.NUMBER, "--reason", "x"), 4),
        (("unblock", a.NUMBER), 5),
        (("list", "postings", "stage=nowhere"), 5),
        (("confirm", a.NUMBER, "--if-match", "7"), 7),
        (("list", "postings", "no=parameter"), 5),
        (("export", "refunds", "state=WRONG"), 5),
        (("cancel", a.NUMBER), 2),
    ],
)
def test_scripts_can_tell_why_a_command_was_refused(shop: Caller, arguments: tuple[str, ...], code: int) -> None:
    done = run(*arguments)
    assert done.exit_code == code, done.output
    assert shop.store.posting(a.SELLER, a.NUMBER) == a.posting()


def test_a_refusal_with_json_is_the_problem(shop: Caller) -> None:
    done = run("confirm", "none", "--json")
    assert (done.exit_code, json.loads(done.stdout)["status"]) == (3, 404)
    assert shop.store.posting(a.SELLER, "none") is None


def test_a_table_is_exported_to_the_standard_output(shop: Caller) -> None:
    done = run("export", "refunds", "from=2026-03-01T00:00:00Z", "to=2026-03-02T00:00:00Z")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert shop.get("/v1/refunds").body["items"] == []


@pytest.mark.parametrize("arguments", [("list", "nonsense"), ("list", "postings", "stage"), ("export", "nonsense")])
def test_what_cannot_be_meant_is_said_before_anything_is_asked(shop: Caller, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, StackError)
    assert shop.get("/v1/intents").body["items"] == []


def test_packages_are_read_one_by_one() -> None:
    assert packages_of(["1=2,3=1", "1=1"]) == [{"1": 2, "3": 1}, {"1": 1}]
    with pytest.raises(ValueError, match="invalid literal"):
        packages_of(["1"])


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT4H", timedelta(hours=4)),
        ("P1DT12H", timedelta(days=1, hours=12)),
        ("p2d", timedelta(days=2)),
        ("-PT30M", timedelta(minutes=-30)),
        ("1d12h", timedelta(days=1, hours=12)),
    ],
)
def test_lengths_of_time_are_read_as_the_api_writes_them(text: str, length: timedelta) -> None:
    assert length_of(text, "--within") == length


@pytest.mark.parametrize("text", ["P", "PT", "P1D T1H", "PT1D", "P1H", ""])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(StackError):
        length_of(text, "--within")
