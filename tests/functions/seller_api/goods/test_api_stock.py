"""Stock by the API: pools, movements by hand, kits, and what a posting has of it."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.domain.events import pool_aggregate, stock_ref
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace

MUG = "TEA-CUP-02"
MOVES = f"/v1/stock/{MUG}/movements"


@pytest.fixture
def shop(api: Caller) -> Caller:
    """A shop with a pool `main` and five mugs in it."""
    assert api.put("/v1/stock-pools/main", {"name": "Склад"}, if_match='"0"').status == 200
    assert api.post(MOVES, {"kind": "receipt", "quantity": 5}).status == 200
    return api


def settings(api: Caller, **changes: Any) -> Any:
    seen = api.get("/v1/settings")
    body = {name: value for name, value in seen.body.items() if name != "version"}
    return api.put("/v1/settings", {**body, **changes}, if_match=seen.headers["ETag"])


def numbers(api: Caller, sku: str = MUG, **query: str) -> list[int]:
    body = api.get(f"/v1/stock/{sku}", **query).body
    return [body[name] for name in ("on_hand", "reserved", "free", "quarantine")]


def arrives(api: Caller, quantity: int = 2) -> None:
    market = FakeMarketplace(a.FixedClock())
    market.put(a.detail(lines=(a.line(quantity=quantity),), requirements={}, actions=("cancel", "ship")))
    sync_posting(a.SELLER, a.NUMBER, hinted_at=None, store=api.store, marketplace=market, clock=a.FixedClock())


def test_goods_are_received_moved_and_written_off_and_every_movement_says_who_and_why(shop: Caller) -> None:
    for body in (
        {"kind": "quarantine", "quantity": 2, "reason": "scratched"},
        {"kind": "unquarantine", "quantity": 1, "reason": "only dust"},
        {"kind": "write_off", "quantity": 1, "reason": "broken", "from_quarantine": True},
        {"kind": "write_off", "quantity": 1, "reason": "lost"},
        {"kind": "correction", "quantity": -1, "reason": "miscounted"},
    ):
        assert shop.post(MOVES, body).status == 200, body
    assert numbers(shop) == [2, 0, 2, 0]
    found = shop.get(MOVES, limit="4")
    rest = shop.get(MOVES, limit="4", cursor=found.body["next_cursor"])
    moves = [*found.body["items"], *rest.body["items"]]
    assert [move["number"] for move in moves] == [1, 2, 3, 4, 5, 6]
    assert (moves[1]["kind"], moves[1]["actor"], moves[1]["reason"]) == ("quarantine", "key:k1", "scratched")
    assert moves[1]["change"] == {"on_hand": -2, "quarantine": 2}
    assert (moves[1]["free_before"], moves[1]["free"]) == (5, 3)
    sums = {name: sum(move["change"].get(name, 0) for move in moves) for name in ("on_hand", "quarantine")}
    assert sums == {"on_hand": 2, "quarantine": 0}
    assert rest.body["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "receipt", "quantity": -1}, "quantity"),
        ({"kind": "receipt", "quantity": 0}, "quantity"),
        ({"kind": "receipt", "quantity": 1.5}, "quantity"),
        ({"kind": "receipt", "quantity": "2"}, "quantity"),
        ({"kind": "receipt", "quantity": 10_000_001}, "quantity"),
        ({"kind": "write_off", "quantity": -1, "reason": "x"}, "quantity"),
        ({"kind": "write_off", "quantity": 1}, "reason"),
        ({"kind": "correction", "quantity": 1}, "reason"),
        ({"kind": "correction", "quantity": 0, "reason": "x"}, "quantity"),
        ({"kind": "stock_take", "quantity": 5}, "If-Match"),
        ({"kind": "reserve", "quantity": 1, "reason": "x"}, "kind"),
        ({"kind": "receipt", "quantity": 1, "price": 3}, "price"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_moves_nothing(
    shop: Caller, body: dict[str, Any], field: str
) -> None:
    reply = shop.post(MOVES, body)
    assert (reply.status, reply.fields) == (400, [field])
    assert numbers(shop) == [5, 0, 5, 0]


def test_more_than_there_is_and_an_unknown_sku_are_clear_answers(shop: Caller) -> None:
    reply = shop.post(MOVES, {"kind": "write_off", "quantity": 6, "reason": "lost"})
    assert (reply.status, reply.body["type"].rpartition(":")[2]) == (409, "not_in_stock")
    assert "5 on hand" in reply.body["detail"]
    unknown = shop.post("/v1/stock/NO-SUCH/movements", {"kind": "write_off", "quantity": 1, "reason": "lost"})
    assert unknown.status == 404
    assert "does not keep SKU NO-SUCH" in unknown.body["detail"]
    assert shop.get("/v1/stock/NO-SUCH").status == 404
    assert shop.get("/v1/stock/NO-SUCH/movements").status == 404
    assert shop.get("/v1/stock", pool="nothing").status == 404
    assert shop.get("/v1/stock", pool="a:b:").status == 400
    assert numbers(shop) == [5, 0, 5, 0]


def test_of_two_stock_takes_at_once_the_second_is_told_to_count_again(shop: Caller) -> None:
    seen = shop.get(f"/v1/stock/{MUG}").headers["ETag"]
    count = {"kind": "stock_take", "quantity": 4}
    assert shop.post(MOVES, count, if_match=seen).status == 200
    second = shop.post(MOVES, {"kind": "stock_take", "quantity": 3}, if_match=seen)
    assert second.status == 412
    assert "somebody moved it since you counted" in second.body["detail"]
    assert numbers(shop) == [4, 0, 4, 0]
    same = shop.post(MOVES, count, if_match=shop.get(f"/v1/stock/{MUG}").headers["ETag"])
    assert same.status == 200
    assert [move["kind"] for move in shop.get(MOVES).body["items"]] == ["receipt", "stock_take", "stock_take"]


def test_a_retry_moves_goods_once(shop: Caller) -> None:
    for _ in range(2):
        assert shop.post(MOVES, {"kind": "receipt", "quantity": 1}, key="k-1").status == 200
    assert numbers(shop) == [6, 0, 6, 0]


def test_a_kit_is_as_many_as_its_parts_make_and_never_in_itself(shop: Caller) -> None:
    shop.post("/v1/stock/SPOON/movements", {"kind": "receipt", "quantity": 3})
    kit = shop.put("/v1/stock/SET/kit", {"components": {MUG: 1, "SPOON": 2}}, if_match='"0"')
    assert (kit.status, kit.body["free"]) == (200, 1)
    assert shop.put("/v1/stock/BOX/kit", {"components": {"SET": 1}}, if_match='"0"').status == 200
    around = shop.put("/v1/stock/SET/kit", {"components": {"BOX": 1}}, if_match='"1"')
    assert (around.status, around.fields) == (400, ["components/SET"])
    assert "SET > BOX > SET" in around.body["detail"]
    holds = shop.put("/v1/stock/SPOON/kit", {"components": {MUG: 1}}, if_match='"1"')
    assert holds.status == 409
    assert shop.post("/v1/stock/SET/movements", {"kind": "receipt", "quantity": 1}).status == 400
    listed = shop.get("/v1/stock", kits="true").body["items"]
    assert [(one["sku"], one["free"]) for one in listed] == [("BOX", 1), ("SET", 1)]
    few = shop.get("/v1/stock", free_at_most="3", kits="false").body["items"]
    assert [one["sku"] for one in few] == ["SPOON"]


def test_a_pool_of_another_shop_is_seen_and_moved_only_where_its_owner_opened_it(shop: Caller) -> None:
    other = shop.as_seller("seller-2")
    named = {"pool": f"{a.SELLER}:main"}
    assert other.get("/v1/stock", **named).status == 404
    assert other.call("POST", MOVES, {"kind": "receipt", "quantity": 1}, query=named).status == 404
    refused = settings(other, stock_pools={"*": f"{a.SELLER}:main"})
    assert (refused.status, refused.fields) == (400, ["stock_pools/*"])
    opened = shop.put("/v1/stock-pools/main", {"shops": ["seller-2"]}, if_match='"1"')
    assert opened.body["shops"] == ["seller-2"]
    assert numbers(other, **named) == [5, 0, 5, 0]
    assert settings(other, stock_pools={"*": f"{a.SELLER}:main"}).status == 200
    assert [(one["pool"], one["own"]) for one in other.get("/v1/stock-pools").body["items"]] == [
        (f"{a.SELLER}:main", False)
    ]
    assert other.put(f"/v1/stock-pools/{a.SELLER}:main", {}, if_match='"2"').status == 400
    assert [one.event.type for one in shop.store.events(a.SELLER, pool_aggregate("main"))] == ["pool.changed"] * 2


def test_a_pool_of_an_own_name_and_a_shop_of_its_own_are_refused(shop: Caller) -> None:
    assert shop.put("/v1/stock-pools/Main Store", {}, if_match='"0"').status == 400
    assert shop.put("/v1/stock-pools/second", {"shops": [a.SELLER]}, if_match='"0"').status == 400
    assert shop.put("/v1/stock-pools/main", {}, if_match='"0"').status == 412
    assert shop.put("/v1/stock-pools/main", {}).status == 428


def test_a_short_posting_shows_its_choices_with_their_price(shop: Caller) -> None:
    assert settings(shop, stock_pools={"*": "main"}).status == 200
    arrives(shop, quantity=7)
    goods = shop.get(f"/v1/postings/{a.NUMBER}/stock").body
    assert (goods["stock"], goods["pool"]) == ("short", f"{a.SELLER}:main")
    assert goods["lines"][0] | {"parts": None} == {
        "sku": MUG,
        "wanted": 7,
        "reserved": 5,
        "picked": 0,
        "sent": 0,
        "short": 2,
        "parts": None,
    }
    assert [(one["move"], one["offered"]) for one in goods["choices"]] == [
        ("send_part", True),
        ("wait", True),
        ("cancel", True),
    ]
    assert goods["choices"][2]["note"]


def test_a_bad_piece_is_set_aside_and_another_takes_its_place_until_there_is_none(shop: Caller) -> None:
    settings(shop, stock_pools={"*": "main"})
    arrives(shop, quantity=4)
    address = f"/v1/postings/{a.NUMBER}/stock"
    bad = {"kind": "defective", "sku": MUG, "quantity": 1, "reason": "chipped"}
    first = shop.post(address, bad)
    assert (first.status, first.body["stock"]) == (200, "reserved")
    assert numbers(shop) == [4, 4, 0, 1]
    second = shop.post(address, {**bad, "kind": "missing", "reason": "not in its bin"})
    assert second.body["stock"] == "short"
    assert numbers(shop) == [3, 3, 0, 1]
    assert [case["kind"] for case in shop.get("/v1/cases").body["items"]] == ["stock_short"]
    too_many = shop.post(address, {**bad, "quantity": 4})
    assert (too_many.status, too_many.fields) == (400, ["quantity"])
    moves = shop.store.events(a.SELLER, stock_ref("main", MUG))
    assert [one.event.data["kind"] for one in moves] == ["receipt", "reserve", "defective", "missing"]


def test_pieces_of_a_posting_that_has_none_reserved_cannot_be_missing(shop: Caller) -> None:
    arrives(shop)
    bad = {"kind": "missing", "sku": MUG, "quantity": 1, "reason": "x"}
    assert shop.post(f"/v1/postings/{a.NUMBER}/stock", bad).status == 409
    assert shop.get(f"/v1/postings/{a.NUMBER}/stock").body["stock"] is None


def test_what_fails_its_inspection_lies_in_quarantine_and_another_piece_takes_its_place_until_there_is_none(
    shop: Caller,
) -> None:
    settings(shop, stock_pools={"*": "main"})
    arrives(shop, quantity=4)
    path = f"/v1/postings/{a.NUMBER}"
    fail = {"passed": False, "reason": "cracked", "sku": a.line().sku}
    shop.post(f"{path}/confirm")
    shop.post(f"{path}/pick")
    first = shop.post(f"{path}/inspect", fail)
    assert (first.status, first.body["stage"]) == (200, "confirmed")
    assert numbers(shop) == [4, 4, 0, 1]
    assert shop.get(f"{path}/stock").body["lines"][0]["picked"] == 0, "all of it is picked anew"
    moved = shop.get(MOVES).body["items"][-1]
    assert (moved["kind"], moved["posting_number"], moved["reason"]) == ("defective", a.NUMBER, "cracked")

    shop.post(f"{path}/pick")
    second = shop.post(f"{path}/inspect", fail, key="again")
    assert shop.post(f"{path}/inspect", fail, key="again") == second
    assert numbers(shop) == [3, 3, 0, 2]
    assert shop.get(f"{path}/stock").body["stock"] == "short"
    assert [case["kind"] for case in shop.get("/v1/cases").body["items"]] == ["stock_short"]


def test_a_short_posting_is_split_into_what_is_here_and_what_waits(shop: Caller) -> None:
    settings(shop, stock_pools={"*": "main"})
    arrives(shop, quantity=7)
    sku, path = a.line().sku, f"/v1/postings/{a.NUMBER}/split/proposal"
    shown = shop.post(path, {}).body["parcels"]
    assert [(parcel["products"], parcel["waits"]) for parcel in shown] == [({sku: 5}, False), ({sku: 2}, True)]
    asked = shop.post(path, {"in_stock": {sku: 3}}).body["parcels"]
    assert [(parcel["products"], parcel["waits"]) for parcel in asked] == [({sku: 3}, False), ({sku: 4}, True)]
