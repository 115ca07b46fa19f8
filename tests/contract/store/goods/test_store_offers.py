"""What shops say is for sale, and the places that wait to be told."""

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveOffer, SaveSupply
from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place
from shipby.domain.availability.purchases import SupplyTerms
from shipby.domain.errors import InvalidInputError, VersionConflictError
from tests.support import builders as a


def offer(seller: str, **changes: Any) -> Offer:
    base = Offer(
        seller=seller,
        warehouse="22",
        offer="A#1 ё",
        version=1,
        owner="other",
        pool="main",
        wanted=3,
        wanted_at=a.NOW,
    )
    return replace(base, **changes)


def test_an_offer_comes_back_whole_and_waits_until_it_is_told(store: Store, seller: str) -> None:
    first = offer(seller)
    store.commit([SaveOffer(first)])
    assert store.offers_at(seller, [first.place, Place("22", "nobody's")]) == {first.place: first}
    assert store.untold_offers(seller, limit=10) == [first.place]
    sending = replace(first, version=2, sending=3, tried_at=a.NOW)
    store.commit([SaveOffer(sending, marks=False)])
    assert store.untold_offers(seller, limit=10) == [first.place]
    told = replace(
        sending, version=3, state=OfferState.TOLD, sending=None, told=3, told_at=a.NOW, tries=2, code="C", problem="p"
    )
    store.commit([SaveOffer(told)])
    assert store.offers_at(seller, [first.place]) == {first.place: told}
    assert store.untold_offers(seller, limit=10) == []
    store.commit([SaveOffer(replace(told, version=4))])
    assert store.untold_offers(seller, limit=10) == []


def test_two_that_change_an_offer_meet(store: Store, seller: str) -> None:
    store.commit([SaveOffer(offer(seller))])
    with pytest.raises(VersionConflictError):
        store.commit([SaveOffer(offer(seller, wanted=0))])
    with pytest.raises(VersionConflictError):
        store.commit([SaveOffer(offer(seller, version=3, state=OfferState.TOLD))])
    assert store.untold_offers(seller, limit=10) == [offer(seller).place]


def test_offers_of_a_shop_are_paged_and_no_other_shop_sees_them(store: Store, seller: str) -> None:
    mine = [offer(seller, offer=name, warehouse=house) for house in ("1", "2") for name in ("a", "b")]
    store.commit([SaveOffer(one) for one in mine])
    store.commit([SaveOffer(offer(f"{seller}-other"))])
    first = store.offers_of(seller, limit=3)
    assert list(first.items) == mine[:3]
    assert list(store.offers_of(seller, limit=3, cursor=first.cursor).items) == mine[3:]
    assert store.untold_offers(seller, limit=2) == [one.place for one in mine[:2]]
    with pytest.raises(InvalidInputError):
        store.offers_of(f"{seller}-other", limit=3, cursor=first.cursor)


def test_how_articles_are_bought_is_kept_by_pool(store: Store, seller: str) -> None:
    first = SupplyTerms(seller=seller, pool="main", sku="A", version=1, supplier="Завод", lead_days=5, reorder_point=3)
    others = [replace(first, sku="B", reorder_point=None), replace(first, pool="second")]
    store.commit([SaveSupply(one) for one in (first, *others)])
    assert store.supply_terms(seller, "main", "A") == first
    assert store.supply_terms(seller, "main", "C") is None
    page = store.supply_in(seller, "main", limit=1)
    assert list(page.items) == [first]
    assert list(store.supply_in(seller, "main", limit=1, cursor=page.cursor).items) == [others[0]]
    with pytest.raises(VersionConflictError):
        store.commit([SaveSupply(first)])
