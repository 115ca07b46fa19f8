"""Parcels past the ramp and their carriers at the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from functions.seller_api.wiring import Parts
from shipby.application.ports.writes import ClaimPointer
from shipby.domain import pointers
from shipby.domain.carriers.s10 import s10
from shipby.domain.postings.posting import Scheme, Stage
from shipby_local import cli
from shipby_local.commands import day, shared
from shipby_local.in_process import Api
from tests.functions.seller_api.api_support import Caller, new_caller
from tests.support import builders as a

NUMBER = s10("RB", 1, "CN")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Caller:
    caller = new_caller()
    monkeypatch.setattr(day, "api_of", lambda *_: Api(a.SELLER, Parts(caller.store, caller.clock, caller.papers)))
    monkeypatch.setattr(shared.out, "_width", 200)
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated", "tracking_number": NUMBER}
    caller.has_posting(a.posting(stage=Stage.PACKED, **own), a.detail(**own))
    caller.store.commit([ClaimPointer(a.SELLER, pointers.TRACKING, NUMBER, a.NUMBER)])
    return caller


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.app, list(arguments), input=typed)


def answer(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_table_of_scans_is_judged_first_and_kept_when_asked(shop: Caller) -> None:
    table = f"tracking_number,time,status\n{NUMBER},{a.NOW.isoformat()},accepted\n"
    assert run("tracking", "import", "-", typed=table).exit_code == 0
    assert answer("tracking", "way", a.NUMBER)["numbers"][0]["journeys"] == []
    assert "accepted" in run("tracking", "import", "-", "--apply", typed=table).stdout
    assert "accepted" in run("tracking", "way", a.NUMBER).stdout


def test_a_carrier_is_chosen_and_another_one_needs_a_reason(shop: Caller) -> None:
    assert "cdek" in run("carriers", "choice", a.NUMBER, "--grams", "500").stdout
    best = answer("carriers", "choice", a.NUMBER)["best"]
    other = "cdek" if best != "cdek" else "sf"
    assert run("carriers", "choose", a.NUMBER, "--carrier", other).exit_code == 5
    done = answer("carriers", "choose", a.NUMBER, "--carrier", other, "--reason", "their van is here", "--key", "k1")
    assert done["chosen"]["carrier"] == other


def test_scorecards_are_shown_and_written_as_a_table(shop: Caller) -> None:
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated"}
    moved = a.detail(number="1-1", status="delivering", delivering_date=a.NOW, **own)
    shop.has_posting(a.posting(number="1-1", stage=Stage.IN_TRANSIT, **own), moved)
    day_ = a.NOW.date().isoformat()
    assert "(few)" in run("carriers", "scorecards", "--from", day_, "--to", day_).stdout
    table = run("carriers", "scorecards", "--from", day_, "--to", day_, "--csv").stdout
    assert table.lstrip("\ufeff").startswith("carrier")
    assert run("carriers", "scorecards", "--by", "colour").exit_code == 5


def test_silent_parcels_and_exceptions_are_listed_and_what_is_fine_is_refused(shop: Caller) -> None:
    assert "Nothing" in run("tracking", "silent").stdout
    assert run("tracking", "exception", a.NUMBER).exit_code == 4
