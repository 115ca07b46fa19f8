"""The guard over HTTP: where the seller stands, what one cancel would do, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvents, SaveSettings, SaveWatch
from shipby.application.rating.index_figures import Figures, watch_data
from shipby.domain.cases.watch import Watch
from shipby.domain.events import EventType, watch_ref
from shipby.domain.market import Market
from shipby.domain.rating.error_index import IndexState
from shipby.domain.sellers.settings import SellerSettings
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
CANCEL = {"reason_id": 352}
GLOBAL = a.settings(market=Market.GLOBAL)


def stands(api: Caller, errors: int, shipments: int, settings: SellerSettings = GLOBAL, *, known: bool = True) -> None:
    """The index as the poll keeps it; RU and global bands begin to differ above 4 %."""
    if api.store.settings(a.SELLER) is None:
        api.has(SaveSettings(settings))
    figures = Figures(
        read_at=a.NOW - timedelta(minutes=20),
        state=IndexState(
            index=round(Decimal(errors) * 100 / shipments, 2) if shipments else Decimal(0),
            errors=errors,
            shipments=shipments,
            shipments_most=shipments,
            basis="index" if shipments else "none",
        ),
        period_from=date(2026, 2, 16),
        period_to=date(2026, 3, 1),
        costs=a.rub("120.00"),
        leaves={"2026-03-03": errors} if errors else {},
    )
    state, data = watch_data(figures, settings)
    if not known:
        state, data = "not permitted", {"problem": "Api-Key is missing a required role"}
    watch = Watch(seller=a.SELLER, id="error-index", version=1, checked_at=a.NOW, state=state, data=data)
    event = a.event(type=EventType.WATCH_CHANGED)
    api.has(SaveWatch(watch), AppendEvents(a.SELLER, watch_ref("error-index"), 1, (event,)))


def cancellable(api: Caller, number: str = a.NUMBER, **detail: Any) -> None:
    facts = {"number": number, "actions": ("cancel", "can_create_chat"), "requirements": {}, **detail}
    api.has_posting(a.posting(number=number, at_risk=a.rub("50.00")), a.detail(**facts))


def test_the_overview_says_how_many_cancels_are_left_and_what_they_cost(api: Caller) -> None:
    stands(api, 1, 110)

    body = api.get("/v1/guard").body

    assert (body["state"], body["band"], body["next_band"], body["room"]) == ("known", "green", "blue", 3)
    assert body["in_words"] == "3 more cancels before blue"
    assert (body["index"], body["errors"], body["shipments"], body["estimated"]) == ("0.91", 1, 110, False)
    assert [(one["cancels"], one["band"], one["worse"], one["fee_percent"]) for one in body["forecasts"]] == [
        (1, "green", False, "0"),
        (2, "green", False, "0"),
        (3, "green", False, "0"),
        (5, "blue", True, "3"),
        (10, "yellow", True, "6"),
    ]
    assert body["leaving"] == [{"date": "2026-03-03", "errors": 1}]
    assert (body["age_seconds"], body["costs"]) == (1200, {"amount": "120.00", "currency": "RUB"})
    assert (body["table"]["name"], body["table"]["certain"]) == ("global-five-zones", True)
    assert body["automatic"] == "allowed"


def test_an_index_that_was_never_read_is_shown_as_unknown(api: Caller) -> None:
    body = api.get("/v1/guard").body

    assert (body["state"], body["index"], body["room"], body["forecasts"]) == ("unknown", None, None, [])
    assert (body["table"]["name"], body["table"]["certain"], body["automatic"]) == ("ru-error-index", False, "held")


def test_an_index_that_the_key_may_not_read_says_so(api: Caller) -> None:
    stands(api, 1, 110, known=False)

    assert api.get("/v1/guard").body["state"] == "not_permitted"


def test_one_postings_forecast_has_its_fee_and_the_other_ways_out(api: Caller) -> None:
    stands(api, 4, 100)
    cancellable(api)

    body = api.get(f"{PATH}/cancel-forecast").body

    assert (body["band"], body["band_after"], body["worse"], body["needs_acceptance"]) == ("green", "blue", True, True)
    assert body["room"] == 0
    assert body["index_after"] == "5.06"
    price = body["order_value"]
    assert Decimal(body["fee"]["amount"]) == (Decimal(price["amount"]) * 3 / 100).quantize(Decimal("0.01"))
    assert (body["counts"], body["automatic"], body["cancel_offered"]) == ("uncertain", "held", True)
    assert body["at_risk"] == {"amount": "50.00", "currency": "RUB"}
    choices = {one["move"]: one for one in body["choices"]}
    assert choices["cancel"]["costs"] == body["fee"]
    assert choices["move_date"]["offered"] is False
    assert "green -> blue" in choices["cancel"]["note"]


def test_a_posting_that_is_over_counts_no_more(api: Caller) -> None:
    stands(api, 4, 100)
    api.has_posting(a.posting(stage="cancelled", next_alarm=None), a.detail(actions=()))

    body = api.get(f"{PATH}/cancel-forecast").body

    assert (body["counts"], body["cancel_offered"]) == ("no", False)


def test_a_forecast_of_a_posting_that_is_not_there_is_not_found(api: Caller) -> None:
    assert api.get("/v1/postings/nobody-1/cancel-forecast").status == 404


def test_a_cancel_into_a_worse_band_is_refused_and_says_what_to_send(api: Caller) -> None:
    stands(api, 4, 100)
    cancellable(api)

    reply = api.post(f"{PATH}/cancel", CANCEL)

    assert (reply.status, reply.code, reply.fields) == (409, "cancel_guard", ["accept_forecast"])
    assert "5.06 %, green -> blue" in reply.body["detail"]
    assert api.get("/v1/intents").body["items"] == []


@pytest.mark.parametrize(("role", "status"), [("owner", 202), ("manager", 202), ("integration", 403)])
def test_only_owners_and_managers_accept_a_forecast(api: Caller, role: str, status: int) -> None:
    stands(api, 4, 100)
    cancellable(api)

    reply = api.as_role(role).post(f"{PATH}/cancel", {**CANCEL, "accept_forecast": True})

    assert reply.status == status
    assert api.get("/v1/guard").body["asked"] == (1 if status == 202 else 0)


def test_within_its_band_anybody_of_the_office_cancels(api: Caller) -> None:
    stands(api, 1, 110)
    cancellable(api)

    assert api.as_role("integration").post(f"{PATH}/cancel", CANCEL).status == 202
    body = api.get("/v1/guard").body
    assert (body["asked"], body["room"], body["index"], body["expected_index"]) == (1, 2, "0.91", "1.82")
    assert api.get(f"{PATH}/cancel-forecast").body["being_cancelled"] is True


def test_the_same_key_again_takes_one_place(api: Caller) -> None:
    stands(api, 1, 110)
    cancellable(api)

    first = api.post(f"{PATH}/cancel", CANCEL, key="x-1")

    assert api.post(f"{PATH}/cancel", CANCEL, key="x-1") == first
    assert api.get("/v1/guard").body["asked"] == 1


def test_with_the_guard_off_nothing_is_refused_and_it_is_still_shown(api: Caller) -> None:
    stands(api, 4, 100, replace(GLOBAL, cancel_guard=False))
    cancellable(api)

    assert api.get(f"{PATH}/cancel-forecast").body["needs_acceptance"] is False
    assert api.post(f"{PATH}/cancel", CANCEL).status == 202
    assert api.get("/v1/guard").body["guard_on"] is False


def test_an_unknown_index_stops_no_person(api: Caller) -> None:
    cancellable(api)

    assert api.get(f"{PATH}/cancel-forecast").body["worse"] is None
    assert api.post(f"{PATH}/cancel", CANCEL).status == 202


@pytest.mark.parametrize("path", ["/v1/guard", f"{PATH}/cancel-forecast"])
def test_packers_do_not_see_the_index(api: Caller, path: str) -> None:
    cancellable(api)

    assert api.as_role("packer").get(path).status == 403
    assert api.as_role("support").get(path).status == 200


def test_another_sellers_figures_are_not_shown(api: Caller) -> None:
    stands(api, 1, 110)

    assert api.as_seller("seller-2").get("/v1/guard").body["index"] is None
