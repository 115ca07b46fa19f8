"""What the marketplace's own labels show. One place, as it is assumed and may turn out to be otherwise."""

from __future__ import annotations

from shipby.domain.postings.posting import Posting, Scheme

FBS_INTEGRATION = "ozon"
"""`tpl_integration_type` of what the marketplace itself delivers. official (ozon Seller API, /v3/posting/fbs/get)."""


def shows_person(posting: Posting) -> bool:
    """Whether the marketplace's label of this posting shows a person's name, address or phone.

    inferred: where the marketplace delivers (FBS, integration `ozon`) its pages carry codes, route and number, and no
    page with a recipient was seen; for rFBS, Express and every integration with somebody else's delivery the courier
    has to find the door. Whoever is not surely the first is taken for the second: a label too many is deleted early,
    never a person kept too long.
    """
    return not (posting.scheme is Scheme.FBS and posting.integration == FBS_INTEGRATION)
