"""POST /v1/waves: who may, what it takes, and that the same key ships nothing twice."""

from typing import Any

from shipby.application.ports.writes import SaveDetail
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a


def with_confirmed(api: Caller, *numbers: str, **detail: Any) -> None:
    for number in numbers:
        api.has_posting(a.posting(number=number, stage=Stage.CONFIRMED, assembled_at=None, open_intents=()))
        facts = a.detail(number=number, **{"actions": ("ship",), "requirements": {}, **detail})
        api.has(SaveDetail(a.SELLER, facts))


def test_a_wave_answers_the_call_of_each_posting_and_leaves_the_others_out(api: Caller) -> None:
    with_confirmed(api, "1-1-1", "2-2-2")
    reply = api.post("/v1/waves", {"posting_numbers": ["1-1-1", "9-9-9"]})
    assert (reply.status, reply.body["accepted"], reply.body["left_out"]) == (202, 1, 1)
    first, second = reply.body["items"]
    assert api.get(f"/v1/intents/{first['intent']}").body["action"] == "ship"
    assert second["intent"] is None
    assert "9-9-9" in second["problem"]


def test_without_numbers_it_takes_the_confirmed_ones(api: Caller) -> None:
    with_confirmed(api, "1-1-1", "2-2-2")
    reply = api.post("/v1/waves", {"limit": 1})
    assert [item["posting_number"] for item in reply.body["items"]] == ["1-1-1"]


def test_nothing_to_ship_and_two_ways_of_saying_which_are_refused(api: Caller) -> None:
    assert api.post("/v1/waves", {}).fields == ["posting_numbers"]
    both = {"posting_numbers": ["1-1-1"], "warehouse_id": "22"}
    assert api.post("/v1/waves", both).status == 400


def test_the_same_key_ships_nothing_twice(api: Caller) -> None:
    with_confirmed(api, "1-1-1")
    body = {"posting_numbers": ["1-1-1"]}
    first, second = (api.call("POST", "/v1/waves", body, key="k-1") for _ in range(2))
    assert first.body == second.body
    assert len(api.store.intents(a.SELLER, posting_ref("1-1-1"))) == 1


def test_a_packer_ships_no_wave(api: Caller) -> None:
    assert api.as_role("packer").post("/v1/waves", {"limit": 1}).status == 403
