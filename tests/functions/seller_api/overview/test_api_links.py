"""Every answer leads to what belongs to it, and histories come in pages."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from shipby.application.ports.writes import AppendEvents, SaveIntent, SaveMoney, SavePosting, SaveReturn
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.intents import IntentAction
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PARENT = "24219509-0020-1"


def follow(api: Caller, href: str) -> int:
    """The status of what an address answers."""
    parts = urlsplit(href)
    return api.get(parts.path, **dict(parse_qsl(parts.query))).status


def test_every_link_of_a_posting_an_intent_and_a_return_leads_somewhere(api: Caller) -> None:
    api.has(SavePosting(a.posting(number=PARENT)), SaveMoney(a.ledger()))
    api.has_posting(a.posting(parent_number=PARENT), a.detail())
    intent = a.intent(ref=return_ref(a.RETURN_ID), action=IntentAction.RETURN_ACTION, amount=a.rub("1"))
    api.has(SaveIntent(a.intent()), SaveIntent(intent), SaveReturn(a.return_case()))
    answers = [f"/v1/postings/{a.NUMBER}", f"/v1/returns/{a.RETURN_ID}", f"/v1/intents/{intent.id}"]
    for path in answers:
        links = api.get(path).body["links"]
        assert links["self"] == path
        assert None not in links.values(), path
        assert {name: follow(api, href) for name, href in links.items()} == dict.fromkeys(links, 200)


def test_what_is_not_there_has_no_link(api: Caller) -> None:
    api.has_posting()
    api.has(SaveIntent(a.intent()), SaveReturn(a.return_case(linked=False)))
    links = api.get(f"/v1/postings/{a.NUMBER}").body["links"]
    assert (links["parent"], links["order"]) == (None, None)
    assert api.get(f"/v1/intents/{a.intent().id}").body["links"]["return"] is None
    assert api.get(f"/v1/returns/{a.RETURN_ID}").body["links"]["posting"] is None


def test_a_history_comes_in_pages_that_part_no_version(api: Caller) -> None:
    api.has(SavePosting(a.posting()))
    for version, count in ((1, 1), (2, 3), (3, 1)):
        api.has(AppendEvents(a.SELLER, posting_ref(a.NUMBER), version, (a.event(),) * count))
    path = f"/v1/postings/{a.NUMBER}/events"
    first = api.get(path, limit="2").body
    assert ([one["version"] for one in first["items"]], first["next_cursor"]) == ([1, 2, 2, 2], "2")
    rest = api.get(path, limit="2", cursor=first["next_cursor"]).body
    assert ([one["version"] for one in rest["items"]], rest["next_cursor"]) == ([3], None)
    assert len(api.get(path).body["items"]) == 5
    assert api.get(path, limit="5").body["next_cursor"] is None
    assert api.get(path, cursor="x").fields == ["cursor"]
    assert api.get(path, limit="0").fields == ["limit"]
