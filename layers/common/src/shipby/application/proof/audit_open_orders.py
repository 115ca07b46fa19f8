"""The daily audit: every open posting has exactly one stage, an owner and a next time, or it becomes a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from shipby.application.alarms.set_aside import item_name
from shipby.application.cases.held import commit, hold_posting
from shipby.application.cases.opening import close_open_case, report_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import WorkItem
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.queries import OPEN_STAGES
from shipby.application.proof.lost_decisions import forgotten_moves
from shipby.application.proof.prove import REPORT as PROOF
from shipby.application.shared.paging import every
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.deadlines.ladder import rewind, unwatched
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import FINAL, Posting, RungKind, Stage
from shipby.domain.proof.open_orders import Evidence, Row, Rule, Violation, check, check_rows, check_times
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import age, ahead

REPORT = "open-orders"
"""The kind of the report that the caller saves, once per UTC day."""
IN_ORDER = "the audit found it in order again"
BUDGET = timedelta(seconds=60)
LOOK_BACK = timedelta(days=3)
"""Postings received since then are looked for by their day as well: they would show if no worklist had them."""
POLL_IS_ALIVE = timedelta(hours=3)
"""The poll writes a proof at least every hour; an older one means that it does not run."""
GROUPED = 20
"""More postings than this with the same rule broken are one matter, not as many cases."""
_NAMED = 5
"""How many postings the case of a group names."""
_SHOWN = 200
"""How many findings a report lists; it counts all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant that one posting breaks."""

    number: str
    rule: Rule
    text: str


@dataclass(slots=True)
class AuditReport:
    """What the audit of one UTC day found so far; `complete` once every open posting was looked at."""

    seller: str
    at: datetime
    checked: int = 0
    violations: list[Finding] = field(default_factory=list)
    """Those of the last call; `by_rule` counts those of the whole day."""
    by_rule: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    complete: bool = False
    after: str = ""
    """The last posting number looked at: where the next call goes on."""

    def view(self) -> dict[str, Json]:
        """As it is saved and shown."""
        listed: list[Json] = [
            {"posting_number": found.number, "rule": found.rule, "problem": found.text}
            for found in self.violations[:_SHOWN]
        ]
        return {
            "seller": self.seller,
            "at": time_text(self.at),
            "checked": self.checked,
            "violations": listed,
            "by_rule": dict(sorted(self.by_rule.items())),
            "opened": self.opened,
            "closed": self.closed,
            "complete": self.complete,
            "after": self.after,
        }


def audit_is_due(seller: str, *, store: Reports, clock: Clock) -> bool:
    """Whether the audit of this UTC day has not been saved yet, or was cut short."""
    now = clock.now()
    saved = store.report(seller, REPORT, now.date())
    return saved is None or not saved["complete"] or _noted_ahead(saved, now)


def _noted_ahead(saved: Mapping[str, Json], now: datetime) -> bool:
    """Whether a clock that stood ahead has audited a day that was still to come."""
    return ahead(datetime.fromisoformat(str(saved["at"])), now)


def audit_open_orders(seller: str, *, store: Store, clock: Clock, budget: timedelta = BUDGET) -> AuditReport:
    """Hold every open posting against the invariants; open, update and close cases accordingly.

    Goes on where the saved report of the day was cut short. The caller saves `view()` as the report `open-orders`.
    Only listings by page and single reads are made; after `budget` the rest is left to the next call.
    """
    run = _Run(seller, store, clock)
    report = run.resume()
    rows = run.list_rows()
    open_cases = run.open_cases()
    numbers = sorted({*rows, *run.recent(), *(case.subject for case in open_cases if not _is_group(case))})
    suspects: dict[str, Posting | None] = {}
    findings: dict[str, tuple[Violation, ...]] = {}
    for number in numbers:
        if number <= report.after:
            continue
        if clock.now() - run.started > budget:
            break
        posting = store.posting(seller, number)
        if _looks_wrong(posting, rows.get(number, ())):
            suspects[number] = posting
        findings[number] = run.violations(posting)
        report.after = number
        report.checked += posting is not None and posting.stage not in FINAL
    else:
        report.complete = True
    if suspects:
        again = run.list_rows()
        for number, before in suspects.items():
            findings[number] += run.still_wrong(number, before, again.get(number, ()))
    run.settle(report, findings, open_cases)
    return report


def _looks_wrong(posting: Posting | None, rows: Sequence[Row]) -> bool:
    if posting is None or posting.stage in FINAL:
        return bool(rows)
    return check_rows(posting, rows) is not None


def _group(rule: str) -> str:
    return f"open postings: {rule}"


def _is_group(case: Case) -> bool:
    return case.subject in {_group(rule) for rule in Rule}


class _Run:
    """One call of the audit: what it reads, and what it does about what it finds."""

    def __init__(self, seller: str, store: Store, clock: Clock) -> None:
        self._seller, self._store, self._clock = seller, store, clock
        self.started = clock.now()
        self._settings = store.settings(seller) or SellerSettings(seller=seller)
        self._polled = self._poll_is_alive()
        self._open = self._open_cases()
        self._aside = {case.subject: case.reason for case in self._open if case.kind is CaseKind.ALARM_SET_ASIDE}
        """Items whose alarm was set aside: each has a case of its own until it is brought back."""

    def _poll_is_alive(self) -> bool:
        for day in (self.started.date(), (self.started - timedelta(days=1)).date()):
            proof = self._store.report(self._seller, PROOF, day)
            if proof is not None:
                return age(datetime.fromisoformat(str(proof["at"])), self.started) <= POLL_IS_ALIVE
        return False

    def resume(self) -> AuditReport:
        """The day's report so far, with its findings counted but not listed again."""
        saved = self._store.report(self._seller, REPORT, self.started.date())
        report = AuditReport(self._seller, self.started)
        if saved is None or saved["complete"] or _noted_ahead(saved, self.started):
            return report
        by_rule = saved["by_rule"]
        assert isinstance(by_rule, Mapping)  # noqa: S101  # our own report
        report.by_rule = Counter({str(rule): int(str(count)) for rule, count in by_rule.items()})
        report.checked, report.after = int(str(saved["checked"])), str(saved["after"])
        report.opened, report.closed = int(str(saved["opened"])), int(str(saved["closed"]))
        return report

    def list_rows(self) -> dict[str, tuple[Row, ...]]:
        """Every row of every worklist of open stages, by posting number."""
        rows: dict[str, tuple[Row, ...]] = {}
        for stage in OPEN_STAGES:
            for item in every(partial(self._worklist, stage)):
                rows[item.number] = (*rows.get(item.number, ()), Row(stage, item.cut_off))
        return rows

    def _worklist(self, stage: Stage, cursor: str | None) -> Page[WorkItem]:
        return self._store.worklist(self._seller, stage, limit=200, cursor=cursor)

    def recent(self) -> set[str]:
        """Numbers received lately, whatever worklist they are on."""
        days = [(self.started - timedelta(days=back)).date() for back in range(LOOK_BACK.days + 1)]
        return {number for day in days for number in every(partial(self._received_on, day))}

    def _received_on(self, day: date, cursor: str | None) -> Page[str]:
        return self._store.received_on(self._seller, day, cursor=cursor)

    def _open_cases(self) -> list[Case]:
        listed = every(lambda cursor: self._store.cases_in(self._seller, cursor=cursor))
        found = [self._store.case(self._seller, identifier) for identifier in listed]
        return [case for case in found if case and case.open]

    def open_cases(self) -> list[Case]:
        """The open cases of earlier audits."""
        return [case for case in self._open if case.kind is CaseKind.OPEN_ORDER]

    def violations(self, posting: Posting | None) -> tuple[Violation, ...]:
        """What is wrong with a posting beside its rows. Its parts are read one after the other while others write, so
        only what is wrong in a second reading too counts."""
        if posting is not None and unwatched(posting, self._clock.now()):
            self._mend(posting)
        if posting is None or not self._check(posting):
            return ()
        again = self._store.posting(self._seller, posting.number)
        found = self._check(again) if again else ()
        if again is not None and found:
            self._mend(again)
        return found

    def _forgotten(self, posting: Posting) -> list[Event]:
        return forgotten_moves(posting, self._settings, store=self._store, now=self._clock.now())

    def _mend(self, posting: Posting) -> None:
        """What needs no person: an alarm that is missing is set, and a forgotten decision gets its case. Both are told
        as findings all the same, for something lost them."""
        now, mended = self._clock.now(), replace(posting, version=posting.version + 1)
        if unwatched(posting, now):
            mended = replace(mended, fired={**posting.fired, RungKind.LOOK_AGAIN: now})
        mended = rewind(mended)
        writes = hold_posting(self._forgotten(posting), posting, self._settings, store=self._store, now=now)
        if posting.next_alarm is None and mended.next_alarm is not None:
            kind, why = EventType.POSTING_CHANGED, "the audit found it without an alarm"
            event = Event(
                type=kind, at=now, actor=actors.OPEN_ORDERS_AUDIT, reason=why, data={"alarm": mended.next_alarm.kind}
            )
            ref = posting_ref(posting.number)
            writes += [SavePosting(mended), AppendEvents(self._seller, ref, mended.version, (event,))]
        if not writes:
            return
        try:
            commit(self._store, writes)
        except VersionConflictError:
            return  # somebody changed it meanwhile: the next audit looks again

    def _check(self, posting: Posting) -> tuple[Violation, ...]:
        intents = {identifier: self._store.intent(self._seller, identifier) for identifier in posting.open_intents}
        forgotten = tuple(str(event.data["action"]) for event in self._forgotten(posting))
        evidence = Evidence(intents=intents, aside=self._set_aside(posting), forgotten=forgotten, polled=self._polled)
        now = self._clock.now()
        return (*check(posting, self._settings, evidence, now=now), *check_times(posting, now))

    def _set_aside(self, posting: Posting) -> str | None:
        alarm = posting.next_alarm
        # Whoever changes the posting brings its alarm back: what is still ahead is not set aside.
        if alarm is None or alarm.due > self._clock.now():
            return None
        ref = AlarmRef(seller=self._seller, ref=posting_ref(posting.number), intent_id="", due=alarm.due)
        return self._aside.get(item_name(ref))

    def still_wrong(self, number: str, before: Posting | None, rows: Sequence[Row]) -> tuple[Violation, ...]:
        """What a second listing says. The worklists lag behind a posting that changed in between: no finding then."""
        now = self._store.posting(self._seller, number)
        if (now.version if now else 0) != (before.version if before else 0) or not _looks_wrong(now, rows):
            return ()
        if now is None:
            return (Violation(Rule.ONE_STAGE, "a worklist shows it, but there is no such posting"),)
        if now.stage in FINAL:
            return (Violation(Rule.ONE_STAGE, f"it is {now.stage}, but the worklist {rows[0].stage} still shows it"),)
        found = check_rows(now, rows)
        return (found,) if found else ()

    def settle(
        self, report: AuditReport, findings: Mapping[str, tuple[Violation, ...]], open_cases: Sequence[Case]
    ) -> None:
        """Turn findings into cases, and close those of earlier audits that are in order now."""
        report.violations = [Finding(number, one.rule, one.text) for number, all_ in findings.items() for one in all_]
        report.by_rule.update(found.rule for found in report.violations)
        crowded = {rule for rule, count in report.by_rule.items() if count > GROUPED}
        for rule in sorted({found.rule for found in report.violations} & crowded):
            report.opened += self._report_group(rule, report)
        for number, violations in findings.items():
            own = [violation.text for violation in violations if violation.rule not in crowded]
            if own:
                report.opened += self._report(number, "; ".join(own))
        for case in open_cases:
            if _is_group(case):
                gone = report.complete and case.subject not in {_group(rule) for rule in crowded}
            else:
                gone = case.subject in findings and not findings[case.subject]
            if gone:
                report.closed += self._close(case.subject)

    def _report_group(self, rule: str, report: AuditReport) -> bool:
        found = [each for each in report.violations if each.rule == rule]
        text = Counter(each.text for each in found).most_common(1)[0][0]
        named = ", ".join(each.number for each in found[:_NAMED])
        owner = owner_of(None, self._settings)
        return self._report_case(_group(rule), f"{report.by_rule[rule]} open postings, such as {named}: {text}", owner)

    def _report(self, number: str, reason: str) -> bool:
        posting = self._store.posting(self._seller, number)
        return self._report_case(number, reason, owner_of(posting, self._settings))

    def _report_case(self, subject: str, reason: str, owner: str) -> bool:
        return report_case(
            self._store,
            seller=self._seller,
            kind=CaseKind.OPEN_ORDER,
            subject=subject,
            reason=reason,
            owner=owner,
            now=self._clock.now(),
            actor=actors.OPEN_ORDERS_AUDIT,
        )

    def _close(self, subject: str) -> bool:
        return close_open_case(
            self._store,
            seller=self._seller,
            kind=CaseKind.OPEN_ORDER,
            subject=subject,
            resolution=IN_ORDER,
            now=self._clock.now(),
            actor=actors.OPEN_ORDERS_AUDIT,
        )
