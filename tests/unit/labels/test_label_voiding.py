"""Labels that are void, fetched anew, or show a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.ports.writes import SaveDocument
from shipby.domain import pointers
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.postings.posting import Scheme
from tests.support import builders as a
from tests.unit.labels.label_files_support import LabelDesk, own_page, page


@pytest.fixture
def desk() -> LabelDesk:
    return LabelDesk()


def test_changed_barcodes_make_the_old_label_void_and_fetch_another(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.run(number)
    printed = desk.label(number)
    desk.world.store.commit([SaveDocument(_printed(printed))])
    desk.market.change(number, barcodes=("new-up", "new-low"))
    desk.world.read(number)
    void = desk.label(number)
    assert (void.state, void.key, void.printed_count) == (DocumentState.WAITING, "", 1)
    assert "void" in void.problem
    assert desk.world.posting(number).label_ready_at is None
    stored = desk.world.history(posting_ref(number))[-1]
    assert stored.event.type is EventType.LABEL_VOIDED
    assert stored.event.data["printed"] == 1
    routed = {one.destination: one.message.body for one in route_event(stored, label_delay_seconds=60)}
    assert routed[Destination.LABELS]["posting"] == number
    assert desk.world.store.find(a.SELLER, pointers.LABEL, f"up-{number}") is None
    desk.market.sheets[number] = [page(["new-up", "new-low"], [number])]
    desk.run(number)
    assert desk.label(number).barcodes == ("new-up", "new-low")
    assert desk.label(number).problem == ""


def test_barcodes_that_stand_or_vanish_leave_the_label_alone(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1)
    desk.run(number)
    before = desk.label(number)
    for barcodes in ((f"low-{number}", f"up-{number}"), ()):
        desk.market.change(number, barcodes=barcodes, tracking_number=f"T{len(barcodes)}")
        desk.world.read(number)
    assert desk.label(number) == before


def test_a_label_fetched_again_with_other_content_makes_printed_copies_void(desk: LabelDesk) -> None:
    (number,) = desk.arrive(1, scheme=Scheme.RFBS, integration="aggregator")
    desk.run(number)
    gone = _printed(desk.label(number), gone_at=desk.world.clock.now())
    desk.world.store.commit([SaveDocument(gone)])
    desk.market.sheets[number] = [page([f"up-{number}", f"low-{number}"], [number], mark="another courier")]
    desk.run(number)
    assert EventType.LABEL_VOIDED in desk.types(number)
    label = desk.label(number)
    assert (label.state, label.gone_at) == (DocumentState.READY, None)
    assert "void" in label.problem


@pytest.mark.parametrize(
    ("scheme", "integration", "personal"),
    [
        (Scheme.FBS, "ozon", False),
        (Scheme.RFBS, "non_integrated", True),
        (Scheme.RFBS, "aggregator", True),
        (Scheme.FBS, "something_new", True),
    ],
)
def test_labels_that_show_a_person_are_kept_apart(
    desk: LabelDesk, scheme: Scheme, integration: str, personal: bool
) -> None:
    (number,) = desk.arrive(1, scheme=scheme, integration=integration)
    desk.market.extra = [own_page("99999999-0001-1")]
    desk.run(number)
    label = desk.label(number)
    prefix = "personal/labels/" if personal else "labels/"
    assert (label.personal, label.key) == (personal, f"{prefix}{a.SELLER}/{number}/{label.sha256}.pdf")
    assert all(key.startswith("personal/") is personal for key in desk.documents.files)


def _printed(document: Document, **changes: Any) -> Document:
    return replace(document, version=document.version + 1, printed_count=1, **changes)
