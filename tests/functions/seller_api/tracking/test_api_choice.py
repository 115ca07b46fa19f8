"""The choice of a carrier over HTTP."""

from __future__ import annotations

from shipby.domain.postings.posting import Scheme
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}/carrier-choice"
BODY = {
    "names": {"en": "Van"},
    "max_grams": 900,
    "prices": [
        {
            "valid_from": "2026-01-01",
            "announced_on": "2026-01-01",
            "source": "contract",
            "bands": [{"up_to_grams": 1000, "price": {"amount": "100.00", "currency": "RUB"}}],
        }
    ],
}


def test_the_card_is_shown_and_a_choice_needs_its_reason_and_version(api: Caller) -> None:
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated"}
    api.has_posting(a.posting(**own), a.detail(**own))
    api.put("/v1/carriers/van", BODY, if_match='"0"')
    assert api.get("/v1/carriers/van").body["max_grams"] == 900
    shown = api.get(PATH, grams="500")
    assert (shown.status, shown.body["best"], shown.body["grams_from"]) == (200, "van", "asked")
    heavy = api.get(PATH, grams="950").body["carriers"]
    assert "more than its 900 g" in next(one for one in heavy if one["carrier"] == "van")["why_not"][0]
    refused = api.post(PATH, {"carrier": "cdek", "grams": 500})
    assert (refused.status, refused.fields) == (400, ["reason"])
    done = api.post(PATH, {"carrier": "cdek", "grams": 500, "reason": "it is on the way"})
    assert (done.status, done.body["chosen"]["override"]) == (200, True)
    assert api.get(PATH).body["chosen"]["reason"] == "it is on the way"
    stale = api.post(PATH, {"carrier": "van", "grams": 500}, if_match='"1"')
    assert stale.status == 412


def test_the_marketplaces_own_carrier_is_not_the_sellers_to_choose(api: Caller) -> None:
    api.has_posting()
    reply = api.get(PATH)
    assert (reply.status, reply.body["type"]) == (409, "urn:shipby:problem:action_not_offered")
