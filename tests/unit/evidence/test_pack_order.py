"""A pack tells the history by its versions: the clocks of workers may have been wrong."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from shipby.application.evidence.make_pack import make_pack
from shipby.application.evidence.packs import PackWish, request_pack
from shipby.application.ports.writes import AppendEvents, AppendTracking, SavePosting
from shipby.domain.events import EventType, posting_ref
from tests.support import builders as a
from tests.unit.evidence.evidence_support import Desk


def happens(desk: Desk, reason: str, off: timedelta) -> None:
    """One more event, by a worker whose clock is off by so much."""
    before = desk.store.posting(a.SELLER, a.NUMBER)
    assert before is not None
    posting = replace(before, version=before.version + 1)
    event = a.event(type=EventType.TRACKING_CHANGED, at=desk.clock.now() + off, reason=reason)
    change = a.tracking_change(at=event.at, sequence=posting.version - 1, new=reason)
    appended = AppendEvents(a.SELLER, posting_ref(a.NUMBER), posting.version, (event,))
    desk.store.commit([SavePosting(posting), appended, AppendTracking(change)])


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=1), -timedelta(days=1)])
def test_a_pack_has_what_had_happened_when_it_was_asked_for(off: timedelta) -> None:
    desk = Desk()
    happens(desk, "before", off)
    wish = PackWish(seller=a.SELLER, number=a.NUMBER, actor="key:k1")
    identifier = str(request_pack(wish, lambda _: [], store=desk.store, clock=desk.clock).body["id"])
    desk.clock.advance(timedelta(minutes=1))
    happens(desk, "after", timedelta(0))

    pack = make_pack(a.SELLER, identifier, desk.tools)

    with zipfile.ZipFile(BytesIO(desk.documents.files[pack.zip_key])) as archive:
        history = json.loads(archive.read("records/history.json"))["events"]
        tracking = json.loads(archive.read("records/tracking.json"))["changes"]
    assert [event["reason"] for event in history[1:]] == ["before"]
    assert [change["new"] for change in tracking] == ["before"]
