"""Late and lost parcels: the card, one decision, and a first parcel that comes after all."""

from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.evidence.pieces import PieceWish, add_piece
from shipby.application.ports.writes import AddScan
from shipby.application.shared.idempotency import Answer
from shipby.application.tracking.exception_card import Decision, decide_exception, exception_card, note_received
from shipby.application.tracking.watch_silence import watch_silence
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import ActionNotOfferedError, NotFoundError
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.tracking.exceptions import Remedy, claim_by
from shipby.domain.tracking.scans import Scan, ScanStatus
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.unit.tracking.test_ways import OLD, cases, imported, stamp, watched, world
from tests.unit.world_support import World, forget, money

__all__ = ["world"]


def lost(world: World) -> World:
    imported(world, f"{OLD},{stamp(-0.5)},accepted,Принято,,")
    world.clock.advance(timedelta(days=40))
    assert watched(world) == (1, 0)
    return world


def card(world: World, **more: Any) -> dict[str, Any]:
    asked = {"grams": None, "language": "ru", **more}
    found: Any = exception_card(a.SELLER, a.NUMBER, store=world.store, clock=world.clock, **asked)
    return dict(found)


def decide(world: World, remedy: Remedy, **more: Any) -> Answer:
    decision = Decision(seller=a.SELLER, number=a.NUMBER, remedy=remedy, actor="key:k1", reason="40 days", **more)
    return decide_exception(decision, forget, store=world.store, clock=world.clock)


@pytest.mark.parametrize(
    ("carrier", "posted", "by"),
    [
        ("russian_post", date(2026, 3, 2), date(2026, 9, 2)),
        ("china_post", date(2026, 8, 31), date(2027, 2, 28)),
        ("s10", date(2026, 12, 1), date(2027, 6, 1)),
    ],
)
def test_a_claim_has_the_day_that_law_or_convention_gives_it(carrier: str, posted: date, by: date) -> None:
    found = claim_by(carrier, posted)
    assert found is not None
    assert found[0] == by
    assert found[1]


def test_nothing_is_guessed_of_a_carrier_whose_contract_says_it() -> None:
    assert claim_by("cdek", date(2026, 3, 2)) is None


def test_the_card_has_both_letters_the_deadline_and_what_is_missing(world: World) -> None:
    lost(world)
    told = card(world)
    assert told["says"] == "lost"
    assert OLD in told["to_carrier"]["text"]
    assert "Принято" in told["to_carrier"]["text"]
    assert "утеряна" in told["to_buyer"]
    assert (told["carrier"], told["claim_by"]) == ("china_post", "2026-09-02")
    assert "UPU" in told["claim_by_source"]
    assert {one["document"]: one["there"] for one in told["documents"]}["photos_of_content"] is False
    wish = PieceWish(seller=a.SELLER, number=a.NUMBER, kind=EvidenceKind.WEIGHT, actor="key:k1", grams=400)
    add_piece(wish, forget, store=world.store, documents=MemoryDocuments(), clock=world.clock)
    assert {one["document"]: one["there"] for one in card(world)["documents"]}["weight"] is True
    assert "lost" in card(world, language="en")["to_buyer"]
    assert (told["decision"], [one["remedy"] for one in told["remedies"]]) == (None, ["compensation", "reship"])


def test_what_is_fine_has_no_card(world: World) -> None:
    with pytest.raises(ActionNotOfferedError, match="heard of in time"):
        card(world)
    with pytest.raises(NotFoundError):
        exception_card(a.SELLER, "nobody", grams=None, language="", store=world.store, clock=world.clock)
    with pytest.raises(ActionNotOfferedError):
        decide(world, Remedy.RESHIP)


def test_one_remedy_is_chosen_and_the_other_takes_it_back_in_words_only(world: World) -> None:
    lost(world)
    first = decide(world, Remedy.COMPENSATION).body
    version = cases(world)[0].version
    assert decide(world, Remedy.COMPENSATION).body == first
    assert cases(world)[0].version == version, "the same again changes nothing"
    with pytest.raises(ActionNotOfferedError, match="pay twice"):
        decide(world, Remedy.RESHIP)
    decide(world, Remedy.RESHIP, instead=True)
    assert card(world)["decision"]["remedy"] == "reship"
    assert len(cases(world)) == 1


def test_what_the_carrier_paid_stands_beside_what_was_expected(world: World) -> None:
    lost(world)

    def noted() -> Answer:
        return note_received(a.SELLER, a.NUMBER, money(5000), "key:k1", forget, store=world.store, clock=world.clock)

    with pytest.raises(ActionNotOfferedError, match="decide first"):
        noted()
    decide(world, Remedy.COMPENSATION)
    assert card(world)["received"] is None
    noted()
    assert card(world)["received"] == {"amount": "50.00", "currency": "RUB"}
    assert card(world)["decision"]["remedy"] == "compensation"


def test_a_parcel_that_is_heard_of_after_a_decision_is_no_closed_matter(world: World) -> None:
    lost(world)
    decide(world, Remedy.RESHIP)
    world.write(AddScan(a.SELLER, OLD, Scan(at=world.clock.now(), status=ScanStatus.ARRIVED, source="csv")))
    assert watched(world) == (0, 0)
    [case] = cases(world)
    assert "stop the claim or the second parcel" in case.reason
    assert case.data["remedy"] == "reship"
    assert watch_silence(a.SELLER, store=world.store, clock=world.clock)["closed"] == 0


def test_a_parcel_sent_again_is_told_of_when_the_first_one_comes_after_all(world: World) -> None:
    lost(world)
    decide(world, Remedy.RESHIP)
    world.settle(world.ask_tracking(s10("RB", 77, "CN"), kind=ChangeReason.LOST_AND_SENT_AGAIN))
    with pytest.raises(ActionNotOfferedError, match="in time"):
        card(world)
    watched(world)
    [case] = cases(world)
    assert "may still arrive" in case.reason
    assert "first parcel was heard of" not in case.reason
    world.clock.advance(timedelta(hours=1))
    world.write(AddScan(a.SELLER, OLD, Scan(at=world.clock.now(), status=ScanStatus.DELIVERED, source="csv")))
    watched(world)
    [case] = cases(world)
    assert "first parcel was heard of again (delivered)" in case.reason
    watched(world)
    assert cases(world)[0].version == case.version, "told once"
