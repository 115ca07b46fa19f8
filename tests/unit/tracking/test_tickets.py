"""Numbers that the marketplace does not take: a case, a ticket in words, and its evidence as files."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from shipby.adapters.evidence.archive import ZipArchives
from shipby.application.cases.opening import case_view, find_open_case
from shipby.application.evidence.make_pack import PackTools, make_pack
from shipby.application.evidence.pieces import PieceWish, add_piece
from shipby.application.ports.writes import SaveEvidencePack
from shipby.application.settling.second_word import SecondWord
from shipby.application.tracking.approve_number import reject_number
from shipby.application.tracking.support_ticket import TicketWish, support_ticket, ticket_files
from shipby.domain.carriers.s10 import s10
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.evidence.pieces import EvidenceKind, PackState
from shipby.domain.postings.tracking import ChangeReason
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.support.fakes import MemoryDocuments
from tests.unit.evidence.evidence_support import PRESS
from tests.unit.tracking.test_numbers import DOUBTFUL
from tests.unit.world_support import World, forget

OLD, NEW = s10("RB", 1, "CN"), s10("RB", 2, "CN")
LOCKED = "TRACK_NUMBER_IS_LOCKED"


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    return world


def case(world: World, number: str = a.NUMBER) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.NO_NUMBER, subject=number))


def refused(world: World, number: str = NEW) -> str:
    world.market.refused_tracking[number] = LOCKED
    intent = world.ask_tracking(number, kind=ChangeReason.RELABELLED, reason="torn label")
    world.settle(intent)
    return intent


def ticket(world: World, **more: str) -> Any:
    return support_ticket(TicketWish(seller=a.SELLER, number=a.NUMBER, **more), store=world.store)


def asked_files(world: World, **more: str) -> str:
    wish = TicketWish(seller=a.SELLER, number=a.NUMBER, **more)
    answer = ticket_files(wish, "key:k1", forget, store=world.store, clock=world.clock)
    assert answer.location == f"/v1/evidence-packs/{answer.body['id']}"
    return str(answer.body["id"])


def note(world: World) -> None:
    wish = PieceWish(seller=a.SELLER, number=a.NUMBER, kind=EvidenceKind.NOTE, actor="key:k1", text="called")
    add_piece(wish, forget, store=world.store, documents=MemoryDocuments(), clock=world.clock)


def made(world: World, pack: str, documents: MemoryDocuments) -> zipfile.ZipFile:
    tools = PackTools(world.store, documents, PRESS, ZipArchives(), world.clock)
    ready = make_pack(a.SELLER, pack, tools)
    assert ready.state is PackState.READY, ready.problem
    return zipfile.ZipFile(BytesIO(documents.files[ready.zip_key]))


def test_a_no_number_for_good_is_a_case_that_shows_its_ticket(world: World) -> None:
    refused(world)
    found = case(world)
    assert found is not None
    assert LOCKED in found.reason
    assert case_view(found)["ticket"] == f"/v1/postings/{a.NUMBER}/tracking-ticket"
    third = s10("RB", 3, "CN")
    refused(world, third)
    again = case(world)
    assert again is not None
    assert (again.id, again.version, third in again.reason) == (found.id, 2, True)
    del world.market.refused_tracking[NEW]
    world.settle(world.ask_tracking(NEW))
    assert case(world) is None


def test_what_is_over_or_was_not_let_go_is_no_case_and_no_ticket(world: World) -> None:
    waiting = world.ask_tracking(DOUBTFUL)
    told = SecondWord(seller=a.SELLER, intent_id=waiting, actor="key:k2", reason="not ours")
    reject_number(told, forget, store=world.store, clock=world.clock)
    assert case(world) is None
    with pytest.raises(InvalidInputError, match="was refused"):
        ticket(world)
    pending = world.ask_tracking(NEW)
    world.market.cancel_by(a.NUMBER, "client")
    world.settle(pending)
    assert case(world) is None


def test_where_no_number_is_offered_the_refusal_names_the_ticket(world: World) -> None:
    world.market.change(a.NUMBER, actions=("cancel",))
    world.read()
    with pytest.raises(ActionNotOfferedError, match=f"/v1/postings/{a.NUMBER}/tracking-ticket"):
        world.ask_tracking(NEW)
    assert ticket(world, tracking_number=NEW, reason="first")["intent"] is None


def test_a_ticket_and_its_evidence_have_one_pack_whoever_asks(world: World) -> None:
    refused(world)
    assert ticket(world)["evidence_pack"] is None
    first = asked_files(world)
    assert asked_files(world) == first
    assert ticket(world)["evidence_pack"] == f"/v1/evidence-packs/{first}"
    assert asked_files(world, language="en") != first
    note(world)
    assert asked_files(world) != first, "there is more to show now"


def test_the_archive_holds_the_words_who_changed_the_number_why_and_when_and_the_files(world: World) -> None:
    world.settle(world.ask_tracking(OLD, actor="key:k1", reason="first label"))
    refused(world)
    note(world)
    archive = made(world, asked_files(world, language="ru"), MemoryDocuments())
    words = archive.read("ticket.txt").decode()
    for part in (a.NUMBER, OLD, NEW, LOCKED, "переклеил", "torn label"):
        assert part in words, part
    [history] = [name for name in archive.namelist() if "tracking" in name]
    [row] = json.loads(archive.read(history))["changes"]
    assert (row["new"], row["reason"], row["asked_by"], bool(row["at"])) == (OLD, "first label", "key:k1", True)
    events = archive.read(next(name for name in archive.namelist() if "history" in name)).decode()
    assert "intent.rejected" in events, "what was tried, and what the marketplace answered"
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["chain"]["items"] == 1
    assert set(manifest["files"]) >= {"ticket.txt", history}


def test_a_pack_whose_time_is_over_is_made_anew(world: World) -> None:
    refused(world)
    first = asked_files(world)
    made(world, first, MemoryDocuments())
    pack = world.store.evidence_pack(a.SELLER, first)
    assert pack is not None
    world.store.commit([SaveEvidencePack(replace(pack, version=pack.version + 1, state=PackState.EXPIRED))])
    assert ticket(world)["evidence_pack"] is None
    second = asked_files(world)
    assert second != first
    assert ticket(world)["evidence_pack"] == f"/v1/evidence-packs/{second}"
