"""What a pool holds of an SKU: no movement takes a number below nothing."""

from dataclasses import replace

import pytest

from shipby.domain.errors import InvalidInputError, NotInStockError
from shipby.domain.stock.item import MOST_PIECES, Movement, MovementKind, StockItem, moved, movement_data
from shipby.domain.stock.kits import check_kit, free_of, parts_of
from shipby.domain.stock.pool import PoolRef, pool_ref

ITEM = StockItem(seller="s", pool="main", sku="mug", version=4, on_hand=5, reserved=3, picked=1, quarantine=2)


def move(**numbers: int) -> Movement:
    return Movement(kind=MovementKind.CORRECTION, **numbers)


def test_a_movement_is_one_version_on_and_says_what_changed() -> None:
    movement = move(on_hand=2, reserved=-1)
    changed = moved(ITEM, movement)
    assert (changed.version, changed.on_hand, changed.reserved, changed.free, changed.on_shelf) == (5, 7, 2, 5, 6)
    assert movement_data(ITEM, movement, changed) == {
        "pool": "main",
        "sku": "mug",
        "kind": "correction",
        "change": {"on_hand": 2, "reserved": -1},
        "after": {"on_hand": 7, "reserved": 2, "picked": 1, "quarantine": 2},
        "free_before": 2,
        "free": 5,
    }


@pytest.mark.parametrize(
    "numbers",
    [
        {"on_hand": -6},
        {"on_hand": -3},
        {"reserved": 3},
        {"reserved": -3},
        {"reserved": -4},
        {"picked": 3},
        {"picked": -2},
        {"quarantine": -3},
        {"on_hand": -1, "reserved": 2},
    ],
)
def test_no_number_falls_below_nothing_and_no_more_is_promised_than_there_is(numbers: dict[str, int]) -> None:
    with pytest.raises(NotInStockError, match="mug"):
        moved(ITEM, move(**numbers))


def test_more_pieces_than_anybody_has_are_a_slip_of_the_hand() -> None:
    with pytest.raises(InvalidInputError, match="pieces"):
        moved(ITEM, move(on_hand=MOST_PIECES))


def item(sku: str, **components: int) -> StockItem:
    return StockItem(seller="s", pool="main", sku=sku, version=1, on_hand=0 if components else 7, components=components)


def test_a_kit_holds_nothing_itself() -> None:
    with pytest.raises(InvalidInputError, match="kit"):
        moved(item("set", mug=1), move(on_hand=1))


def test_a_kit_that_would_be_in_itself_is_refused_however_far_down() -> None:
    known = {"mug": item("mug"), "b": item("b", c=1), "c": item("c", a=1, mug=1), "a": item("a", mug=1)}
    check_kit("d", {"b": 1, "mug": 2}, known.get)
    with pytest.raises(InvalidInputError, match="a > b > c > a"):
        check_kit("a", {"b": 1}, known.get)
    with pytest.raises(InvalidInputError, match="a > a"):
        check_kit("a", {"a": 1}, known.get)


def test_a_kit_of_what_is_not_kept_or_of_no_pieces_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown"):
        check_kit("a", {"nothing": 1}, lambda _: None)
    with pytest.raises(InvalidInputError, match="0 of mug"):
        check_kit("a", {"mug": 0}, {"mug": item("mug")}.get)


def test_kits_in_kits_are_as_many_as_the_scarcest_piece_allows() -> None:
    known = {"mug": item("mug"), "spoon": item("spoon"), "set": item("set", mug=1, spoon=2), "box": item("box", set=2)}
    assert parts_of("box", known) == {"mug": 2, "spoon": 4}
    assert free_of("box", known) == 1
    assert free_of("mug", known) == 7
    assert parts_of("box", {**known, "set": replace(known["set"], components={"gone": 1})}) is None
    assert free_of("nothing", known) == 0


def test_a_pool_is_named_by_itself_or_with_its_owner() -> None:
    assert pool_ref("main", "shop-a") == PoolRef("shop-a", "main")
    assert pool_ref("shop-b:main", "shop-a") == PoolRef("shop-b", "main")
    assert PoolRef("shop-b", "main").text == "shop-b:main"
    for wrong in ("", ":main", "shop:"):
        with pytest.raises(InvalidInputError, match="names no pool"):
            pool_ref(wrong, "shop-a")
