"""Cases and alarms that were set aside, as an operator sees and handles them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shipby.application.alarms.set_aside import set_aside
from shipby.application.cases.opening import open_case
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveSettings
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import RungKind
from shipby.domain.sellers.settings import SellerSettings
from shipby_local import cli
from shipby_local.commands import matters, shared
from shipby_local.stack.clock import WallClock
from shipby_local.stack.errors import StackError
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


@dataclass
class Shop:
    kept: MemoryStore

    clock = WallClock()

    def store(self) -> Store:
        return self.kept

    def opens(self, subject: str, seller: str = a.SELLER) -> str:
        return open_case(
            self.kept,
            seller=seller,
            kind=CaseKind.OPEN_ORDER,
            subject=subject,
            reason="it has no [next] alarm",
            owner="",
            now=a.NOW,
            actor="system:audit",
        )

    def aside(self, number: str) -> AlarmRef:
        posting = a.posting(number=number)
        self.kept.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])
        assert posting.next_alarm is not None
        alarm = AlarmRef(seller=a.SELLER, ref=posting_ref(number), intent_id="", due=posting.next_alarm.due)
        assert set_aside(alarm, reason="cannot be read", store=self.kept, now=a.NOW, actor="system:alarm_worker")
        return alarm


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(MemoryStore())
    for seller in (a.SELLER, "seller-2"):
        shop.kept.commit([SaveSettings(SellerSettings(seller=seller, version=1))])
    monkeypatch.setattr(matters, "deployment_of", lambda *_: shop)
    monkeypatch.setattr(shared.out, "_width", 200)
    return shop


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, StackError), result.output
    return str(result.exception)


def test_open_cases_are_listed_with_what_is_wrong_and_closed_ones_apart(shop: Shop) -> None:
    first, second = shop.opens("p1"), shop.opens("p2", "seller-2")
    assert run("cases", "--close", second, "--because", "repaired").exit_code == 0

    shown, closed = run("cases").output, run("cases", "--closed").output

    assert first in shown
    assert second not in shown
    assert "it has no [next] alarm" in shown
    assert "12:00 Moscow" in shown
    assert "everybody" in shown
    assert second in closed
    assert "=> repaired (system:cli)" in closed


@pytest.mark.parametrize("width", [80, 120])
def test_ids_and_subjects_are_whole_on_every_terminal(shop: Shop, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(shared.out, "_width", width)
    identifier = shop.opens("24219509-0020-2")

    shown = run("cases").output

    assert identifier in shown
    assert "24219509-0020-2" in shown
    assert max(map(len, shown.splitlines())) <= width


def test_one_sellers_cases_are_listed_alone(shop: Shop) -> None:
    first, second = shop.opens("p1"), shop.opens("p2", "seller-2")

    shown = run("cases", "--seller", "seller-2").output

    assert second in shown
    assert first not in shown


def test_closing_names_what_is_missing_or_unknown(shop: Shop) -> None:
    identifier = shop.opens("p1")

    assert "--because" in refused("cases", "--close", identifier)
    assert "--close" in refused("cases", "--because", "x")
    assert "There is no case c9" in refused("cases", "--close", "c9", "--because", "x")
    assert "There is no seller 9; known are" in refused("cases", "--seller", "9")


def test_no_cases_and_no_alarms_are_said(shop: Shop) -> None:
    assert run("cases").output == "No open cases.\n"
    assert run("cases", "--closed").output == "No closed cases.\n"
    assert run("alarms", "--aside").output == "No alarm is set aside.\n"
    assert run("alarms").output.startswith("No alarm rings before ")
    assert run("alarms", "--bring-back", "all").output == "No alarm is set aside.\n"


def test_alarms_that_were_set_aside_are_listed_and_brought_back_one_by_one_or_all(shop: Shop) -> None:
    first, second = shop.aside("p1"), shop.aside("p2")

    shown = run("alarms", "--aside").output
    one = run("alarms", "--bring-back", "POSTING p1").output
    rest = run("alarms", "--bring-back", "all").output

    assert "POSTING p1" in shown
    assert "cannot be read" in shown
    assert (one, rest) == (
        f"{a.SELLER}: the alarm of POSTING p1 rings again.\n",
        f"{a.SELLER}: the alarm of POSTING p2 rings again.\n",
    )
    due: list[Any] = [
        alarm for shard in range(shop.kept.alarm_shards) for alarm in shop.kept.due_alarms(shard, until=first.due).items
    ]
    assert {alarm.ref.id for alarm in due if alarm.ref.kind == "POSTING"} == {first.ref.id, second.ref.id}
    assert run("alarms", "--aside").output == "No alarm is set aside.\n"


def test_the_alarms_that_ring_next_are_listed_the_earliest_first_with_what_is_overdue(shop: Shop) -> None:
    now = datetime.now(UTC)
    for number, wait in (("later", 50), ("soon", 5), ("overdue", -30), ("tomorrow", 1500)):
        alarm = a.alarm(now + timedelta(minutes=wait, seconds=30), RungKind.CONFIRM_BY)
        posting = a.posting(number=number, next_alarm=alarm)
        shop.kept.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])

    shown = run("alarms").output

    assert shown.index("overdue") < shown.index("POSTING soon") < shown.index("POSTING later")
    assert "29 min" in shown
    assert "in 5 min" in shown
    assert "tomorrow" not in shown
    assert "tomorrow" in run("alarms", "--within", "2d").output
    assert "POSTING" not in run("alarms", "--seller", "seller-2").output


def test_bringing_back_what_is_not_aside_is_refused(shop: Shop) -> None:
    assert "No alarm of POSTING p9 is set aside" in refused("alarms", "--bring-back", "POSTING p9")
