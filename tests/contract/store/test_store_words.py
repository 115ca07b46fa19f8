"""Postings are found by the beginnings of words, and looked up together with pointers."""

from __future__ import annotations

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import ClaimPointer, SaveDetail, SavePosting
from shipby.domain import pointers
from shipby.domain.errors import VersionConflictError
from shipby.domain.postings.choice import Choice, Tag
from shipby.domain.postings.goods import goods_text
from shipby.domain.postings.posting import Scheme, Stage
from shipby.domain.postings.words import Word, WordKind
from tests.support import builders as a


def test_a_posting_is_found_by_the_beginning_of_each_of_its_words(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller)), SaveDetail(seller, a.detail())])
    other = "55550000-0020-1"
    store.commit([SavePosting(a.posting(seller=seller, number=other)), SaveDetail(seller, a.detail(number=other))])
    words, more = store.words_from(seller, "0020", most=10)
    assert words == [Word("0020-1", WordKind.PART, other), Word("0020-2", WordKind.PART, a.NUMBER)]
    assert not more
    (number,), _ = store.words_from(seller, "242", most=10)
    assert number == Word(a.NUMBER, WordKind.NUMBER, a.NUMBER)
    sku = a.detail().lines[0].sku
    found, more = store.words_from(seller, sku, most=1, whole=True)
    assert (found[0].kind, len(found), more) == (WordKind.SKU, 1, True)
    assert store.words_from(seller, sku[:-1], most=9, whole=True) == ([], False)
    assert store.words_from(f"{seller}x", "242", most=10) == ([], False)


def test_words_stand_before_the_posting_does(store: Store, seller: str) -> None:
    """What fails behind them leaves a word that leads nowhere, never a posting without one."""
    known = Word("new", WordKind.ARTICLE, a.NUMBER)
    store.commit([SavePosting(a.posting(seller=seller)), SaveDetail(seller, a.detail(), (known,))])
    assert list(store.words_from(seller, "n", most=9)[0]) == [known]
    again = Word("newer", WordKind.ARTICLE, a.NUMBER)
    with pytest.raises(VersionConflictError):
        store.commit([SavePosting(a.posting(seller=seller)), SaveDetail(seller, a.detail(), (again,))])
    assert known in store.words_from(seller, "new", most=9)[0]


def test_postings_and_pointers_are_looked_up_together(store: Store, seller: str) -> None:
    posting = a.posting(seller=seller)
    store.commit([SavePosting(posting), ClaimPointer(seller, pointers.TRACKING, "T1", a.NUMBER)])
    found = store.looked_up(
        seller, [a.NUMBER, "none"], [(pointers.TRACKING, "T1"), (pointers.LABEL, "T1"), (pointers.TRACKING, "T2")]
    )
    assert found.postings == {a.NUMBER: posting}
    assert found.targets == {(pointers.TRACKING, "T1"): a.NUMBER}


def test_a_board_shows_only_what_is_chosen(store: Store, seller: str) -> None:
    goods = goods_text(a.detail().lines)
    sku = a.detail().lines[0].sku
    full = a.posting(
        seller=seller,
        warehouse_id="w1",
        delivery_method_id="m1",
        scheme=Scheme.RFBS,
        integration="non_integrated",
        status="awaiting_deliver",
        goods=goods,
        late=True,
        overdue=True,
        at_risk=a.rub("12.50"),
        blocked_reason="why",
        open_intents=("i",),
        parent_number="p",
        entries_wanted=True,
    )
    plain = [a.posting(seller=seller, number=f"n{at}", goods=goods_text(())) for at in range(3)]
    store.commit([SavePosting(posting) for posting in (*plain, full)])
    chosen = [
        Choice(warehouse="w1"),
        Choice(method="m1"),
        Choice(scheme="rFBS"),
        Choice(status="awaiting_deliver"),
        Choice(sku=sku),
        Choice(late=True),
        *(Choice(tag=tag) for tag in Tag),
        Choice(warehouse="w1", sku=sku, late=True, tag=Tag.OWN_CARRIER),
    ]
    for choice in chosen:
        (item,) = store.worklist(seller, Stage.RECEIVED, only=choice).items
        assert (item.number, item.goods, item.open_intents) == (a.NUMBER, goods, ("i",)), choice
    assert len(store.worklist(seller, Stage.RECEIVED, only=Choice(late=False)).items) == 3
    assert store.worklist(seller, Stage.RECEIVED, only=Choice(sku=sku[1:])).items == ()
    page = store.worklist(seller, Stage.RECEIVED, only=Choice(late=False), limit=2)
    rest = store.worklist(seller, Stage.RECEIVED, only=Choice(late=False), limit=2, cursor=page.cursor)
    assert [len(page.items), len(rest.items), rest.cursor] == [2, 1, None]
