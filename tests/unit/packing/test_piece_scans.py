"""Marks at the bench: a piece is known by its mark, counts once, and is one posting's in all shops of the owner."""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shipby.application.intents.enter_exemplars import tell_pieces
from shipby.application.packing.bench_checks import Scan, get_check, reset_check, scan_item
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, SaveProductCard, SaveSettings
from shipby.domain import pointers
from shipby.domain.errors import BenchRefusedError, InvalidInputError, StoppedError
from shipby.domain.events import posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.marks import GS, Mark
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.unit.packing.mark_scans import RECOVERABLE, Mishap, gtin, make_mark, spoil
from tests.unit.returns.return_support import dispose, goods, poll, step
from tests.unit.world_support import World, forget

SKU, OTHER_SKU, OTHER = "149123456", "149123457", "24219509-0020-9"
EAN = "4601234567893"
PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
FIRST, SECOND, THIRD = (
    Mark(f"0{EAN}", serial, PROOF) for serial in ("FGXEAGA5a1GA(", "FGXEAGA5a1GA)", "FGXEAGA5a1GA:")
)
MARKED: dict[str, Any] = {"requirements": {"mandatory_mark": (SKU,)}}
SCANS = int(os.environ.get("SHIPBY_MARK_SCANS", "1400"))
"""`make marks` plays ten thousand."""


@pytest.fixture
def world() -> World:
    found = World()
    found.arrives(**MARKED)
    found.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=SKU, version=1, barcodes=(EAN,))))
    return found


def scan(
    world: World, code: str, number: str = a.NUMBER, *, seller: str = a.SELLER, quantity: int = 1
) -> Mapping[str, Any]:
    beep = Scan(seller=seller, number=number, code=code, actor="key:k1", quantity=quantity)
    answer = scan_item(
        beep, forget, tell=tell_pieces, store=world.store, documents=MemoryDocuments(), clock=world.clock
    )
    return answer.body


def refused(world: World, code: str, **more: Any) -> str:
    """The code of a refusal, which changes nothing of the parcel."""
    number, seller = more.get("number", a.NUMBER), more.get("seller", a.SELLER)
    before = world.store.bench_check(seller, number), world.store.exemplar_sheet(seller, number)
    with pytest.raises(BenchRefusedError) as error:
        scan(world, code, **more)
    assert (world.store.bench_check(seller, number), world.store.exemplar_sheet(seller, number)) == before
    return error.value.code


def reset(world: World) -> Mapping[str, Any]:
    parts = {"store": world.store, "documents": MemoryDocuments(), "clock": world.clock}
    return reset_check(a.SELLER, a.NUMBER, "another box", "key:k1", forget, **parts).body  # type: ignore[arg-type]  # three parts


def owner(world: World, mark: Mark) -> str | None:
    return world.store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, mark.identity)


def entered(world: World) -> list[str]:
    sheet = world.store.exemplar_sheet(a.SELLER, a.NUMBER)
    return [one.mark for one in sheet.pieces[SKU]] if sheet else []


def test_an_item_asks_for_its_mark_and_counts_with_it(world: World) -> None:
    asked = scan(world, EAN)
    assert (asked["scanned"], asked["asks"]["what"], asked["asks"]["piece"]) == (0, "mark_needed", 1)

    assert scan(world, FIRST.code)["scanned"] == 1
    assert scan(world, SKU)["asks"]["piece"] == 2
    assert scan(world, SECOND.code)["stage"] == "packed"
    assert entered(world) == [FIRST.code, SECOND.code]
    assert owner(world, FIRST) == f"{a.SELLER}/{a.NUMBER}"


def test_the_marks_alone_name_item_and_piece_and_once_all_are_there_the_marketplace_is_told(world: World) -> None:
    scan(world, FIRST.code)
    assert world.posting().open_intents == ()
    scan(world, SECOND.code.replace(GS, ""))

    [intent] = world.posting().open_intents
    assert world.settle(intent).intent.state is IntentState.CONFIRMED
    assert world.settle(world.ask(IntentAction.SHIP)).intent.state is IntentState.CONFIRMED


def test_raw_codes_of_the_marketplace_are_shown_and_failed_means_again(world: World) -> None:
    world.market.exemplars.refused = {SECOND.code: "SOME_RAW_CODE"}
    scan(world, FIRST.code)
    scan(world, SECOND.code)
    [intent] = world.posting().open_intents
    world.settle(intent)
    assert world.settle(intent).intent.state is IntentState.REJECTED
    sheet = world.store.exemplar_sheet(a.SELLER, a.NUMBER)
    assert sheet is not None
    assert "SOME_RAW_CODE" in sheet.problem

    reset(world)
    scan(world, FIRST.code)
    scan(world, THIRD.code)
    [again] = world.posting().open_intents
    assert world.settle(again).intent.state is IntentState.CONFIRMED
    assert (owner(world, SECOND), owner(world, THIRD)) == (None, f"{a.SELLER}/{a.NUMBER}")


@pytest.mark.parametrize("asked_first", [True, False])
@pytest.mark.parametrize(
    ("code", "why"),
    [
        (FIRST.code, "already_scanned"),
        (FIRST.code.replace(GS, ""), "already_scanned"),
        (SECOND.code[:40], "cut_off"),
        (SECOND.code.replace("FGXE", "АGXE"), "ambiguous"),
        (f"]d2{SECOND.code}".swapcase(), "caps_lock"),
        (SECOND.code.replace("67893", "67892"), "misread"),
    ],
)
def test_a_wrong_mark_has_a_code_of_its_own(world: World, asked_first: bool, code: str, why: str) -> None:
    scan(world, FIRST.code)
    if asked_first:
        scan(world, EAN)
    assert refused(world, code) == why
    if asked_first:
        assert scan(world, SECOND.code)["complete"] is True


def test_while_a_mark_is_wanted_a_barcode_is_none_and_a_foreign_mark_is_refused(world: World) -> None:
    scan(world, EAN)
    foreign = Mark("04607143560598", FIRST.serial, PROOF)

    assert refused(world, EAN) == "barcode"
    assert refused(world, "tea-cup-02") == "mark_needed"
    assert refused(world, foreign.code) == "wrong_goods"
    assert refused(world, FIRST.code, quantity=2) == "too_many"
    assert refused(world, "hello") == "not_a_mark"
    assert get_check(a.SELLER, a.NUMBER, store=world.store, documents=MemoryDocuments())["asks"] is not None


def test_a_foreign_mark_names_no_item(world: World) -> None:
    assert refused(world, Mark("04607143560598", FIRST.serial, PROOF).code) == "wrong_item"


def test_pieces_that_need_marks_are_scanned_one_by_one(world: World) -> None:
    assert refused(world, EAN, quantity=2) == "mark_needed"
    assert refused(world, FIRST.code, quantity=2) == "too_many"


def test_of_two_products_each_mark_goes_to_its_own() -> None:
    world = World()
    lines = (a.line(quantity=1), a.line(sku=OTHER_SKU, offer_id="B", quantity=1))
    world.arrives(requirements={"mandatory_mark": (SKU, OTHER_SKU)}, lines=lines)
    second = Mark("04607143560598", FIRST.serial, PROOF)
    for sku, ean in ((SKU, EAN), (OTHER_SKU, "4607143560598")):
        world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=sku, version=1, barcodes=(ean,))))
    scan(world, SKU)

    assert refused(world, second.code) == "wrong_goods"
    scan(world, FIRST.code)
    assert scan(world, second.code)["complete"] is True


def test_a_card_without_a_gtin_is_told_by_the_item_s_scan_unless_the_mark_is_of_another_product_of_the_parcel() -> None:
    world = World()
    lines = (a.line(quantity=1), a.line(sku=OTHER_SKU, offer_id="B", quantity=1))
    world.arrives(requirements={"mandatory_mark": (SKU, OTHER_SKU)}, lines=lines)
    world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=OTHER_SKU, version=1, barcodes=(EAN,))))

    scan(world, SKU)
    assert refused(world, FIRST.code) == "wrong_goods"
    scan(world, Mark("04607143560598", FIRST.serial, PROOF).code)


def second_shop(world: World) -> None:
    world.write(SaveSettings(a.settings(seller="seller-2")))
    posting = a.posting(seller="seller-2", stage=Stage.CONFIRMED)
    detail = a.detail(requirements={"mandatory_mark": (SKU,)})
    events = AppendEvents("seller-2", posting_ref(posting.number), posting.version, (a.event(),))
    card = ProductCard(seller="seller-2", sku=SKU, version=1, barcodes=(EAN,))
    world.write(SavePosting(posting), SaveDetail("seller-2", detail), events, SaveProductCard(card))


def test_one_mark_is_one_piece_in_all_shops_of_the_owner_and_free_again_when_its_posting_is_cancelled(
    world: World,
) -> None:
    world.arrives(OTHER, **MARKED)
    second_shop(world)
    scan(world, FIRST.code)
    for more in ({"number": OTHER}, {"seller": "seller-2"}):
        assert refused(world, FIRST.code, **more) == "mark_used"
    with pytest.raises(BenchRefusedError) as error:
        scan(world, FIRST.code, seller="seller-2")
    assert "another shop" in str(error.value)

    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert scan(world, FIRST.code, seller="seller-2")["scanned"] == 1
    assert refused(world, FIRST.code, number=OTHER) == "mark_used"


def test_pieces_that_are_taken_out_again_may_go_into_another_parcel(world: World) -> None:
    world.arrives(OTHER, **MARKED)
    scan(world, FIRST.code)
    assert reset(world)["scanned"] == 0

    assert owner(world, FIRST) is None
    assert scan(world, FIRST.code, OTHER)["scanned"] == 1
    assert scan(world, EAN)["asks"] is not None


def test_after_a_reset_what_was_told_is_no_reason_not_to_look_at_the_pieces(world: World) -> None:
    scan(world, FIRST.code)
    scan(world, SECOND.code)
    assert refused(world, THIRD.code) == "too_many"
    reset(world)

    assert scan(world, EAN)["asks"] is not None
    assert refused(world, THIRD.code) == "call_under_way"
    scan(world, FIRST.code)
    assert scan(world, SECOND.code)["complete"] is True
    assert entered(world) == [FIRST.code, SECOND.code]


def test_what_is_assembled_at_the_marketplace_takes_the_pieces_it_was_told_of(world: World) -> None:
    scan(world, FIRST.code)
    scan(world, SECOND.code)
    world.settle(world.posting().open_intents[0])
    world.settle(world.ask(IntentAction.SHIP))
    world.read()
    reset(world)

    assert refused(world, THIRD.code) == "other_piece"
    scan(world, FIRST.code)
    assert refused(world, FIRST.code) == "already_scanned"
    assert scan(world, SECOND.code)["complete"] is True


def test_a_mark_of_goods_that_need_none_counts_the_piece_once() -> None:
    world = World()
    world.arrives()
    world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=SKU, version=1, barcodes=(EAN,))))
    scan(world, FIRST.code)

    assert refused(world, FIRST.code) == "already_scanned"
    assert scan(world, SECOND.code[:40])["complete"] is True
    assert world.store.exemplar_sheet(a.SELLER, a.NUMBER) is None


def test_a_cancelled_posting_says_so(world: World) -> None:
    scan(world, EAN)
    world.market.cancel_by(a.NUMBER, "client")
    world.read()

    with pytest.raises(StoppedError) as error:
        scan(world, FIRST.code)
    assert error.value.code == "cancelled"


def test_where_the_marketplace_takes_none_now_the_pieces_are_kept_and_can_be_sent_later(world: World) -> None:
    world.market.change(a.NUMBER, actions=("cancel",))
    world.read()
    scan(world, FIRST.code)
    scan(world, SECOND.code)
    sheet = world.store.exemplar_sheet(a.SELLER, a.NUMBER)

    assert sheet is not None
    assert (sheet.intent, "does not offer" in sheet.problem) == ("", True)


def test_of_many_seeded_scans_none_passes_for_another_piece_and_the_recoverable_ones_are_recovered() -> None:
    """Through the whole bench: an item, then what a scanner made of its mark."""
    rng = random.Random(46)
    world = World()
    world.policy(kill_switch=False)
    kinds = tuple(Mishap)
    recovered, wrong = Counter[Mishap](), Counter[Mishap]()
    asked, used, issued = Counter[Mishap](), list[Mark](), set[str]()
    for turn in range(SCANS):
        mishap, number, ean = kinds[turn % len(kinds)], f"{turn:08d}-0001-1", gtin(rng)[1:]
        mark = make_mark(rng, f"0{ean}")
        typed = spoil(rng, mishap, mark)
        if mishap is Mishap.EAN:
            typed = ean
        elif mishap is Mishap.FOREIGN:
            typed = make_mark(rng, gtin(rng)).code
        elif mishap is Mishap.USED and used:
            mark = rng.choice(used)
            ean, typed = mark.gtin[1:], mark.code
        issued.add(mark.code)
        asked[mishap] += 1
        sku = f"9{turn:09d}"
        posting = a.posting(number=number, stage=Stage.CONFIRMED)
        detail = a.detail(number=number, lines=(a.line(sku=sku, quantity=2),), requirements={"mandatory_mark": (sku,)})
        events = AppendEvents(a.SELLER, posting_ref(number), posting.version, (a.event(),))
        card = ProductCard(seller=a.SELLER, sku=sku, version=1, barcodes=(ean,))
        world.write(SavePosting(posting), SaveDetail(a.SELLER, detail), events, SaveProductCard(card))
        scan(world, sku, number)
        try:
            scan(world, typed, number)
        except BenchRefusedError:
            continue
        sheet = world.store.exemplar_sheet(a.SELLER, number)
        assert sheet is not None
        taken = sheet.pieces[sku][0].mark
        if taken == mark.code or (taken.startswith(mark.identity) and mark.code.startswith(f"{taken}{GS}310")):
            recovered[mishap] += 1
            used.append(replace(mark))
            wrong[mishap] += mishap is Mishap.USED and asked[mishap] > 1
        elif mishap not in (Mishap.CASE, Mishap.CAPS_BARE) or taken != typed or taken in issued:
            wrong[mishap] += 1
    total = sum(asked[kind] for kind in RECOVERABLE)
    share = sum(recovered[kind] for kind in RECOVERABLE) / total
    sys.stdout.write(f"\n{SCANS} scans at the bench: {wrong.total()} wrong accepted, {share:.2%} recovered\n")
    assert +wrong == Counter()
    assert share >= 0.95


def returned(world: World, quantity: int = 2, marks: tuple[str, ...] = ()) -> None:
    """Goods of the delivered posting come back, are looked at and put on sale again."""
    world.market.change(a.NUMBER, status="delivered", actions=())
    world.read()
    goods(world, quantity=quantity)
    poll(world)
    step(world, "receive")
    step(world, "inspect", condition="new")
    dispose(world, "restock", marks=marks)


def sold(world: World, number: str = a.NUMBER) -> None:
    for mark in (FIRST, SECOND):
        scan(world, mark.code, number)
    world.settle(world.posting(number).open_intents[0])


def test_a_piece_that_came_back_may_be_sold_again_and_its_history_says_where_it_was(world: World) -> None:
    sold(world)
    world.arrives(OTHER, **MARKED)
    assert refused(world, FIRST.code, number=OTHER) == "mark_used"
    returned(world)

    former = world.store.find(pointers.EVERY_SHOP, pointers.FORMER_EXEMPLAR, FIRST.identity)
    assert (owner(world, FIRST), former) == (None, f"{a.SELLER}/{a.NUMBER}")
    assert world.types()[-1] == "exemplars.released"
    assert dict(world.history()[-1].event.data) == {"codes": 2, "before": []}
    assert scan(world, FIRST.code, OTHER)["scanned"] == 1


def test_of_a_part_that_came_back_the_scanned_marks_alone_are_free(world: World) -> None:
    sold(world)
    with pytest.raises(InvalidInputError):
        returned(world, 1, (THIRD.code,))
    with pytest.raises(InvalidInputError):
        dispose(world, "restock", marks=(FIRST.code, SECOND.code))
    dispose(world, "restock", marks=(SECOND.code.replace(GS, ""),))

    assert (owner(world, FIRST), owner(world, SECOND)) == (f"{a.SELLER}/{a.NUMBER}", None)


def test_of_a_part_whose_pieces_nobody_scanned_none_is_free(world: World) -> None:
    sold(world)
    returned(world, 1)
    assert owner(world, FIRST) == owner(world, SECOND) == f"{a.SELLER}/{a.NUMBER}"


def test_a_check_that_did_not_end_in_time_is_asked_for_again_by_scanning_the_same_pieces_again(world: World) -> None:
    world.market.exemplars.state = "failed"
    for mark in (FIRST, SECOND):
        scan(world, mark.code)
    [intent] = world.posting().open_intents
    world.settle(intent)
    assert world.settle(intent).intent.state is IntentState.REJECTED

    world.market.exemplars.state = "passed"
    reset(world)
    scan(world, FIRST.code)
    assert world.posting().open_intents == ()
    scan(world, SECOND.code)
    [again] = world.posting().open_intents
    assert world.settle(again).intent.state is IntentState.CONFIRMED
    assert entered(world) == [FIRST.code, SECOND.code]
