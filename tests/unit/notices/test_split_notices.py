"""People hear of a split order as of one: one line, with the money of all its parts."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.notices.digests import digest_text
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a
from tests.unit.notices.digest_support import ALL, Office
from tests.unit.notices.test_notices import EN, RU, ZH, happened, late, reminder

PARENT, FIRST, SECOND = a.NUMBER, "24219509-0020-3", "24219509-0020-4"
ORDERS = {FIRST: PARENT, SECOND: PARENT}


def lines_of(entries: list[StoredEvent], style: Any = EN) -> list[str]:
    return [line for line in digest_text(entries, style, ORDERS)[1].splitlines() if PARENT[:-1] in line]


@pytest.mark.parametrize(
    ("style", "words"), [(RU, "отправлений: 3"), (ZH, "共 3 个货件"), (EN, "3 parcels")], ids=["ru", "zh", "en"]
)
def test_three_parts_are_one_line_with_their_money(style: Any, words: str) -> None:
    entries = [late(PARENT, "10.00"), late(FIRST, "20.00"), late(SECOND, "30.00"), late("other", "1.00")]
    (line,) = lines_of(entries, style)
    assert PARENT in line
    assert words in line
    assert "60" in line
    title, _ = digest_text(entries, EN, ORDERS)
    assert title.endswith("× 2"), "two orders, not four parcels"


def test_parts_alone_are_one_message_of_one_line() -> None:
    title, text = digest_text([late(FIRST, "20.00"), late(SECOND, "30.00")], EN, ORDERS)
    assert "×" not in title
    assert text.count(PARENT) == 1
    assert "₽50" in text


def test_what_differs_is_told_apart() -> None:
    """Another date, another matter or another currency is no part of one line; strangers are never merged."""
    later = a.NOW + timedelta(hours=3)
    assert len(lines_of([reminder(FIRST), reminder(SECOND, later), late(PARENT)])) == 3
    assert len(lines_of([late(FIRST, "1.00", "CNY"), late(SECOND, "2.00", "RUB")])) == 2
    _, text = digest_text([late("a"), late("b")], EN)
    assert "parcels" not in text


def test_several_events_of_one_part_keep_their_lines() -> None:
    failed = [happened(EventType.LABEL_FAILED, posting_ref(FIRST), reason=reason) for reason in ("one", "two")]
    _, text = digest_text(failed, EN, ORDERS)
    assert "one" in text
    assert "two" in text


# The worker ------------------------------------------------------------------------------------------------------


@pytest.fixture
def office() -> Office:
    office = Office()
    ended = {"status": "cancelled_from_split_pending", "actions": (), "related_numbers": (FIRST, SECOND)}
    office.world.arrives()
    office.world.clock.advance(timedelta(minutes=1))
    office.world.market.change(PARENT, **ended)
    for number in (FIRST, SECOND):
        office.world.market.put(a.detail(number=number, parent_number=PARENT))
    return office


def test_the_parts_of_an_order_are_no_new_orders(office: Office) -> None:
    for number in (FIRST, SECOND):
        office.world.read(number)
        office.notify(office.world.history(posting_ref(number))[0])
    assert office.rings() == "left_out"
    assert office.channels.said == []


def test_a_part_of_an_order_that_nobody_heard_of_is_told(office: Office) -> None:
    number = "30000001-0001-2"
    office.world.market.put(a.detail(number=number, parent_number="30000001-0001-1"))
    office.world.read(number)
    office.notify(office.world.history(posting_ref(number))[0])
    assert office.rings() == "told"


def test_reminders_of_the_parts_are_one_line(office: Office) -> None:
    for number in (FIRST, SECOND):
        office.world.read(number)
        office.notify(office.happens(number, rung=RungKind.REMIND_AT))
    assert office.rings(ALL) == "told"
    ((_, title, text),) = office.channels.said
    assert "×" not in title
    assert text.count(PARENT) == 1
    assert FIRST not in text
