"""Boards and the morning: every count is the length of the list that its address shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shipby.application.cases.opening import open_case
from shipby.application.figures.morning import MORNING, keep_morning
from shipby.application.ports.writes import SaveCancelRequest, SaveClaim, SaveIntent, SavePosting, SaveReturn
from shipby.domain.cancels.requests import CancelRequest, CancelRequestState
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import return_ref
from shipby.domain.evidence.claims import Claim, ClaimKind, ClaimState
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.goods import goods_of, goods_text
from shipby.domain.postings.posting import Scheme, Stage
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.functions.seller_api.test_api_guard import stands
from tests.support import builders as a

TODAY, TOMORROW = a.NOW + timedelta(hours=5), a.NOW + timedelta(hours=30)
PRINTED = {"assembled_at": a.NOW, "label_ready_at": a.NOW, "printed_at": a.NOW}
NAMES = ["hand_over_today", "money_at_risk", "late", "error_index", "cannot_ship", "answer_today", "money", "awake"]


def posting(at: int, stage: Stage, cut_off: datetime | None, **changes: Any) -> SavePosting:
    facts = {
        "number": f"1000000{at:02d}-0001-1",
        "stage": stage,
        "shipment_date": cut_off,
        "goods": goods_text(a.detail().lines),
        "delivery_method_id": f"m{at % 3}",
        "warehouse_id": f"w{at % 2}",
        "at_risk": a.rub("10.50") if at % 2 else None,
        **changes,
    }
    return SavePosting(a.posting(**facts))


def claim(at: int, due: datetime, state: ClaimState = ClaimState.OPEN) -> SaveClaim:
    return SaveClaim(
        Claim(
            seller=a.SELLER,
            id=f"c{at}",
            version=1,
            kind=ClaimKind.OTHER,
            state=state,
            posting_number=a.NUMBER,
            asked_at=a.NOW,
            answer_by=due,
            source="hand",
        )
    )


def plea(at: int, due: datetime | None) -> SaveCancelRequest:
    return SaveCancelRequest(
        CancelRequest(
            seller=a.SELLER,
            id=str(at),
            version=1,
            posting_number=a.NUMBER,
            state=CancelRequestState.ON_APPROVAL,
            requested_at=a.NOW,
            synced_at=a.NOW,
            auto_approve_at=due,
        )
    )


def refund(at: int, state: IntentState, amount: str) -> SaveIntent:
    ref = return_ref(f"{at}")
    return SaveIntent(a.intent(ref=ref, action=IntentAction.RETURN_ACTION, state=state, amount=a.rub(amount)))


@pytest.fixture
def shop(api: Caller) -> Caller:
    """A day with something on every board."""
    past = a.NOW - timedelta(hours=3)
    api.has(
        posting(1, Stage.RECEIVED, TODAY),
        posting(2, Stage.CONFIRMED, TODAY, entries_wanted=True),
        posting(3, Stage.PICKED, TOMORROW, entries_wanted=True, **PRINTED),
        posting(4, Stage.PACKED, TODAY, **PRINTED),
        posting(5, Stage.PACKED, past, late=True, **PRINTED),
        posting(6, Stage.PACKED, past, late=True, assembled_at=a.NOW),
        posting(7, Stage.BLOCKED, past, late=True, blocked_reason="no stock"),
        posting(8, Stage.BLOCKED, TODAY, blocked_reason="no stock"),
        posting(9, Stage.RECEIVED, past, late=True, scheme=Scheme.RFBS, integration="non_integrated"),
        posting(10, Stage.CONFIRMED, past, late=True, open_intents=("i",)),
        posting(11, Stage.EXPIRED, past, late=True),
        posting(12, Stage.IN_TRANSIT, past, late=True),
        posting(13, Stage.CANCELLED, TODAY),
        posting(14, Stage.RECEIVED, None),
        *(claim(at, due) for at, due in enumerate([TODAY, TODAY, TOMORROW])),
        claim(9, TODAY, ClaimState.ANSWERED),
        plea(1, TODAY),
        plea(2, TOMORROW),
        plea(3, None),
        SaveReturn(a.return_case(decide_by=TODAY)),
        SaveReturn(a.return_case(id="2", decide_by=TOMORROW)),
        SaveReturn(a.return_case(id="3", decide_by=None)),
        refund(1, IntentState.PROPOSED, "100.00"),
        refund(2, IntentState.PENDING, "20.00"),
        refund(3, IntentState.UNKNOWN, "3.00"),
        refund(4, IntentState.CONFIRMED, "7.00"),
        SaveIntent(a.intent()),
    )
    for at, kind in enumerate([CaseKind.MONEY, CaseKind.LABEL_PAGE, CaseKind.LABEL_PAGE, CaseKind.MARKETPLACE_KEY]):
        open_case(
            api.store,
            seller=a.SELLER,
            kind=kind,
            subject=f"s{at}",
            reason="why",
            owner="",
            now=a.NOW,
            actor="system:test",
        )
    stands(api, 4, 100, a.settings())
    api.store.save_report(a.SELLER, "poll", a.NOW.date(), {"at": a.NOW.isoformat(), "push": "ok"})
    return api


def listed(api: Caller, href: str) -> list[Any]:
    """All rows that an address of the API shows, page by page."""
    parts = urlsplit(href)
    query, found = dict(parse_qsl(parts.query)), []
    if parts.path == "/v1/guard":
        return [each for day in api.get(parts.path).body["leaving"] for each in range(day["errors"])]
    while True:
        body = api.get(parts.path, **query, limit="3").body
        found += body["items"]
        if body["next_cursor"] is None:
            return found
        query["cursor"] = body["next_cursor"]


def figures(api: Caller) -> dict[str, Any]:
    return {figure["name"]: figure for figure in api.get("/v1/reports/morning").body["figures"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_counts_exactly_the_rows_that_its_addresses_list(shop: Caller, name: str) -> None:
    figure = figures(shop)[name]
    assert figure["count"] == sum(part["count"] for part in figure["parts"]) > 0
    assert figure["definition"]
    for part in figure["parts"]:
        rows = listed(shop, part["href"])
        assert len(rows) == part["count"], part
        if part["href"].startswith("/v1/postings"):
            assert part["pieces"] == sum(row["pieces"] for row in rows)
            minor = sum(a.rub(row["at_risk"]["amount"]).minor for row in rows if row["at_risk"])
            assert sum(a.rub(one["amount"]).minor for one in part["money"]) == minor
        if part["href"].startswith("/v1/refunds"):
            minor = sum(a.rub(row["amount"]["amount"]).minor for row in rows)
            assert sum(a.rub(one["amount"]).minor for one in part["money"]) == minor


def test_the_eight_are_what_they_say(shop: Caller) -> None:
    found = figures(shop)
    assert list(found) == NAMES
    parts = {name: {part["name"]: part["count"] for part in figure["parts"]} for name, figure in found.items()}
    assert parts["hand_over_today"] == {"to_pack": 4, "packed": 3, "blocked": 2}
    assert found["money_at_risk"]["money"] == [{"amount": "42.00", "currency": "RUB"}]
    assert parts["late"] == {"ours": 1, "stock": 1, "marketplace": 2, "carrier": 1}
    assert (parts["error_index"], found["error_index"]["details"]["index"]) == ({"errors": 4}, "4.00")
    assert parts["cannot_ship"] == {"stopped": 3, "entries_wanted": 2, "cases_label_page": 2, "cases_no_number": 0}
    assert parts["answer_today"] == {"returns": 1, "cancel_requests": 1, "claims": 2}
    assert found["money"]["money"] == [{"amount": "123.00", "currency": "RUB"}]
    assert found["awake"]["count"] == 1
    assert found["awake"]["details"]["poll_awake"] is True


def test_yesterday_is_what_was_kept_once_the_day_before(shop: Caller) -> None:
    assert {figure["yesterday"] for figure in figures(shop).values()} == {None}
    before = {name: figure["count"] for name, figure in figures(shop).items()}
    keep_morning(a.SELLER, store=shop.store, clock=shop.clock)
    shop.has(posting(20, Stage.RECEIVED, a.NOW - timedelta(hours=1), late=True))
    keep_morning(a.SELLER, store=shop.store, clock=shop.clock)
    kept: Any = shop.store.report(a.SELLER, MORNING, a.NOW.date())
    assert kept["counts"] == before
    shop.clock.advance(timedelta(days=1))
    late = figures(shop)["late"]
    assert (late["yesterday"], late["count"]) == (before["late"], before["late"] + 1)
    shop.clock.advance(timedelta(days=1))
    assert figures(shop)["late"]["yesterday"] is None


def test_a_poll_that_is_silent_is_not_awake(shop: Caller) -> None:
    shop.clock.advance(timedelta(minutes=11))
    assert figures(shop)["awake"]["details"]["poll_awake"] is False


def test_the_morning_of_an_empty_shop_is_empty(api: Caller) -> None:
    found = figures(api)
    assert {figure["count"] for figure in found.values()} == {0}
    assert found["error_index"]["as_of"] is None
    assert found["awake"]["as_of"] is None


def test_every_count_of_the_boards_is_the_length_of_its_list(shop: Caller) -> None:
    body = shop.get("/v1/boards").body
    assert body["postings"] == 13
    for name in ("stage", "next", "warehouse", "method", "scheme", "late"):
        counts = body[f"by_{name}"]
        assert sum(one["count"] for one in counts) == 13
        for one in counts:
            assert len(listed(shop, one["href"])) == one["count"], one
    others = {one["board"]: one["count"] for one in body["others"]}
    assert others == {"returns": 3, "cancel-requests": 3, "claims": 3, "cases": 4, "carriages": 0, "intents": 4}


def test_warehouses_and_methods_are_those_of_open_postings(shop: Caller) -> None:
    houses = shop.get("/v1/warehouses").body["items"]
    assert [(one["id"], one["open"]) for one in houses] == [("w0", 7), ("w1", 6)]
    assert houses[0]["delivery_methods"] == ["m0", "m1", "m2"]
    for one in (*houses, *shop.get("/v1/delivery-methods").body["items"]):
        rows = listed(shop, one["href"])
        assert (len(rows), sum(row["late"] for row in rows)) == (one["open"], one["late"])


def test_lists_choose_what_they_are_asked_for(shop: Caller) -> None:
    assert len(listed(shop, f"/v1/returns?posting={a.NUMBER}")) == 3
    assert listed(shop, "/v1/returns?posting=none") == []
    assert len(listed(shop, "/v1/cases?kind=label_page")) == 2
    assert [one["kind"] for one in listed(shop, "/v1/cases?subject=s0")] == ["money"]
    (cancel,) = shop.get("/v1/intents", posting=a.NUMBER).body["items"]
    assert cancel["action"] == "cancel"
    assert shop.get("/v1/intents", posting=a.NUMBER, state="SENT").body["items"] == []
    refused = shop.get("/v1/intents", posting=a.NUMBER, cursor="x")
    assert (refused.status, refused.fields) == (400, ["cursor"])
    sku = a.detail().lines[0].sku
    assert len(listed(shop, f"/v1/postings?sku={sku}&stage=packed")) == 3
    assert listed(shop, f"/v1/postings?sku={sku[1:]}") == []
    assert {row["next"]["action"] for row in listed(shop, "/v1/postings?next=ship")} == {"ship"}


def test_another_seller_sees_none_of_it(shop: Caller) -> None:
    other = shop.as_seller(OTHER)
    assert {figure["count"] for figure in figures(other).values()} == {0}
    assert other.get("/v1/boards").body["postings"] == 0
    assert other.get("/v1/warehouses").body["items"] == []


@pytest.mark.parametrize(
    ("stage", "facts", "action"),
    [
        (Stage.RECEIVED, {}, "confirm"),
        (Stage.CONFIRMED, {}, "ship"),
        (Stage.CONFIRMED, {"assembled_at": a.NOW}, "pick"),
        (Stage.PICKED, PRINTED, "pack"),
        (Stage.PACKED, {"assembled_at": a.NOW}, "wait"),
        (Stage.PACKED, {"assembled_at": a.NOW, "label_ready_at": a.NOW}, "print"),
        (Stage.PACKED, PRINTED, "hand-over"),
        (Stage.RECEIVED, {"open_intents": ("i",)}, "wait"),
        (Stage.HANDED_OVER, {"integration": "non_integrated", "status": "awaiting_deliver"}, "delivery-report"),
        (Stage.HANDED_OVER, {}, "wait"),
        (Stage.BLOCKED, {}, "unblock"),
        (Stage.EXPIRED, {}, "override"),
        (Stage.IN_TRANSIT, {}, "wait"),
    ],
)
def test_a_row_says_what_is_next(api: Caller, stage: Stage, facts: dict[str, Any], action: str) -> None:
    api.has(posting(1, stage, TODAY, **facts))
    (row,) = api.get("/v1/postings").body["items"]
    assert row["next"]["action"] == action
    assert row["next"]["clock"]["kind"] == "confirm_by"
    assert row["href"] == f"/v1/postings/{row['posting_number']}"


def test_a_row_of_an_older_release_gets_its_goods_from_the_facts(api: Caller) -> None:
    api.has_posting(detail=a.detail(delivery_method_id="m9"))
    (row,) = api.get("/v1/postings").body["items"]
    assert row["goods"][0]["sku"] == a.detail().lines[0].sku
    assert row["delivery_method_id"] == "m9"


def test_goods_keep_every_sku_and_stay_small() -> None:
    lines = [a.line(sku=f"1{at:08d}", name="Очень длинное название товара " * 3, quantity=at + 1) for at in range(12)]
    text = goods_text(lines)
    assert [(good.sku, good.quantity) for good in goods_of(text)] == [(line.sku, line.quantity) for line in lines]
    assert len(text.encode()) < 400
    assert goods_of(goods_text([a.line(name="a\tb\nc")]))[0].name == "a b c"
