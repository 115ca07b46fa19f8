"""Several pickers on one walk: no line twice, none lost; an empty bin sends nobody."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

from shipby.application.ports.writes import SaveProductCard
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

CLAIMS = "/v1/picking/claims"


def shop(api: Caller, postings: int = 6) -> None:
    """Postings of two products each: one of their own, and cups."""
    for index in range(postings):
        number = f"n-{index}"
        lines = (a.line(sku=f"{index}", quantity=2), a.line(sku="cup", quantity=1))
        posting = a.posting(number=number, stage=Stage.CONFIRMED, shipment_date=a.NOW + timedelta(hours=index))
        api.has_posting(posting, a.detail(number=number, lines=lines))
    for place, sku in (("A-1", "cup"), *((f"B-{index}", f"{index}") for index in range(postings))):
        api.has(SaveProductCard(ProductCard(seller=a.SELLER, sku=sku, version=1, bin=place)))


def picker(api: Caller, name: str) -> Caller:
    return Caller(api.store, api.clock, role="packer", key_id=name, papers=api.papers)


def lines(body: Any) -> list[tuple[str, str]]:
    return [(part["posting_number"], row["sku"]) for row in body["rows"] for part in row["postings"]]


def test_lines_go_to_one_picker_in_walking_order_and_are_shown(api: Caller) -> None:
    shop(api)
    ann, bo = picker(api, "ann"), picker(api, "bo")
    first = ann.post(CLAIMS, {"lines": 4}).body
    second = bo.post(CLAIMS, {"lines": 80}).body

    assert lines(first) == [(f"n-{index}", "cup") for index in range(4)]
    assert (first["pieces"], first["rows"][0]["bin"], first["rows"][0]["quantity"]) == (4, "A-1", 4)
    assert set(lines(first)).isdisjoint(lines(second))
    assert len(lines(first)) + len(lines(second)) == 12
    shown = api.get("/v1/picking").body["rows"][0]["postings"]
    assert [part["claimed_by"] for part in shown] == ["key:ann"] * 4 + ["key:bo"] * 2
    assert lines(picker(api, "cy").post(CLAIMS).body) == []


def test_asking_again_brings_the_same_lines_first_and_their_time_begins_anew(api: Caller) -> None:
    shop(api)
    ann = picker(api, "ann")
    first = ann.post(CLAIMS, {"lines": 3}, key="c-1").body
    api.clock.time += timedelta(minutes=20)
    assert ann.post(CLAIMS, {"lines": 3}, key="c-1").body == first
    again = ann.post(CLAIMS, {"lines": 5}).body

    assert lines(again)[:3] == lines(first)
    api.clock.time += timedelta(minutes=20)
    assert set(lines(picker(api, "bo").post(CLAIMS, {"lines": 80}).body)).isdisjoint(lines(again))


def test_what_is_given_back_or_out_of_time_is_anybodys(api: Caller) -> None:
    shop(api)
    ann, bo = picker(api, "ann"), picker(api, "bo")
    mine = lines(ann.post(CLAIMS, {"lines": 3}).body)
    assert bo.post(f"{CLAIMS}/release").body == {"released": 0}
    assert ann.post(f"{CLAIMS}/release").body == {"released": 3}
    assert lines(bo.post(CLAIMS, {"lines": 3}).body) == mine
    api.clock.time += timedelta(minutes=30)
    assert lines(ann.post(CLAIMS, {"lines": 3}).body) == mine


def test_what_is_picked_is_nobodys_line_any_more(api: Caller) -> None:
    shop(api)
    ann = picker(api, "ann")
    ann.post(CLAIMS, {"lines": 1})
    ann.post("/v1/postings/n-0/pick")

    assert lines(ann.post(CLAIMS, {"lines": 1}).body) == [("n-1", "cup")]


def test_pickers_at_once_never_get_one_line_twice_and_leave_none(api: Caller) -> None:
    shop(api)
    begin, got = Barrier(4), list[tuple[str, str]]()

    def walk(name: str) -> None:
        mine = picker(api, name)
        begin.wait()
        reply = mine.post(CLAIMS, {"lines": 3})
        while reply.status == 503:
            reply = mine.post(CLAIMS, {"lines": 3})
        got.extend(lines(reply.body))

    walkers = [Thread(target=walk, args=(name,)) for name in ("ann", "bo", "cy", "di")]
    for one in walkers:
        one.start()
    for one in walkers:
        one.join()

    assert len(got) == len(set(got)) == 12


def test_an_empty_bin_is_told_in_one_call_and_sends_nobody_until_it_is_filled(api: Caller) -> None:
    shop(api, 3)
    ann, bo = picker(api, "ann"), picker(api, "bo")
    ann.post(CLAIMS, {"lines": 4})
    told = ann.post("/v1/picking/bin-empty", {"sku": "cup"}).body
    again = bo.post("/v1/picking/bin-empty", {"sku": "cup"}).body

    assert told["posting_numbers"] == ["n-0", "n-1", "n-2"]
    assert again["case"] == told["case"]
    [case] = api.get("/v1/cases").body["items"]
    assert (case["kind"], case["subject"], "A-1" in case["reason"]) == ("bin_empty", "cup", True)
    row = api.get("/v1/picking").body["rows"][0]
    assert (row["bin_empty"], row["postings"][0]["claimed_by"]) == (True, None)
    assert "cup" not in {sku for _, sku in lines(bo.post(CLAIMS, {"lines": 80}).body)}

    assert bo.post("/v1/picking/bin-filled", {"sku": "cup"}).body == {"sku": "cup", "was_empty": True}
    assert bo.post("/v1/picking/bin-filled", {"sku": "cup"}).body["was_empty"] is False
    assert api.get("/v1/cases").body["items"] == []
    assert "cup" in {sku for _, sku in lines(ann.post(CLAIMS, {"lines": 80}).body)}


def test_an_empty_bin_is_looked_at_again_after_twelve_hours(api: Caller) -> None:
    shop(api, 1)
    api.post("/v1/picking/bin-empty", {"sku": "cup"})
    assert lines(api.post(CLAIMS).body) == [("n-0", "0")]
    api.clock.time += timedelta(hours=12)
    assert ("n-0", "cup") in lines(api.post(CLAIMS).body)
    assert api.as_role("support").post(CLAIMS).status == 403
