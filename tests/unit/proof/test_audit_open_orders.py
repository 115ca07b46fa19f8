"""The daily audit: violations become cases, cases of what is in order again are closed."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.set_aside import bring_back, set_aside
from shipby.application.cases.opening import close_case
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import WorkItem
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveSettings
from shipby.application.proof.audit_open_orders import (
    GROUPED,
    IN_ORDER,
    REPORT,
    AuditReport,
    audit_is_due,
    audit_open_orders,
)
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import EventType, posting_ref
from shipby.domain.postings.posting import Posting, RungKind, Stage
from shipby.domain.sellers.settings import Recipient
from tests.support import builders as a
from tests.support.memory_store import MemoryStore


class LyingStore(MemoryStore):
    """A store whose worklists may be told to show something else."""

    def __init__(self, clock: a.FixedClock) -> None:
        super().__init__(clock=clock)
        self.hidden: set[str] = set()
        self.shown: list[WorkItem] = []
        self.listings = 0
        self.heal_after = 10_000
        """From this listing pass on the worklists tell the truth."""

    def worklist(self, seller: str, stage: Stage, **arguments: Any) -> Page[WorkItem]:
        page = super().worklist(seller, stage, **arguments)
        self.listings += stage is Stage.RECEIVED
        if self.listings >= self.heal_after:
            return page
        items = tuple(item for item in page.items if item.number not in self.hidden)
        return Page(items + tuple(item for item in self.shown if item.stage is stage), page.cursor)


@dataclass
class Shop:
    clock: a.FixedClock = field(default_factory=a.FixedClock)
    store: LyingStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = LyingStore(self.clock)
        self.store.commit([SaveSettings(a.settings())])

    def has(self, number: str, **changes: Any) -> Posting:
        posting = a.posting(number=number, received_at=self.clock.now(), synced_at=self.clock.now(), **changes)
        self.store.commit([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))])
        return posting

    def change(self, number: str, **changes: Any) -> None:
        before = self.store.posting(a.SELLER, number)
        assert before is not None
        changed = replace(before, version=before.version + 1, **changes)
        events = AppendEvents(a.SELLER, posting_ref(number), changed.version, (a.event(),))
        self.store.commit([SavePosting(changed), events])

    def policy(self, **changes: Any) -> None:
        before = self.store.settings(a.SELLER)
        assert before is not None
        self.store.commit([SaveSettings(replace(before, version=before.version + 1, **changes))])

    def audit(self, **arguments: Any) -> AuditReport:
        report = audit_open_orders(a.SELLER, store=self.store, clock=self.clock, **arguments)
        self.store.save_report(a.SELLER, REPORT, self.clock.now().date(), report.view())
        return report

    def open_cases(self) -> dict[str, Case]:
        found = [self.store.case(a.SELLER, identifier) for identifier in self.store.cases_in(a.SELLER).items]
        return {case.subject: case for case in found if case is not None}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_day_in_order_opens_no_case(shop: Shop) -> None:
    for n in range(3):
        shop.has(f"p{n}")

    report = shop.audit()

    assert (report.checked, report.violations, report.opened, report.complete) == (3, [], 0, True)
    assert shop.open_cases() == {}


def test_a_posting_without_a_next_time_becomes_one_case_gets_its_alarm_and_the_next_audit_closes_it(
    shop: Shop,
) -> None:
    lost = shop.has("p1", next_alarm=None)

    first = shop.audit()
    case = shop.open_cases()["p1"]
    second = shop.audit()

    assert [(report.opened, report.closed) for report in (first, second)] == [(1, 0), (0, 1)]
    assert "no next alarm" in case.reason
    mended = shop.store.posting(a.SELLER, "p1")
    assert mended is not None
    assert mended.next_alarm == rewind(lost).next_alarm
    told = [stored.event for stored in shop.store.events(a.SELLER, posting_ref("p1"))][-1]
    assert (told.type, told.actor) == (EventType.POSTING_CHANGED, actors.OPEN_ORDERS_AUDIT)
    closed = shop.store.case(a.SELLER, case.id)
    assert closed is not None
    assert closed.resolution == IN_ORDER


def test_all_that_is_wrong_with_a_posting_is_one_case_with_its_owner(shop: Shop) -> None:
    shop.policy(owners={"received": "anna"}, recipients=(Recipient(name="bo"),))
    shop.has("p1", next_alarm=None)

    report = shop.audit()

    case = shop.open_cases()["p1"]
    assert (len(report.violations), report.opened, case.owner) == (2, 1, "anna")
    assert "not among the recipients" in case.reason
    assert "no next alarm" in case.reason


def test_a_case_says_what_is_wrong_now(shop: Shop) -> None:
    shop.has("p1", next_alarm=None)
    shop.audit()

    shop.change("p1", status="cancelled", next_alarm=a.alarm(a.NOW + timedelta(hours=2), RungKind.CONFIRM_BY))
    shop.audit()

    assert shop.open_cases()["p1"].reason == "the marketplace says cancelled, and we have it as received"


def test_a_finished_posting_ends_its_case(shop: Shop) -> None:
    shop.has("p1", next_alarm=None)
    shop.audit()

    shop.change("p1", stage=Stage.CANCELLED, status="cancelled")

    assert shop.audit().closed == 1
    assert shop.open_cases() == {}


def test_a_case_closed_by_hand_is_opened_anew_while_nothing_is_mended(shop: Shop) -> None:
    shop.policy(owners={"packed": "anna"})
    shop.has("p1")
    shop.audit()
    first = shop.open_cases()["p1"].id
    close_case(shop.store, seller=a.SELLER, identifier=first, resolution="looked", now=a.NOW, actor="key:k1")

    assert shop.audit().opened == 1
    assert shop.open_cases()["p1"].id != first


def test_a_posting_that_no_worklist_shows_is_found_by_its_day(shop: Shop) -> None:
    shop.has("p1")
    shop.store.hidden.add("p1")

    shop.audit()

    assert shop.open_cases()["p1"].reason == "it is received, but no worklist shows it"


def test_a_case_about_a_missing_row_is_looked_at_again_after_its_day_has_long_gone(shop: Shop) -> None:
    far = shop.clock.now() + timedelta(days=9)
    shop.has("p1", rungs=(a.rung(due=far),), next_alarm=a.alarm(far))
    shop.store.hidden.add("p1")
    shop.audit()

    shop.clock.advance(timedelta(days=8))
    still = shop.audit()
    shop.store.hidden.clear()

    assert (still.closed, shop.audit().closed) == (0, 1)


def test_a_posting_on_two_worklists_or_on_a_wrong_one_is_found(shop: Shop) -> None:
    posting = shop.has("p1")
    shop.has("p2")
    shop.store.hidden.add("p2")
    for number in ("p1", "p2"):
        shop.store.shown.append(
            WorkItem(
                number=number,
                stage=Stage.PICKED,
                status=posting.status,
                substatus="",
                scheme="FBS",
                cut_off=posting.cut_off,
                late=False,
            )
        )

    shop.audit()

    assert shop.open_cases()["p1"].reason == "several worklists show it: picked, received"
    assert "the worklist picked shows another state" in shop.open_cases()["p2"].reason


def test_a_worklist_that_lags_behind_for_a_moment_is_no_finding(shop: Shop) -> None:
    shop.has("p1")
    shop.store.hidden.add("p1")
    shop.store.heal_after = 2

    assert shop.audit().violations == []


def test_an_alarm_set_aside_is_a_case_until_it_is_brought_back_and_rung(shop: Shop) -> None:
    posting = shop.has("p1")
    assert posting.next_alarm is not None
    shop.clock.advance(timedelta(hours=2, minutes=5))
    now = shop.clock.now()
    alarm = AlarmRef(seller=a.SELLER, ref=posting_ref("p1"), intent_id="", due=posting.next_alarm.due)
    assert set_aside(alarm, reason="cannot be read", store=shop.store, now=now, actor="system:alarm_worker")

    shop.audit()
    reason = shop.open_cases()["p1"].reason
    bring_back(store=shop.store, now=now, actor="system:cli")

    assert reason.startswith("its alarm was set aside: ")
    assert "cannot be read" in reason
    assert shop.audit().closed == 1


def test_a_posting_that_moved_on_after_its_alarm_was_set_aside_is_in_order(shop: Shop) -> None:
    posting = shop.has("p1")
    assert posting.next_alarm is not None
    shop.clock.advance(timedelta(hours=2, minutes=5))
    alarm = AlarmRef(seller=a.SELLER, ref=posting_ref("p1"), intent_id="", due=posting.next_alarm.due)
    assert set_aside(alarm, reason="broken", store=shop.store, now=shop.clock.now(), actor="system:alarm_worker")

    shop.change("p1", stage=Stage.CONFIRMED, next_alarm=a.alarm())

    assert shop.audit().violations == []


def test_what_breaks_for_many_postings_at_once_is_one_case(shop: Shop) -> None:
    for n in range(GROUPED + 1):
        shop.has(f"p{n:02d}")
    shop.policy(owners={"packed": "anna"})

    report = shop.audit()

    assert (len(report.violations), report.opened) == (GROUPED + 1, 1)
    case = shop.open_cases()["open postings: owner"]
    assert case.reason.startswith("21 open postings, such as p00, p01, p02, p03, p04: nobody owns postings")

    shop.policy(owners={})
    assert shop.audit().closed == 1


def test_old_reads_count_only_while_the_poll_works(shop: Shop) -> None:
    far = shop.clock.now() + timedelta(days=4)
    shop.has("p1", rungs=(a.rung(due=far),), next_alarm=a.alarm(far))
    shop.clock.advance(timedelta(days=1, hours=1))

    silent = shop.audit()
    now = shop.clock.now()
    shop.store.save_report(a.SELLER, "proof", now.date(), {"at": now.isoformat().replace("+00:00", "Z")})
    polled = shop.audit()

    assert silent.violations == []
    assert [found.rule for found in polled.violations] == ["read"]


class TickingClock(a.FixedClock):
    """Every look at it takes a second."""

    def now(self) -> Any:
        return self.advance(timedelta(seconds=1))


def test_an_audit_cut_short_goes_on_where_it_stopped_and_adds_up(shop: Shop) -> None:
    for n in range(30):
        shop.has(f"p{n:02d}")
    shop.policy(owners={"packed": "anna"})
    shop.clock = TickingClock(shop.clock.now())

    rounds = []
    while audit_is_due(a.SELLER, store=shop.store, clock=shop.clock):
        rounds.append(shop.audit(budget=timedelta(seconds=15)))

    assert len(rounds) > 2
    assert [report.complete for report in rounds] == [False] * (len(rounds) - 1) + [True]
    assert (rounds[-1].checked, rounds[-1].by_rule) == (30, {"owner": 30})
    assert "open postings: owner" in shop.open_cases()


def test_a_new_utc_day_wants_a_new_audit(shop: Shop) -> None:
    shop.has("p1")
    assert audit_is_due(a.SELLER, store=shop.store, clock=shop.clock)
    shop.audit()
    assert not audit_is_due(a.SELLER, store=shop.store, clock=shop.clock)
    shop.clock.advance(timedelta(days=1))
    assert audit_is_due(a.SELLER, store=shop.store, clock=shop.clock)


def test_the_saved_report_names_posting_rule_and_problem(shop: Shop) -> None:
    shop.has("p1", next_alarm=None)
    shop.audit()

    saved = shop.store.report(a.SELLER, REPORT, a.NOW.date())

    assert saved is not None
    assert [dict(found) for found in saved["violations"]] == [  # type: ignore[union-attr,arg-type]  # JSON
        {
            "posting_number": "p1",
            "rule": "next_time",
            "problem": "it has no next alarm although confirm_by is ahead",
        },
    ]
    assert (saved["checked"], saved["opened"], saved["complete"], saved["by_rule"]) == (1, 1, True, {"next_time": 1})


def test_what_is_on_its_way_without_a_date_is_brought_to_mind_once_it_takes_longer_than_a_week(shop: Shop) -> None:
    shop.has("p1", stage=Stage.IN_TRANSIT, status="delivering", rungs=(), next_alarm=None, assembled_at=a.NOW)

    shop.clock.advance(timedelta(days=7))
    shop.audit()
    young = shop.store.posting(a.SELLER, "p1")
    shop.clock.advance(timedelta(days=1))
    report = shop.audit()
    old = shop.store.posting(a.SELLER, "p1")

    assert (young and young.next_alarm) is None
    assert old is not None
    assert old.next_alarm == a.alarm(shop.clock.now() + timedelta(days=7), RungKind.LOOK_AGAIN)
    assert report.violations == []
