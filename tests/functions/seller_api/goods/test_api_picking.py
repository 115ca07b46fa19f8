"""Picking and the check at the bench: rows for a phone, a list for paper, scans that pack a parcel."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from shipby.application.ports.writes import SaveDocument, SaveProductCard
from shipby.domain.events import posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.prints import PrintContent
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

SCANS = f"/v1/postings/{a.NUMBER}/scans"
SKU = "149123456"


def card(sku: str = SKU, place: str = "A-2", **changes: Any) -> SaveProductCard:
    return SaveProductCard(
        ProductCard(seller=a.SELLER, sku=sku, version=1, bin=place, barcodes=("4601234567893",), **changes)
    )


def history(api: Caller) -> list[tuple[str, Any]]:
    stored = api.store.events(a.SELLER, posting_ref(a.NUMBER))
    return [(str(one.event.type), one.event.data.get("accepted")) for one in stored[1:]]


def parcel(api: Caller, **changes: Any) -> None:
    """A posting with two cups in it."""
    changes = {"stage": Stage.CONFIRMED, "assembled_at": a.NOW} | changes
    api.has_posting(a.posting(**changes), a.detail(requirements={}))
    api.has(card())


def test_the_last_good_scan_packs_the_parcel_and_unlocks_its_label(api: Caller) -> None:
    parcel(api)
    label = a.document(id="label", state=DocumentState.READY, key="labels/1.pdf", pages=1)
    api.has(SaveDocument(label))

    first = api.post(SCANS, {"code": "4601234567893"}).body
    last = api.post(SCANS, {"code": "tea-cup-02"}).body

    assert (first["complete"], first["stage"], first["label"]) == (False, "confirmed", None)
    assert (first["lines"][0]["expected"], first["lines"][0]["scanned"]) == (2, 1)
    assert (last["complete"], last["stage"], last["version"]) == (True, "packed", 3)
    assert last["label"]["link"] == "https://files.example/labels/1.pdf?expires=300"
    assert api.get(f"/v1/postings/{a.NUMBER}").body["stage"] == "packed"
    assert [kind for kind, _ in history(api)] == [
        "bench.scanned",
        "bench.scanned",
        "bench.completed",
        "posting.picked",
        "posting.packed",
    ]


@pytest.mark.parametrize(
    ("assembled", "documents", "why"),
    [
        (False, [], "not assembled"),
        (True, [], "not there yet"),
        (True, [{"state": DocumentState.WAITING}], "not there yet"),
        (True, [{"state": DocumentState.FAILED, "problem": "its page was foreign"}], "its page was foreign"),
        (True, [{"state": DocumentState.UNPROVEN, "key": "k"}], "could not be read back"),
    ],
)
def test_a_label_that_is_not_unlocked_says_why(
    api: Caller, assembled: bool, documents: list[dict[str, Any]], why: str
) -> None:
    parcel(api, assembled_at=a.NOW if assembled else None)
    api.has(*(SaveDocument(a.document(id="label", **({"key": ""} | document))) for document in documents))

    label = api.post(SCANS, {"code": SKU, "quantity": 2}).body["label"]

    assert label["link"] is None
    assert why in label["why_not"]


def test_a_wrong_item_is_refused_with_what_is_missing_and_only_the_history_knows(api: Caller) -> None:
    parcel(api)

    reply = api.post(SCANS, {"code": "4600000000000"})

    assert (reply.status, reply.code) == (409, "wrong_item")
    assert reply.body["former_type"] == "urn:shipby:problem:action_not_offered"
    assert "wrong item" in reply.body["detail"]
    assert reply.body["offered"] == ["TEA-CUP-02"]
    assert history(api) == [("bench.scanned", False)]
    assert api.get(SCANS).body["scanned"] == 0
    assert api.get(f"/v1/postings/{a.NUMBER}").body["stage"] == "confirmed"


def test_one_too_many_is_refused_before_and_after_packing(api: Caller) -> None:
    parcel(api)

    assert api.post(SCANS, {"code": SKU, "quantity": 3}).status == 409
    assert api.post(SCANS, {"code": SKU, "quantity": 2}).body["stage"] == "packed"
    reply = api.post(SCANS, {"code": SKU})

    assert (reply.status, reply.code) == (409, "too_many")
    assert "too many" in reply.body["detail"]
    assert api.get(SCANS).body["scanned"] == 2


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("cancelled", {"stage": Stage.CANCELLED, "cancelled_by": "client"}),
        ("expired", {"stage": Stage.EXPIRED, "blocked_from": Stage.PICKED, "expired_reason": "gone"}),
        ("blocked", {"stage": Stage.BLOCKED, "blocked_from": Stage.PICKED, "blocked_reason": "broken"}),
        ("left", {"stage": Stage.HANDED_OVER}),
        ("being_cancelled", {"open_intents": (a.intent().id,)}),
    ],
)
def test_nothing_goes_into_a_parcel_that_is_not_to_be_sent(api: Caller, why: str, changes: dict[str, Any]) -> None:
    parcel(api, **changes)

    reply = api.post(SCANS, {"code": SKU})

    assert (reply.status, reply.code) == (409, why)
    assert reply.body["former_type"] == "urn:shipby:problem:stage_mismatch"
    assert history(api) == [("bench.scanned", False)]
    assert api.get(SCANS).body["stop"] in reply.body["detail"]


def test_a_scan_for_no_posting_or_another_sellers_is_not_found(api: Caller) -> None:
    parcel(api)

    assert api.as_seller("seller-2").post(SCANS, {"code": SKU}).status == 404
    assert api.as_seller("seller-2").get(SCANS).status == 404


def test_the_same_call_again_counts_once(api: Caller) -> None:
    parcel(api)

    first = api.post(SCANS, {"code": SKU}, key="beep-1")
    again = api.post(SCANS, {"code": SKU}, key="beep-1")

    assert again.body == first.body
    assert api.get(SCANS).body["scanned"] == 1


def test_an_empty_parcel_can_be_begun_anew_with_a_reason(api: Caller) -> None:
    parcel(api)
    api.post(SCANS, {"code": SKU})

    assert api.post(f"{SCANS}/reset", {}).status == 400
    body = api.post(f"{SCANS}/reset", {"reason": "the wrong cup was in the box"}).body

    assert (body["scanned"], body["started_at"], body["stage"]) == (0, None, "confirmed")
    stored = api.store.events(a.SELLER, posting_ref(a.NUMBER))[-1].event
    assert (stored.reason, stored.data) == ("the wrong cup was in the box", {"reset": True, "scanned": {SKU: 1}})


def test_a_parcel_packed_without_scans_can_still_be_checked(api: Caller) -> None:
    parcel(api, stage=Stage.PACKED)

    body = api.post(SCANS, {"code": SKU, "quantity": 2}).body

    assert (body["complete"], body["stage"]) == (True, "packed")
    assert [kind for kind, _ in history(api)] == ["bench.scanned", "bench.completed"]


def test_goods_that_are_not_known_yet_are_never_complete(api: Caller) -> None:
    api.has_posting(a.posting(stage=Stage.CONFIRMED))

    assert api.get(SCANS).body["complete"] is False
    assert api.post(SCANS, {"code": SKU}).status == 409


def test_packers_at_one_parcel_never_count_a_piece_twice(api: Caller) -> None:
    detail = a.detail(lines=(a.line(quantity=6),))
    api.has_posting(a.posting(stage=Stage.CONFIRMED, assembled_at=a.NOW), detail)
    begin = Barrier(4)
    statuses: list[int] = []

    def packer() -> None:
        mine = Caller(api.store, api.clock)
        begin.wait()
        statuses.extend(mine.post(SCANS, {"code": SKU}).status for _ in range(3))

    packers = [Thread(target=packer) for _ in range(4)]
    for one in packers:
        one.start()
    for one in packers:
        one.join()

    body = api.get(SCANS).body
    accepted = [kind for kind in history(api) if kind == ("bench.scanned", True)]
    assert statuses.count(200) == len(accepted) == body["scanned"] <= 6
    assert set(statuses) <= {200, 409, 503}
    assert (body["stage"] == "packed") == (body["scanned"] == 6)


def test_the_walk_comes_by_bin_for_a_phone(api: Caller) -> None:
    skus = ["1", "2", "3"]
    for index, sku in enumerate(skus):
        number = f"n-{index}"
        lines = (a.line(sku=sku, quantity=index + 1), a.line(sku="1", quantity=1))
        due = a.NOW + timedelta(hours=index)
        posting = a.posting(number=number, stage=Stage.CONFIRMED, shipment_date=due)
        api.has_posting(posting, a.detail(number=number, lines=lines))
    api.has(card("1", "A-10"), card("2", "A-2"))

    body = api.get("/v1/picking").body
    fewer = api.get("/v1/picking", limit="1").body
    due = api.get("/v1/picking", due_before="2026-03-02T10:30:00Z").body

    assert [(row["bin"], row["sku"], row["quantity"]) for row in body["rows"]] == [
        ("A-2", "2", 2),
        ("A-10", "1", 4),
        (None, "3", 3),
    ]
    assert body["posting_numbers"] == ["n-1", "n-0", "n-2"]
    assert body["pieces"] == 9
    assert fewer["posting_numbers"] == ["n-0"]
    assert due["posting_numbers"] == ["n-1", "n-0"]
    assert api.get("/v1/picking", stage="received").body["rows"] == []
    assert api.get("/v1/picking", warehouse_id="other").body["rows"] == []


def test_a_pick_list_is_a_print_job_of_the_named_postings_or_of_those_that_wait(api: Caller) -> None:
    parcel(api)

    named = api.post("/v1/pick-lists", {"posting_numbers": [a.NUMBER], "size": "58x40", "language": "zh"})
    waiting = api.post("/v1/pick-lists", {"stage": "confirmed"})

    for reply in (named, waiting):
        assert reply.status == 202
        job = api.store.print_job(a.SELLER, reply.headers["Location"].rpartition("/")[2])
        assert job is not None
        assert (job.numbers, job.style.content) == ((a.NUMBER,), PrintContent.PICK_LIST)


@pytest.mark.parametrize(
    "body",
    [
        {"stage": "received"},
        {"posting_numbers": ["1-1-1"]},
        {"posting_numbers": [a.NUMBER], "stage": "confirmed"},
        {"size": "10x10"},
        {"stage": "delivered"},
        {"limit": 301},
    ],
)
def test_a_pick_list_of_nothing_is_refused(api: Caller, body: dict[str, Any]) -> None:
    parcel(api)

    assert api.post("/v1/pick-lists", body).status == 400


def test_support_sees_the_picking_and_scans_nothing(api: Caller) -> None:
    support = api.as_role("support")

    assert support.get("/v1/picking").status == 200
    assert support.post(SCANS, {"code": SKU}).status == 403


MARK = "010460123456789321FGXEAGA5a1GA(\x1d91EE06\x1d92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
OTHER_MARK = MARK.replace("GA(", "ga(")
EXEMPLARS = f"/v1/postings/{a.NUMBER}/exemplars"


def marked(api: Caller) -> None:
    """Two cups of which each needs a mark."""
    api.has_posting(a.posting(stage=Stage.PICKED), a.detail(requirements={"mandatory_mark": (SKU,)}, actions=("ship",)))
    api.has(card())


def entries(*marks: str) -> dict[str, Any]:
    return {"products": [{"sku": SKU, "exemplars": [{"mark": mark} for mark in marks]}]}


def test_goods_that_need_a_mark_ask_for_it_and_the_next_scan_is_the_mark_of_that_piece(api: Caller) -> None:
    marked(api)
    missing = [{"sku": SKU, "piece": 1, "duty": "mandatory_mark", "code": "mark_needed"}]
    assert api.get(f"/v1/postings/{a.NUMBER}").body["missing_entries"][:1] == missing

    asked = api.post(SCANS, {"code": "4601234567893"}).body
    assert asked["asks"] | {"told": ""} == {"what": "mark_needed", "sku": SKU, "piece": 1, "told": ""}
    assert (asked["scanned"], asked["accepted"]) == (0, None)
    assert api.get(SCANS).body["asks"] == asked["asks"]
    first = api.post(SCANS, {"code": MARK.replace("\x1d", "")}).body
    assert (first["scanned"], first["asks"], first["accepted"]["sku"]) == (1, None, SKU)
    assert api.get(EXEMPLARS).body["products"][0]["exemplars"][0]["mark"] == MARK

    last = api.post(SCANS, {"code": OTHER_MARK}).body
    assert (last["complete"], last["stage"]) == (True, "packed")
    entered = api.get(EXEMPLARS).body
    assert (entered["missing"], entered["accepted"]) == ([], False)
    assert entered["intent"] == f"p.{a.NUMBER}.set_exemplars.1"
    assert [kind for kind, _ in history(api)][-5:] == [
        "bench.scanned",
        "exemplars.entered",
        "intent.created",
        "bench.completed",
        "posting.packed",
    ]


def test_packing_by_hand_waits_for_the_marks_and_says_so_with_their_code(api: Caller) -> None:
    marked(api)

    reply = api.post(f"/v1/postings/{a.NUMBER}/pack", {"reason": "the scanner is broken"})

    assert (reply.status, reply.body["type"]) == (409, "urn:shipby:problem:mark_needed")
    assert reply.body["offered"] == [EXEMPLARS]


def test_marks_that_are_entered_ahead_need_no_scan(api: Caller) -> None:
    marked(api)
    api.put(EXEMPLARS, entries(MARK.replace("\x1d", ""), OTHER_MARK))

    assert api.post(SCANS, {"code": SKU, "quantity": 2}).body["stage"] == "packed"


def test_wrong_marks_are_named_piece_by_piece(api: Caller) -> None:
    marked(api)

    reply = api.put(EXEMPLARS, entries("4601234567893", MARK[:30]))

    assert reply.status == 400
    assert [error["field"].rsplit("/", 2)[1] for error in reply.body["errors"]] == ["0", "1"]
    assert [error["problem"].split(":")[0] for error in reply.body["errors"]] == ["barcode", "cut_off"]
    assert api.get(EXEMPLARS).body["version"] == 0


def test_a_product_that_is_named_twice_is_refused(api: Caller) -> None:
    marked(api)
    twice = {"products": entries(MARK)["products"] * 2}

    assert api.put(EXEMPLARS, twice).status == 400
