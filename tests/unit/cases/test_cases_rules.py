"""Cases: matters for a person."""

from datetime import timedelta

import pytest

from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, case_id, closed, opened, restated
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import EventType
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a

MATTER = Matter(seller=a.SELLER, kind=CaseKind.OPEN_ORDER, subject=a.NUMBER)
LATER = a.NOW + timedelta(hours=3)


def test_a_new_case_asks_again_a_day_later() -> None:
    case, event = opened(MATTER, identifier="c1", reason="no owner", owner="anna", at=a.NOW, actor="system:audit")

    assert (case.version, case.open, case.next_alarm) == (
        1,
        True,
        a.alarm(a.NOW + timedelta(days=1), RungKind.CASE_DUE),
    )
    assert (event.type, event.reason, event.data["subject"]) == (EventType.CASE_OPENED, "no owner", a.NUMBER)


def test_a_closed_case_has_no_alarm_and_keeps_who_closed_it_and_why() -> None:
    case, _ = opened(MATTER, identifier="c1", reason="no owner", owner="", at=a.NOW, actor="system:audit")

    done, event = closed(case, resolution=" an owner is named ", at=LATER, actor="key:k1")

    assert (done.version, done.open, done.next_alarm) == (2, False, None)
    assert (done.closed_at, done.closed_by, done.resolution) == (LATER, "key:k1", "an owner is named")
    assert event.type is EventType.CASE_CLOSED


def test_a_case_is_closed_once_and_never_without_a_resolution() -> None:
    case, _ = opened(MATTER, identifier="c1", reason="no owner", owner="", at=a.NOW, actor="system:audit")
    done, _ = closed(case, resolution="done", at=LATER, actor="key:k1")

    with pytest.raises(StageMismatchError, match="closed already: done"):
        closed(done, resolution="again", at=LATER, actor="key:k1")
    with pytest.raises(InvalidInputError, match="resolution"):
        closed(case, resolution="  ", at=LATER, actor="key:k1")


def test_a_case_needs_a_subject_and_a_reason() -> None:
    with pytest.raises(InvalidInputError, match="subject and a reason"):
        opened(MATTER, identifier="c1", reason="", owner="", at=a.NOW, actor="system:audit")


def test_a_restated_case_counts_its_day_anew() -> None:
    case, _ = opened(MATTER, identifier="c1", reason="no owner", owner="", at=a.NOW, actor="system:audit")

    changed, event = restated(case, reason="no next time", owner="bo", at=LATER, actor="system:audit")

    assert (changed.reason, changed.owner, changed.version) == ("no next time", "bo", 2)
    assert changed.next_alarm == a.alarm(LATER + timedelta(days=1), RungKind.CASE_DUE)
    assert event.type is EventType.CASE_REMINDED


def test_ids_begin_with_the_day_and_differ_by_matter_moment_and_count() -> None:
    other = Matter(seller=a.SELLER, kind=CaseKind.MARKETPLACE_KEY, subject=a.NUMBER)
    ids = [case_id(MATTER, a.NOW), case_id(MATTER, LATER), case_id(other, a.NOW), case_id(MATTER, a.NOW, taken=1)]

    assert all(identifier.startswith("20260302-") for identifier in ids)
    assert len(set(ids)) == 4
