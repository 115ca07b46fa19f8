"""People who work in some warehouses act in these, and read everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveIntent, SavePosting, SaveReturn
from shipby.domain.events import posting_ref
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.people.people_support import Shop
from tests.support import builders as a

OURS, THEIRS = "24219509-0020-2", "24219509-0020-3"


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.joins("pia", Role.PACKER, warehouses=("77", "78"))
    shop.joins("max", Role.MANAGER, warehouses=("77",))
    shop.joins("olga", Role.OWNER)
    for number, warehouse in ((OURS, "77"), (THEIRS, "99")):
        posting = a.posting(number=number, warehouse_id=warehouse)
        events = AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))
        shop.store.commit([SavePosting(posting), events, SaveDetail(a.SELLER, a.detail(number=number))])
    return shop


def test_each_step_is_done_in_ones_own_warehouse_only(shop: Shop) -> None:
    assert shop.post("pia", f"/v1/postings/{OURS}/confirm").status == 200
    reply = shop.post("pia", f"/v1/postings/{THEIRS}/confirm")
    assert (reply.status, reply.code) == (403, "not_allowed")
    assert "77, 78" in reply.body["detail"]
    assert shop.store.posting(a.SELLER, THEIRS) == a.posting(number=THEIRS, warehouse_id="99")
    assert shop.get("pia", f"/v1/postings/{THEIRS}").status == 200
    assert shop.post("olga", f"/v1/postings/{THEIRS}/confirm").status == 200
    assert shop.post("pia", "/v1/postings/nowhere/confirm").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/labels", {"posting_numbers": [OURS, THEIRS]}),
        ("/v1/pick-lists", {"posting_numbers": [THEIRS]}),
        ("/v1/pick-lists", {"warehouse_id": "99"}),
        ("/v1/pick-lists", {}),
        ("/v1/pick-lists", {"warehouse_id": ""}),
    ],
)
def test_many_at_once_are_all_in_ones_own_warehouse(shop: Shop, path: str, body: dict[str, Any]) -> None:
    reply = shop.post("pia", path, body)
    assert (reply.status, reply.code) == (403, "not_allowed")


def test_many_of_ones_own_are_taken(shop: Shop) -> None:
    assert shop.post("pia", "/v1/pick-lists", {"warehouse_id": "77"}).code != "not_allowed"
    assert shop.post("pia", "/v1/labels", {"posting_numbers": [OURS]}).status in (202, 409)


def test_what_hangs_on_a_posting_of_another_warehouse_is_not_ones_own_either(shop: Shop) -> None:
    intent = a.intent(posting_number=THEIRS)
    shop.store.commit([SaveReturn(a.return_case(id="r1", posting_number=THEIRS)), SaveIntent(intent)])
    for path, body in (
        ("/v1/returns/r1/receive", {}),
        ("/v1/returns/r1/inspect", {"condition": "new"}),
        (f"/v1/intents/{intent.id}/settle", {"happened": True, "reason": "seen"}),
    ):
        reply = shop.post("max", path, body)
        assert reply.code == "not_allowed", reply.body


def test_another_warehouse_counts_from_the_next_call_on(shop: Shop) -> None:
    people = shop.get("olga", "/v1/people").body["items"]
    pia = next(each for each in people if each["name"] == "pia")
    body = {"name": "pia", "role": "packer", "warehouses": ["99"]}
    assert shop.put("olga", f"/v1/people/{pia['id']}", body, pia["version"]).status == 200
    assert shop.post("pia", f"/v1/postings/{THEIRS}/confirm").status == 200
    assert shop.post("pia", f"/v1/postings/{OURS}/confirm").status == 403
