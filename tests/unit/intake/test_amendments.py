"""An order that is changed while it is worked on: the difference is told, work is undone as far as needed, and nobody
packs or labels what it was before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.intents.enter_exemplars import tell_pieces
from shipby.application.labels.asks import Tools, wanted
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.labels.storing import store_label
from shipby.application.packing.bench_checks import Scan, reset_check, scan_item
from shipby.application.ports.press import LabelPage
from shipby.application.ports.writes import SaveDocument, SavePosting, Write
from shipby.application.postings.amendments import Look, amendments_of, seen_by
from shipby.application.shared.idempotency import Answer
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import AmendedError, ShipbyError, StageMismatchError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.amendments import amendment
from shipby.domain.postings.posting import NO_ADDRESS, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World, forget

SKU, OTHER = "149123456", "200200200"


@pytest.fixture
def world() -> World:
    return World()


def changes(world: World, **facts: Any) -> None:
    """The marketplace changes the order, and it is read."""
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, **facts)
    world.read()


def worked(world: World, *commands: Command) -> None:
    world.arrives()
    for command in commands:
        world.do(command)


PACKED = (Command.CONFIRM, Command.PICK, Command.PACK)
MORE = (a.line(quantity=3),)
LESS = (a.line(quantity=1),)
SWAPPED = (a.line(sku=OTHER, offer_id="other"),)


def last(world: World) -> dict[str, Any]:
    return next(
        dict(each.event.data) for each in reversed(world.history()) if each.event.type is EventType.POSTING_AMENDED
    )


def served(world: World) -> list[str]:
    items: Any = amendments_of(a.SELLER, a.NUMBER, store=world.store)["items"]
    return [each["changes"][0]["what"] for each in items]


def see(world: World) -> Answer:
    return seen_by(Look(seller=a.SELLER, number=a.NUMBER, actor="key:k1"), forget, store=world.store, clock=world.clock)


def scan(world: World, code: str = SKU, quantity: int = 1) -> Answer:
    beep = Scan(seller=a.SELLER, number=a.NUMBER, code=code, actor="key:k1", quantity=quantity)
    return scan_item(beep, forget, tell=tell_pieces, store=world.store, documents=MemoryDocuments(), clock=world.clock)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"lines": MORE}, [("quantity", SKU, 2, 3)]),
        ({"lines": LESS}, [("quantity", SKU, 2, 1)]),
        ({"lines": SWAPPED}, [("quantity", SKU, 2, 0), ("quantity", OTHER, 0, 2)]),
        ({"lines": (a.line(price=a.rub("99.50")),)}, [("price", SKU, "125.00 RUB", "99.50 RUB")]),
        ({"delivery_method_id": "7"}, [("delivery_method", "", "5", "7")]),
        ({"warehouse_id": "9"}, [("warehouse", "", "21321684811000", "9")]),
        ({"integration": "aggregator"}, [("integration", "", "ozon", "aggregator")]),
        ({"address": "beef"}, [("address", "", "given", "given")]),
        ({"address": NO_ADDRESS}, [("address", "", "given", "none")]),
        ({"legal": True}, [("legal_entity", "", False, True)]),
        ({"shipment_date": a.NOW}, [("cut_off", "", a.CUT_OFF.isoformat(), a.NOW.isoformat())]),
        ({"lines": (a.line(price=None),)}, []),
        ({"lines": ()}, []),
        ({"delivery_method_id": ""}, []),
        ({"address": ""}, []),
        ({"lines": (a.line(quantity=1), a.line(quantity=1))}, []),
        ({"lines": (a.line(name="another name"),)}, []),
    ],
)
def test_a_difference_says_what_from_what_to_what_and_unknown_is_no_difference(
    facts: dict[str, Any], told: list[tuple[Any, ...]]
) -> None:
    before = a.detail(delivery_method_id="5", address="cafe")
    found = amendment(before, replace(before, **facts))
    assert [(each.what, each.sku, each.old, each.new) for each in found.differences] == told


@pytest.mark.parametrize(
    ("lines", "done", "stage"),
    [
        (MORE, (), Stage.RECEIVED),
        (MORE, (Command.CONFIRM,), Stage.CONFIRMED),
        (MORE, (Command.CONFIRM, Command.PICK), Stage.CONFIRMED),
        (MORE, (Command.CONFIRM, Command.PICK, Command.INSPECT), Stage.CONFIRMED),
        (MORE, PACKED, Stage.CONFIRMED),
        (SWAPPED, PACKED, Stage.CONFIRMED),
        (LESS, PACKED, Stage.PICKED),
        (LESS, (Command.CONFIRM, Command.PICK), Stage.PICKED),
        (LESS, (Command.CONFIRM,), Stage.CONFIRMED),
    ],
)
def test_work_is_undone_as_far_as_it_has_to_be_done_anew(
    world: World, lines: Any, done: tuple[Command, ...], stage: Stage
) -> None:
    worked(world, *done)
    changes(world, lines=lines)
    posting = world.posting()
    assert posting.stage is stage
    assert (posting.packed_at is None) is (stage is not Stage.PACKED)
    assert bool(posting.amended) is bool(done)


def test_dates_and_prices_undo_nothing_and_stop_nobody(world: World) -> None:
    worked(world, *PACKED)
    changes(world, shipment_date=a.CUT_OFF + timedelta(hours=1), lines=(a.line(price=a.rub("1.00")),))
    assert (world.posting().stage, world.posting().amended) == (Stage.PACKED, 0)
    assert [each["what"] for each in last(world)["changes"]] == ["price", "cut_off"]


def test_a_blocked_order_is_undone_beneath_its_block(world: World) -> None:
    worked(world, Command.CONFIRM, Command.PICK)
    world.do(Command.INSPECT, passed=False, reason="scratched")
    changes(world, lines=MORE)
    posting = world.posting()
    assert (posting.stage, posting.blocked_from) == (Stage.BLOCKED, Stage.CONFIRMED)
    world.do(Command.UNBLOCK, reason="another one")
    assert world.posting().stage is Stage.CONFIRMED


def test_people_are_told_once_and_the_history_serves_it_since_when(world: World) -> None:
    worked(world, *PACKED)
    changes(world, lines=MORE)
    world.clock.advance(timedelta(minutes=5))
    world.read()
    assert world.types().count(EventType.POSTING_AMENDED) == 1
    shown = amendments_of(a.SELLER, a.NUMBER, store=world.store)
    assert shown["waits"] == world.posting().amended
    assert shown["items"] == [
        {
            "version": 5,
            "at": "2026-03-02T09:01:00Z",
            "since": a.NOW.isoformat(),
            "changes": [{"what": "quantity", "old": 2, "new": 3, "sku": SKU}],
            "undone": "confirmed",
            "stopped": True,
            "split": False,
        }
    ]


def test_a_date_that_moves_alone_is_served_too_and_makes_no_event_of_its_own(world: World) -> None:
    world.arrives()
    changes(world, shipment_date=a.CUT_OFF + timedelta(hours=1))
    assert EventType.POSTING_AMENDED not in world.types()
    assert served(world) == ["cut_off"]
    changes(world, delivery_by=a.CUT_OFF + timedelta(days=3))
    changes(world, delivery_by=a.CUT_OFF + timedelta(days=4))
    assert served(world) == ["cut_off", "delivery_by"]


def test_the_packer_is_stopped_at_the_next_scan_with_a_code_of_its_own_until_it_is_seen(world: World) -> None:
    world.arrives()
    scan(world)
    changes(world, lines=MORE)
    with pytest.raises(AmendedError, match="was changed") as error:
        scan(world)
    assert (error.value.code, error.value.offered) == ("amended", (f"/v1/postings/{a.NUMBER}/amendments",))
    see(world)
    assert scan(world, quantity=2).body["complete"] is True
    assert world.posting().stage is Stage.PACKED
    with pytest.raises(StageMismatchError, match="nothing"):
        see(world)


@pytest.mark.parametrize("command", [Command.PICK, Command.HAND_OVER])
def test_no_step_goes_on_before_it_is_seen(world: World, command: Command) -> None:
    worked(world, Command.CONFIRM)
    changes(world, lines=MORE)
    if command is Command.HAND_OVER:
        posting = world.posting()
        world.write(SavePosting(replace(posting, version=posting.version + 1, stage=Stage.PACKED, assembled_at=a.NOW)))
    with pytest.raises(AmendedError):
        world.do(command)
    see(world)
    world.do(command)


def test_what_was_taken_out_makes_the_packer_begin_anew_and_that_counts_as_seen(world: World) -> None:
    world.arrives()
    scan(world, quantity=2)
    assert world.posting().stage is Stage.PACKED
    changes(world, lines=LESS)
    assert world.posting().stage is Stage.PICKED
    reset_check(
        a.SELLER,
        a.NUMBER,
        "one came out",
        "key:k1",
        forget,
        store=world.store,
        documents=MemoryDocuments(),
        clock=world.clock,
    )
    assert world.posting().amended == 0
    assert scan(world).body["complete"] is True


def test_goods_that_went_into_other_postings_are_no_amendment_of_anybody(world: World) -> None:
    worked(world, *PACKED)
    changes(world, lines=LESS, related_numbers=("24219509-0020-3",))
    posting = world.posting()
    assert (posting.stage, posting.amended) == (Stage.PACKED, 0)
    assert last(world)["split"] is True


def test_what_has_left_the_house_is_told_and_undone_no_more(world: World) -> None:
    worked(world, *PACKED)
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
    world.read()
    world.do(Command.HAND_OVER)
    changes(world, lines=MORE)
    assert (world.posting().stage, world.posting().amended) == (Stage.HANDED_OVER, 0)
    assert last(world)["gone"] is True


def test_a_cancel_is_no_amendment(world: World) -> None:
    worked(world, *PACKED)
    changes(world, lines=LESS, status="cancelled", actions=())
    assert EventType.POSTING_AMENDED not in world.types()


@pytest.mark.parametrize(
    ("switch", "event"),
    [
        (Automation.ON, EventType.BUYER_TELL_DUE),
        (Automation.SHADOW, EventType.AUTOMATION_SHADOWED),
        (Automation.OFF, None),
    ],
)
def test_the_buyer_hears_of_it_by_the_sellers_switch(world: World, switch: Automation, event: EventType | None) -> None:
    world.policy(tell_amended=switch)
    world.arrives(actions=("can_create_chat", "ship"))
    world.do(Command.CONFIRM)
    changes(world, lines=MORE)
    after = world.types()[world.types().index(EventType.POSTING_AMENDED) + 1 :]
    assert after == ([event] if event else [])
    shadows = world.store.shadows_on(a.SELLER, world.clock.now().date()).items
    assert [each.action for each in shadows] == (["tell_buyer"] if switch is Automation.SHADOW else [])


# Labels ----------------------------------------------------------------------------------------------------------

LABEL = LABEL_IDS[LabelForm.BIG]
PAGE = LabelPage(pdf=b"%PDF-1.4 before", barcodes=("%101%806044518",), texts=())


def tools(world: World) -> Tools:
    class Papers:
        def merge(self, pages: Any) -> bytes:
            return b"".join(pages)

    return Tools(
        store=world.store,
        marketplace=world.market,
        documents=MemoryDocuments(),
        papers=Papers(),  # type: ignore[arg-type]  # the one method used
        clock=world.clock,
    )


def assembled(world: World) -> str:
    """A posting whose label was asked for; the token of that ask."""
    worked(world, Command.CONFIRM)
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
    world.read()
    asked = a.document(id=LABEL, state=DocumentState.WAITING, attempts=1)
    world.write(SaveDocument(asked))
    return asked.asked_at.isoformat()


def collected(world: World, asked: str) -> bool:
    return store_label(a.SELLER, a.NUMBER, [PAGE], tools(world), form=LabelForm.BIG, asked=asked)


def test_a_label_of_other_goods_is_void_and_asked_for_again(world: World) -> None:
    asked = assembled(world)
    assert collected(world, asked)
    changes(world, lines=MORE)
    [voided] = [each.event for each in world.history() if each.event.type is EventType.LABEL_VOIDED]
    assert voided.data["label"] == "missing"
    document = world.store.document(a.SELLER, a.NUMBER, LABEL)
    assert document is not None
    assert (document.state, document.key, document.attempts) == (DocumentState.WAITING, "", 0)
    assert world.posting().label_ready_at is None


def test_a_file_that_was_asked_for_before_the_change_is_not_taken_after_it(world: World) -> None:
    asked = assembled(world)
    changes(world, lines=MORE)
    assert not collected(world, asked)
    again = world.store.document(a.SELLER, a.NUMBER, LABEL)
    assert again is not None
    newer = replace(again, version=again.version + 1, attempts=1, asked_at=world.clock.now())
    world.write(SaveDocument(newer))
    assert not collected(world, asked)
    assert collected(world, newer.asked_at.isoformat())
    assert wanted(world.store, a.SELLER, a.NUMBER, LabelForm.BIG) is None


def test_a_change_in_the_middle_of_storing_a_label_leaves_no_label_of_what_it_was(world: World) -> None:
    asked = assembled(world)
    inner, begun = world.store.commit, list[bool]()

    def commit(writes: list[Write], **more: Any) -> None:
        if not begun and any(isinstance(write, SaveDocument) for write in writes):
            begun.append(True)
            changes(world, lines=MORE)
        inner(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign,assignment]  # the loser of the race
    assert not collected(world, asked)
    document = world.store.document(a.SELLER, a.NUMBER, LABEL)
    assert document is not None
    assert document.state is DocumentState.WAITING
    assert EventType.LABEL_READY not in world.types()


@pytest.mark.parametrize("way", ["scan", "command"])
def test_a_change_in_the_middle_of_packing_wins(world: World, way: str) -> None:
    worked(world, Command.CONFIRM, Command.PICK)
    inner, begun = world.store.commit, list[bool]()

    def commit(writes: list[Write], **more: Any) -> None:
        if not begun and any(isinstance(write, SavePosting) for write in writes):
            begun.append(True)
            changes(world, lines=MORE)
        inner(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign,assignment]  # as above
    steps: dict[str, Callable[[], Answer]] = {
        "scan": lambda: scan(world, quantity=2),
        "command": lambda: world.do(Command.PACK),
    }
    with pytest.raises(ShipbyError) as error:
        steps[way]()
    assert error.value.code in ("amended", "stage_mismatch")
    assert world.posting().stage is Stage.CONFIRMED
    assert EventType.POSTING_PACKED not in world.types()


def test_no_personal_data_is_in_what_is_told_of_an_address(world: World) -> None:
    world.arrives(address="cafe")
    changes(world, address="beef")
    stored = [each for each in world.store.events(a.SELLER, posting_ref(a.NUMBER)) if each.event.data.get("changes")]
    assert [each.event.data["changes"] for each in stored] == [
        [{"what": "address", "old": "given", "new": "given", "sku": None}]
    ]
