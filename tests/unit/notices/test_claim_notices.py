"""What people read about claims: which posting, and until when."""

from datetime import timedelta

import pytest

from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType, StoredEvent, claim_ref
from shipby.domain.evidence.claims import FROM_CHAT, Asked, Claim, ClaimKind, answer_clock, claim_id, fire_claim, opened
from shipby.domain.notices.recipients import deadline_of
from shipby.domain.notices.telling import seller_text, style_of
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a


def asked(**changes: object) -> Asked:
    values: dict[str, object] = {
        "seller": a.SELLER,
        "posting_number": a.NUMBER,
        "kind": ClaimKind.PACKING_EVIDENCE,
        "at": a.NOW,
        "source": FROM_CHAT,
        "source_id": "m1",
    }
    return Asked(**values | changes)  # type: ignore[arg-type]  # typed per field


def told(claim: Claim, event: Event, language: str) -> tuple[str, str]:
    stored = StoredEvent(seller=a.SELLER, ref=claim_ref(claim.id), version=claim.version, index=0, event=event)
    return seller_text(stored, style_of(a.settings(time_zone="Europe/Moscow"), a.NOW, language))


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("ru", "Запрос доказательств: ответить до 04.03 12:00 · отправление 24219509-0020-2"),
        ("en", "Proof is asked for: answer by 4 Mar 12:00 · posting 24219509-0020-2"),
        ("zh", "平台要求凭证：请在 3月4日 12:00 前答复 · 货件 24219509-0020-2"),
    ],
)
def test_people_hear_of_a_claim_with_its_posting_and_its_time(language: str, title: str) -> None:
    claim, event = opened(asked(), a.settings(), at=a.NOW, actor="system:marketplace_poll")

    assert told(claim, event, language)[0] == title
    assert deadline_of(event) == a.NOW + timedelta(days=2)


def test_a_claim_reminds_at_its_time_and_then_expires() -> None:
    settings = a.settings(remind_claim_before=timedelta(hours=12))
    claim, _ = opened(asked(), settings, at=a.NOW, actor="x")
    assert claim.next_alarm is not None
    with pytest.raises(InvalidInputError, match="not due before"):
        fire_claim(claim, at=claim.next_alarm.due - timedelta(seconds=1), actor="x")

    reminded, (reminder,) = fire_claim(claim, at=claim.next_alarm.due, actor="x")
    expired, (end,) = fire_claim(reminded, at=claim.answer_by, actor="x")

    assert (reminder.type, end.type) == (EventType.CLAIM_REMINDED, EventType.CLAIM_EXPIRED)
    assert told(expired, end, "ru")[0].startswith("Срок ответа на запрос истёк")
    with pytest.raises(InvalidInputError, match="waits for no alarm"):
        fire_claim(expired, at=claim.answer_by, actor="x")


def test_a_reminder_that_rings_after_the_end_is_the_end() -> None:
    claim, _ = opened(asked(), a.settings(), at=a.NOW, actor="x")

    expired, (event,) = fire_claim(claim, at=claim.answer_by + timedelta(hours=1), actor="x")

    assert (event.type, expired.open) == (EventType.CLAIM_EXPIRED, False)


def test_a_request_whose_time_is_over_rings_at_once() -> None:
    claim, _ = opened(asked(at=a.NOW - timedelta(days=3)), a.settings(), at=a.NOW, actor="x")

    assert claim.next_alarm is not None
    assert (claim.next_alarm.kind, claim.next_alarm.due < a.NOW) == (RungKind.CLAIM_BY, True)


def test_ids_differ_by_message_posting_and_seller_and_are_stable() -> None:
    changes: list[dict[str, object]] = [{}, {"source_id": "m2"}, {"posting_number": "1-1-1"}, {"seller": "other"}]
    ids = [claim_id(asked(**one)) for one in changes]

    assert len(set(ids)) == 4
    assert claim_id(asked()) == ids[0]


def test_an_own_time_goes_before_the_markets_uncertain_one() -> None:
    market = answer_clock(asked(), a.settings())
    own = answer_clock(asked(), a.settings(answer_claim_within=timedelta(days=1)))
    named = answer_clock(asked(answer_by=a.NOW + timedelta(hours=5)), a.settings())

    assert [(clock.by - a.NOW, clock.certain) for clock in (market, own, named)] == [
        (timedelta(days=2), False),
        (timedelta(days=1), True),
        (timedelta(hours=5), True),
    ]
