"""What to answer a buyer who wants to cancel, when that is reminded of, and who ended a request."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shipby.domain.cancels.requests import (
    GONE,
    CancelRequest,
    CancelRequestState,
    DecidedBy,
    MarketplaceCancelRequest,
    cancel_request_alarm,
    decided_by,
)
from shipby.domain.cancels.rules import BASES, suggest
from shipby.domain.events import Event, EventType, StoredEvent, cancel_request_ref
from shipby.domain.notices.recipients import deadline_of
from shipby.domain.notices.telling import seller_text, style_of
from shipby.domain.notices.words import CANCEL_REASONS, LANGUAGES
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from tests.support import builders as a

UNTIL = a.NOW + timedelta(hours=48)


def request(**changes: Any) -> CancelRequest:
    base = CancelRequest(
        seller=a.SELLER,
        id="90",
        version=1,
        posting_number=a.NUMBER,
        state=CancelRequestState.ON_APPROVAL,
        requested_at=a.NOW,
        synced_at=a.NOW,
        auto_approve_at=UNTIL,
    )
    return replace(base, **changes)


def found(**changes: Any) -> MarketplaceCancelRequest:
    base = MarketplaceCancelRequest(
        id="90",
        posting_number=a.NUMBER,
        state=CancelRequestState.APPROVED,
        read_at=a.NOW,
        auto_approve_at=UNTIL,
        decided_at=a.NOW,
    )
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("facts", "decision", "basis"),
    [
        ({}, "approve", "not_packed"),
        ({"stage": Stage.INSPECTED}, "approve", "not_packed"),
        ({"stage": Stage.BLOCKED, "blocked_from": Stage.PICKED}, "approve", "not_packed"),
        ({"stage": Stage.EXPIRED}, "approve", "expired"),
        ({"stage": Stage.EXPIRED, "handed_over_at": a.NOW}, "reject", "under_way"),
        ({"stage": Stage.PACKED, "packed_at": a.NOW}, "", "packed"),
        ({"stage": Stage.BLOCKED, "blocked_from": Stage.PACKED, "packed_at": a.NOW}, "", "packed"),
        ({"stage": Stage.BLOCKED, "blocked_from": None}, "", "packed"),
        ({"stage": Stage.HANDED_OVER}, "reject", "under_way"),
        ({"stage": Stage.IN_TRANSIT}, "reject", "under_way"),
        ({"stage": Stage.RECEIVED, "status": "delivering"}, "reject", "under_way"),
        ({"stage": Stage.PACKED, "status": "driver_pickup"}, "reject", "under_way"),
        ({"stage": Stage.DELIVERED}, "reject", "delivered"),
        ({"stage": Stage.CLOSED}, "reject", "delivered"),
        ({"stage": Stage.CANCELLED}, "", "cancelled"),
    ],
)
def test_the_suggestion_says_where_the_parcel_is(facts: dict[str, Any], decision: str, basis: str) -> None:
    made = suggest(a.posting(scheme=Scheme.RFBS, **facts), initiator="CLIENT")
    assert (made.decision, made.facts["basis"]) == (decision, basis)
    assert made.reason == BASES[basis][1]
    assert made.facts["stage"] == facts.get("stage", Stage.RECEIVED)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_a_suggestion_or_a_reason_for_none(stage: Stage) -> None:
    assert suggest(a.posting(stage=stage), initiator="CLIENT").reason


def test_without_a_posting_or_a_buyer_a_person_has_to_look() -> None:
    assert suggest(None, initiator="CLIENT").decision == ""
    assert suggest(a.posting(), initiator="DELIVERY").decision == ""
    assert suggest(a.posting(), initiator="").decision == "approve"


def test_every_rule_has_its_words_in_all_languages() -> None:
    assert set(CANCEL_REASONS) == set(BASES)


@pytest.mark.parametrize(
    ("now", "due", "kind"),
    [
        (a.NOW, UNTIL - timedelta(hours=3), RungKind.CANCEL_REQUEST_REMIND),
        (UNTIL - timedelta(hours=3), UNTIL, RungKind.CANCEL_REQUEST_BY),
        (UNTIL + timedelta(hours=3), UNTIL, RungKind.CANCEL_REQUEST_BY),
    ],
)
def test_the_alarm_reminds_and_then_rings_at_the_end(now: datetime, due: datetime, kind: RungKind) -> None:
    assert cancel_request_alarm(request(), a.settings(), now) == a.alarm(due, kind)
    assert cancel_request_alarm(request(state=CancelRequestState.APPROVED), a.settings(), now) is None
    assert cancel_request_alarm(request(auto_approve_at=None), a.settings(), now) is None


@pytest.mark.parametrize(
    ("ended", "sent", "by"),
    [
        (found(), True, DecidedBy.SELLER),
        (found(), False, DecidedBy.ELSEWHERE),
        (found(state=CancelRequestState.REJECTED), True, DecidedBy.ELSEWHERE),
        (found(decided_at=UNTIL), True, DecidedBy.CLOCK),
        (found(decided_at=None, read_at=UNTIL), False, DecidedBy.CLOCK),
        (found(auto_approve_at=None, decided_at=UNTIL), False, DecidedBy.ELSEWHERE),
        (found(state=CancelRequestState.OTHER, state_name=GONE), False, DecidedBy.WITHDRAWN),
        (found(state=CancelRequestState.OTHER, state_name="X"), True, DecidedBy.ELSEWHERE),
    ],
)
def test_who_ended_a_request(ended: MarketplaceCancelRequest, sent: bool, by: DecidedBy) -> None:
    assert decided_by(request(decision="approve"), ended, sent=sent) is by


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_until_when_and_what_is_suggested(language: str) -> None:
    settings = a.settings(language=language)
    for kind in (EventType.CANCEL_REQUEST_OPENED, EventType.CANCEL_REQUEST_REMINDED):
        data = {
            "posting": a.NUMBER,
            "auto_approve_at": UNTIL.isoformat(),
            "suggestion": "reject",
            "basis": "under_way",
        }
        event = Event(type=kind, at=a.NOW, actor="marketplace", data=data)
        stored = StoredEvent(seller=a.SELLER, ref=cancel_request_ref("90"), version=1, index=0, event=event)
        title, text = seller_text(stored, style_of(settings, a.NOW))
        assert deadline_of(event) == UNTIL
        assert a.NUMBER in title
        assert CANCEL_REASONS["under_way"][language] in text
        looked = replace(stored, event=replace(event, data={**data, "suggestion": "", "basis": "packed"}))
        assert CANCEL_REASONS["packed"][language] in seller_text(looked, style_of(settings, a.NOW))[1]
