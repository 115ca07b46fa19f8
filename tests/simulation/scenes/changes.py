"""Orders that are changed or checked while somebody works on them: the loser of the race, and the second change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shipby.application.intents.enter_exemplars import tell_pieces
from shipby.application.labels.asks import Tools
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.labels.storing import store_label
from shipby.application.packing.bench_checks import Scan, scan_item
from shipby.application.ports.press import LabelPage
from shipby.application.ports.writes import SaveDocument
from shipby.application.postings.amendments import Look, seen_by
from shipby.application.validation.allow import Allowance, allow
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import AmendedError, CannotShipError, StageMismatchError
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from tests.simulation.scenes.stage import meanwhile, refused
from tests.simulation.watch import need
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World, forget

PACKED = "a changed order is never packed as it was"
SEEN = "nobody works on before a change is seen"
LABEL = "a label is one of what the order is now"
WORD = "a word holds for what it was given for"
_FEW = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING)
_BIG = LABEL_IDS[LabelForm.BIG]


def _change(world: World, pieces: int) -> None:
    """The marketplace changes how many are ordered, and it is read."""
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, lines=(a.line(quantity=pieces),))
    world.read()


def _worked(*commands: Command) -> World:
    world = World()
    world.arrives()
    for command in commands:
        world.do(command)
    return world


def changed_in_the_middle_of_packing() -> None:
    """Whatever was decided on what it was is decided anew: it is never packed with too little in it."""
    ways: tuple[Callable[[World], object], ...] = (
        lambda world: world.do(Command.PACK),
        lambda world: scan_item(
            Scan(seller=a.SELLER, number=a.NUMBER, code="149123456", actor="key:k1", quantity=2),
            forget,
            tell=tell_pieces,
            store=world.store,
            documents=MemoryDocuments(),
            clock=world.clock,
        ),
    )
    for way in ways:
        world = _worked(Command.CONFIRM, Command.PICK)
        with meanwhile(world.store, "commit", lambda world=world: _change(world, 3)):  # type: ignore[misc]  # bound per turn
            refused(
                lambda world=world, way=way: way(world),  # type: ignore[misc]  # as above
                AmendedError,
                StageMismatchError,
                invariant=PACKED,
                text="packed what it was before it was changed",
            )
        need(world.posting().stage is Stage.CONFIRMED, PACKED, "it has to be picked again")


def changed_before_it_is_picked() -> None:
    """A list on paper shows what it was: nobody picks on before the change is seen, a second one too."""
    world = _worked(Command.CONFIRM)
    for pieces in (3, 4):
        _change(world, pieces)
        refused(lambda: world.do(Command.PICK), AmendedError, invariant=SEEN, text="picked what nobody saw was changed")
        look = Look(seller=a.SELLER, number=a.NUMBER, actor="key:k1")
        seen_by(look, forget, store=world.store, clock=world.clock)
    world.do(Command.PICK)


def changed_in_the_middle_of_storing_a_label() -> None:
    """A file that was asked for before is no label of what it is now."""
    world = _worked(Command.CONFIRM)
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
    world.read()
    asked = a.document(id=_BIG, state=DocumentState.WAITING, attempts=1)
    world.write(SaveDocument(asked))

    class Papers:
        def merge(self, pages: Any) -> bytes:
            return b"".join(pages)

    tools = Tools(
        store=world.store,
        marketplace=world.market,
        documents=MemoryDocuments(),
        papers=Papers(),  # type: ignore[arg-type]  # the one method used
        clock=world.clock,
    )
    page = LabelPage(pdf=b"%PDF-1.4", barcodes=("%101%806044518",), texts=())
    token = asked.asked_at.isoformat()
    with meanwhile(world.store, "commit", lambda: _change(world, 3)):
        kept = store_label(a.SELLER, a.NUMBER, [page], tools, form=LabelForm.BIG, asked=token)
    document = world.store.document(a.SELLER, a.NUMBER, _BIG)
    need(not kept and document is not None and not document.key, LABEL, "a label of other goods is kept")


def allowed_for_what_it_was() -> None:
    """A manager lets two pieces go, not five."""
    world = World()
    world.policy(check_rules=(_FEW,))
    world.arrives()
    wish = Allowance(seller=a.SELLER, number=a.NUMBER, actor="key:boss", reason="a shop")
    allow(wish, forget, store=world.store, clock=world.clock)
    _change(world, 5)
    refused(
        lambda: world.do(Command.CONFIRM),
        CannotShipError,
        invariant=WORD,
        text="confirmed with a word for something else",
    )


def allowed_while_it_changes() -> None:
    """The word is for what was read: a change in the middle of it is not in it."""
    world = World()
    world.policy(check_rules=(replace(_FEW, ask_buyer=False),))
    world.arrives()
    wish = Allowance(seller=a.SELLER, number=a.NUMBER, actor="key:boss", reason="a shop", if_match=1)
    with meanwhile(world.store, "commit", lambda: _change(world, 5)):
        try:
            allow(wish, forget, store=world.store, clock=world.clock)
        except Exception as error:  # whatever it says, the order has to be stopped
            need(bool(str(error)), WORD, "a refusal says why")
    need(bool(world.posting().holds), WORD, "let go for what nobody has seen")


SCENES = (
    changed_in_the_middle_of_packing,
    changed_before_it_is_picked,
    changed_in_the_middle_of_storing_a_label,
    allowed_for_what_it_was,
    allowed_while_it_changes,
)
