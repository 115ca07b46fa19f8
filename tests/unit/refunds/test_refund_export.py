"""The export of refunds: every state, the period's own ones, and nothing a spreadsheet would run."""

import csv
import io
from datetime import timedelta

import pytest

from shipby.application.refunds import export as refund_export
from shipby.application.refunds.export import COLUMNS, refund_rows, refunds_csv
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import ASK_GOODS
from tests.unit.world_support import World, money

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(approve_above={"RUB": 10_000})
    for number in ("1", "2", "3", "4"):
        world.return_opens(number, quantity=2)
    world.settle(world.decide(COMPENSATE_ACTION, "1", amount=money(4_999), postage=money(100), reason="=1+1"))
    world.clock.advance(DAY)
    world.decide(COMPENSATE_ACTION, "2", amount=money(15_000))
    world.decide(ASK_GOODS, "3", refund=False)
    world.clock.advance(DAY)
    world.decide(COMPENSATE_ACTION, "4", amount=money(1))
    return world


def rows(world: World, first: int = 0, last: int = 3) -> list[dict[str, Json]]:
    return refund_rows(a.SELLER, since=a.NOW + first * DAY, until=a.NOW + last * DAY, store=world.store)


def test_every_refund_of_the_period_is_there_in_its_order_whatever_its_state(world: World) -> None:
    found = rows(world)
    assert [row["return_id"] for row in found] == ["1", "2", "4"]
    assert [row["state"] for row in found] == ["CONFIRMED", "PROPOSED", "PENDING"]
    assert (found[0]["amount"], found[0]["postage"], found[0]["kind"]) == ("49.99", "1.00", "compensation")
    assert found[0]["settled_at"] is not None
    assert found[1]["settled_at"] is None


def test_the_period_ends_before_its_end(world: World) -> None:
    assert [row["return_id"] for row in rows(world, 0, 1)] == ["1"]
    assert [row["return_id"] for row in rows(world, 1, 2)] == ["2"]
    assert rows(world, 10, 11) == []


def test_a_cell_that_begins_like_a_formula_is_made_harmless(world: World) -> None:
    table = list(csv.reader(io.StringIO(refunds_csv(rows(world)).removeprefix("\ufeff")), delimiter=";"))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == 4
    assert table[1][COLUMNS.index("reason")] == "'=1+1"


@pytest.mark.parametrize(("first", "last"), [(1, 1), (2, 1), (0, 93)])
def test_a_period_that_is_none_or_too_long_is_refused(world: World, first: int, last: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        rows(world, first, last)
    assert caught.value.errors[0][0] == "to"


def test_too_many_rows_are_refused_and_never_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refund_export, "MOST_ROWS", 2)
    with pytest.raises(InvalidInputError, match="more than 2"):
        rows(world)
