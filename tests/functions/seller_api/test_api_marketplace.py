"""What the marketplace has to carry out: accepted with an intent, or refused with what is offered instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.ports.writes import ClaimPointer, SavePrintJob
from shipby.domain.intents import Intent
from shipby.domain.labels.prints import PrintState
from shipby.domain.postings.posting import Posting, Stage
from tests.functions.seller_api.api_support import Caller, Reply
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
TRACKING = {"tracking_number": "rb 123456785 cn", "carrier": "China Post", "reason": "first number"}
ALL = ("cancel", "set_cutoff", "set_track_number", "ship")


def with_actions(api: Caller, *actions: str, **detail: Any) -> Posting:
    confirmed = a.posting(stage=Stage.CONFIRMED)
    return api.has_posting(confirmed, detail=a.detail(actions=actions, **{"requirements": {}, **detail}))


def intent_of(api: Caller, reply: Reply) -> Intent:
    """The intent an accepted call points to."""
    assert reply.status == 202
    assert reply.headers["Location"] == f"/v1/intents/{reply.body['id']}"
    followed = api.get(reply.headers["Location"])
    assert followed.body == reply.body
    intent = api.store.intent(a.SELLER, reply.body["id"])
    assert intent is not None
    return intent


def test_ship_without_a_body_puts_everything_into_one_package(api: Caller) -> None:
    with_actions(api, "ship", lines=(a.line(), a.line(sku="7", quantity=1), a.line(sku="7", quantity=3)))

    intent = intent_of(api, api.post(f"{PATH}/ship"))

    assert intent.request == {"packages": [{"149123456": 2, "7": 4}]}
    assert (intent.state, intent.actor) == ("PENDING", "key:k1")


def test_what_nobody_has_confirmed_is_shipped_with_a_reason_only(api: Caller) -> None:
    api.has_posting(detail=a.detail(actions=("ship",), requirements={}))
    confirm = f"{PATH}/confirm"

    for body in (None, {"reason": " "}):
        reply = api.post(f"{PATH}/ship", body)
        assert (reply.status, reply.code, reply.body["offered"]) == (409, "not_confirmed", [confirm])
    intent = intent_of(api, api.post(f"{PATH}/ship", {"reason": "confirmed by telephone"}))
    assert intent.reason == "confirmed by telephone"


def test_ship_can_split_into_packages(api: Caller) -> None:
    with_actions(api, "ship")

    intent = intent_of(api, api.post(f"{PATH}/ship", {"packages": [{"149123456": 1}, {"149123456": 1}]}))

    assert intent.request == {"packages": [{"149123456": 1}, {"149123456": 1}]}


@pytest.mark.parametrize(
    ("packages", "field"),
    [
        ([{"149123456": 1}], "packages/149123456"),
        ([{"149123456": 2}, {"8": 1}], "packages/8"),
        ([{"149123456": 0}], "packages/0/149123456"),
        ([{"149123456": "2"}], "packages/0/149123456"),
        ([{"149123456": 2.0}], "packages/0/149123456"),
        ([{"149123456": True}], "packages/0/149123456"),
        ([{}], "packages/0"),
        ([], "packages"),
        ({"149123456": 2}, "packages"),
    ],
)
def test_packages_that_do_not_hold_what_was_ordered_are_refused(api: Caller, packages: object, field: str) -> None:
    with_actions(api, "ship")

    reply = api.post(f"{PATH}/ship", {"packages": packages})

    assert (reply.status, reply.fields) == (400, [field])
    assert api.store.posting(a.SELLER, a.NUMBER) == a.posting(stage=Stage.CONFIRMED)


def test_a_posting_with_unmet_requirements_is_not_shipped_and_says_which(api: Caller) -> None:
    with_actions(api, "ship", requirements={"products_requiring_gtd": ("149123456",)})

    reply = api.post(f"{PATH}/ship")

    assert (reply.status, reply.code) == (409, "gtd_needed")
    assert "products_requiring_gtd" in reply.body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "ship", None),
        ("POST", "cancel", {"reason_id": 352}),
        ("POST", "cut-off", {"cut_off": "2026-03-05T10:00:00Z"}),
        ("PUT", "tracking-number", TRACKING),
    ],
)
def test_what_the_marketplace_does_not_offer_is_refused_with_what_it_does(
    api: Caller, method: str, path: str, body: object
) -> None:
    with_actions(api, "arbitration")

    reply = api.call(method, f"{PATH}/{path}", body)

    assert (reply.status, reply.code, reply.body["offered"]) == (409, "action_not_offered", ["arbitration"])
    assert a.NUMBER in reply.body["detail"]


def test_a_posting_that_has_not_been_read_yet_offers_nothing(api: Caller) -> None:
    api.has_posting()

    assert api.post(f"{PATH}/ship").body["offered"] == []


def test_a_second_wish_points_to_the_open_intent(api: Caller) -> None:
    with_actions(api, *ALL)
    first = api.post(f"{PATH}/cancel", {"reason_id": 352})

    second = api.post(f"{PATH}/cancel", {"reason_id": 352})

    assert (second.status, second.body["offered"]) == (409, [first.headers["Location"]])


def test_the_same_key_again_makes_one_intent(api: Caller) -> None:
    with_actions(api, *ALL)

    first = api.post(f"{PATH}/cancel", {"reason_id": 352, "message": "out of stock"}, key="x-1")
    again = api.post(f"{PATH}/cancel", {"message": "out of stock", "reason_id": 352}, key="x-1")

    assert again == first
    assert len(api.get("/v1/intents").body["items"]) == 1
    assert api.post(f"{PATH}/cancel", {"reason_id": 401}, key="x-1").status == 422


def test_a_stale_if_match_asks_the_marketplace_for_nothing(api: Caller) -> None:
    with_actions(api, *ALL)
    api.post(f"{PATH}/pick")

    assert api.post(f"{PATH}/cancel", {"reason_id": 352}, if_match='"1"').status == 412
    assert api.get("/v1/intents").body["items"] == []


def test_the_cut_off_is_asked_for_in_utc(api: Caller) -> None:
    with_actions(api, "set_cutoff")

    intent = intent_of(api, api.post(f"{PATH}/cut-off", {"cut_off": "2026-03-05T13:00:00+03:00"}))

    assert intent.request == {"cut_off": "2026-03-05T10:00:00+00:00"}


@pytest.mark.parametrize(
    "text",
    ["2026-03-05", "2026-03-05T10:00:00", "tomorrow", "2026-13-05T10:00:00Z", "0001-01-01T00:00:00+03:00", "", "٢٠٢٦"],
)
def test_a_time_that_is_none_is_refused(api: Caller, text: str) -> None:
    with_actions(api, "set_cutoff")

    reply = api.post(f"{PATH}/cut-off", {"cut_off": text})

    assert (reply.status, reply.fields) == (400, ["cut_off"])


def test_a_number_is_no_time(api: Caller) -> None:
    assert api.post(f"{PATH}/cut-off", {"cut_off": 1772442000}).fields == ["cut_off"]
    assert api.get("/v1/postings", due_before="1772442000").fields == ["due_before"]


def test_a_tracking_number_is_kept_as_carriers_print_it(api: Caller) -> None:
    with_actions(api, "set_track_number")

    intent = intent_of(api, api.put(f"{PATH}/tracking-number", TRACKING))

    assert intent.request == {"tracking_number": "RB123456785CN", "carrier": "China Post"}
    assert intent.reason == "first number"


def test_a_tracking_number_of_another_posting_is_refused(api: Caller) -> None:
    with_actions(api, "set_track_number")
    api.has(ClaimPointer(a.SELLER, "tracking", "RB123456785CN", "another-posting"))

    reply = api.put(f"{PATH}/tracking-number", TRACKING)

    assert (reply.status, reply.code) == (409, "already_exists")
    assert "another-posting" in reply.body["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"tracking_number": "№1"}, "tracking_number"), ({"reason": "  "}, "reason"), ({"tracking_number": 5}, None)],
)
def test_a_tracking_number_needs_letters_and_a_reason(api: Caller, change: dict[str, object], field: str) -> None:
    with_actions(api, "set_track_number")

    reply = api.put(f"{PATH}/tracking-number", {**TRACKING, **change})

    assert (reply.status, reply.fields) == (400, [field or "tracking_number"])


# Labels ----------------------------------------------------------------------------------------------------------


def test_labels_are_asked_for_as_a_job_in_the_order_of_the_ladder(api: Caller) -> None:
    api.has_posting(a.posting(number="late", shipment_date=a.CUT_OFF))
    api.has_posting(a.posting(number="soon", shipment_date=a.NOW))

    reply = api.post("/v1/labels", {"posting_numbers": ["late", "soon", "late"], "order": "ladder"})

    assert reply.status == 202
    assert reply.body["posting_numbers"] == ["soon", "late"]
    assert api.get(reply.headers["Location"]).body == reply.body
    assert reply.body["link"] is None


def test_a_finished_job_has_a_link_that_works_for_five_minutes(api: Caller) -> None:
    job = a.print_job()
    api.has(SavePrintJob(job))
    api.has(SavePrintJob(replace(job, version=2, state=PrintState.READY, key="prints/seller-1/job-1/x.pdf")))

    body = api.get("/v1/labels/job-1").body

    assert body["link"] == "https://files.example/prints/seller-1/job-1/x.pdf?expires=300"


def test_another_sellers_job_is_not_there(api: Caller) -> None:
    api.has(SavePrintJob(a.print_job()))

    assert api.as_seller("seller-2").get("/v1/labels/job-1").status == 404


def test_labels_of_unknown_postings_are_refused_by_name(api: Caller) -> None:
    api.has_posting()

    reply = api.post("/v1/labels", {"posting_numbers": [a.NUMBER, "nobody-1"]})

    assert (reply.status, reply.fields) == (400, ["posting_numbers/nobody-1"])


@pytest.mark.parametrize(
    "numbers",
    [[], ["x"] * 301, ["", a.NUMBER], "24219509-0020-2", [1], None],
    ids=["none", "too many", "an empty one", "a text", "a number", "null"],
)
def test_a_list_of_postings_that_is_none_is_refused(api: Caller, numbers: object) -> None:
    reply = api.post("/v1/labels", {"posting_numbers": numbers})

    assert reply.status == 400
    assert reply.fields[0].split("/")[0] == "posting_numbers"


def test_everything_offered_reaches_the_marketplace_as_its_own_intent(api: Caller) -> None:
    with_actions(api, *ALL)
    replies = [
        api.post(f"{PATH}/ship"),
        api.post(f"{PATH}/cancel", {"reason_id": 352}),
        api.post(f"{PATH}/cut-off", {"cut_off": "2026-03-05T10:00:00Z"}),
        api.put(f"{PATH}/tracking-number", TRACKING),
    ]

    assert {reply.body["action"] for reply in replies} == {"ship", "cancel", "set_cut_off", "set_tracking"}
    assert len(api.get(PATH).body["open_intents"]) == 4
