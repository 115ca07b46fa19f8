"""Replay and the shadow report on a terminal."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, NoteShadow, SavePosting, SaveReturn, SaveSettings
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.shadow import ShadowDecision
from shipby_local import cli
from shipby_local.commands import replays, shared
from shipby_local.stack.clock import WallClock
from shipby_local.stack.errors import StackError
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@dataclass
class Shop:
    kept: MemoryStore

    clock = WallClock()

    def store(self) -> Store:
        return self.kept


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(MemoryStore())
    for seller in ("another", a.SELLER):
        shop.kept.commit([SaveSettings(SellerSettings(seller=seller, version=1))])
    posting = a.posting()
    shop.kept.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),))])
    reminded = a.event(actor="system:alarm_worker", reason="[late] soon", data={"policy": 7, "rung": "confirm_by"})
    later = replace(posting, version=2, stage=Stage.CONFIRMED)
    shop.kept.commit([SavePosting(later), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, (reminded,))])
    monkeypatch.setattr(replays, "deployment_of", lambda *_: shop)
    monkeypatch.setattr(shared.out, "_width", 200)
    return shop


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_a_replay_shows_each_decision_with_its_policy_and_ends_equal(shop: Shop) -> None:
    result = run("replay", "--posting", a.NUMBER)

    assert result.exit_code == 0, result.output
    assert f"POSTING {a.NUMBER} of seller {a.SELLER}" in result.output
    assert "by system:alarm_worker  [policy version 7]: [late] soon" in result.output
    assert "because of rung=confirm_by" in result.output
    assert "stage: received -> confirmed" in result.output
    assert result.output.splitlines()[-2].startswith("equal: rebuilt and stored are the same ")


def test_a_history_with_a_hole_ends_different_and_names_it(shop: Shop) -> None:
    posting = shop.kept.posting(a.SELLER, a.NUMBER)
    assert posting is not None
    shop.kept.commit([SavePosting(replace(posting, version=3, warehouse_id="edited"))])

    result = run("replay", "--posting", a.NUMBER)

    assert result.exit_code == 1
    assert "! version 3 has no event" in result.output
    assert "stored edited" in result.output
    assert result.output.splitlines()[-1] == "DIFFERENT"


def test_a_replay_as_json_is_that_of_the_api(shop: Shop) -> None:
    case = a.return_case()
    shop.kept.commit([SaveReturn(case), AppendEvents(a.SELLER, return_ref(case.id), 1, (a.event(),))])

    told = json.loads(run("replay", "--return", case.id, "--json").output)

    assert (told["seller"], told["kind"], told["equal"]) == (a.SELLER, "RETURN", True)
    assert [step["version"] for step in told["steps"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "--posting NUMBER or --return ID"),
        (("--posting", "p", "--return", "r"), "--posting NUMBER or --return ID"),
        (("--posting", "404"), "No seller here has a posting 404"),
        (("--return", "404", "--seller", "another"), "No seller here has a return 404"),
        (("--posting", "p", "--seller", "9"), "There is no seller 9"),
    ],
)
def test_an_item_that_is_not_named_or_not_known_is_said(shop: Shop, arguments: tuple[str, ...], problem: str) -> None:
    result = run("replay", *arguments)

    assert isinstance(result.exception, StackError), result.output
    assert problem in str(result.exception)


def decision(number: int) -> NoteShadow:
    return NoteShadow(
        ShadowDecision(
            seller=a.SELLER,
            id=f"POSTING/{a.NUMBER}/{number}/0",
            at=YESTERDAY + timedelta(milliseconds=number),
            ref=posting_ref(a.NUMBER),
            posting_number=a.NUMBER,
            action="cancel",
            would="cancel it",
            reason="the buyer does not want it [any] more",
            policy_version=3,
        )
    )


def test_the_shadow_report_tells_what_would_have_been_done_per_seller(shop: Shop) -> None:
    shop.kept.commit([decision(1)])

    shown = run("shadow-report", "--days", "2").output

    assert "would have done cancel 1" in shown
    assert "would have done nothing" in shown
    assert "the buyer does not want it [any] more" in shown
    assert "(policy version 3)" in shown
    assert "nothing yet" in shown


def test_the_shadow_report_as_json_goes_through_all_pages(shop: Shop) -> None:
    for start in range(0, 250, 50):
        shop.kept.commit([decision(number) for number in range(start, start + 50)])

    (told,) = json.loads(run("shadow-report", "--seller", a.SELLER, "--json").output)

    assert len(told["items"]) == told["total"] == 250
