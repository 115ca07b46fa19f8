"""Entries of the marketplace's lists that could not be read whole: noted where they are read, kept as cases here.

The adapter calls `note`; a use case that has to know of them reads its lists within `noting()`. Notes never hold a
value: an answer may hold personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from shipby.application.cases.opening import close_open_case, find_open_case, open_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import CaseReads, Cases
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.domain import actors
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import UnreadableAnswerError

MOST_CASES = 20
"""More entries of one kind than this in one look are one matter: then it is the list that has changed."""
_NAMED = 5
"""How many entries the case of a group names."""


class Listed(StrEnum):
    """What the entry of a list is: the first word of its case."""

    POSTING = "posting"
    RETURN = "return"
    GOODS_RETURN = "goods return"
    CANCEL_REQUEST = "cancel request"
    CHAT = "chat"
    CHAT_MESSAGE = "chat message"
    ACCRUAL = "accruals of posting"
    ACCRUAL_TYPE = "type of accrual"
    INDEX_ERROR = "index error of posting"
    INDEX_DAY = "day of the error index"
    RATING = "rating"
    KEY_ROLE = "role of the key"
    PUSH_URL = "push address"
    CARRIAGE = "carriage"
    CARRIAGE_POSTING = "posting of a carriage"
    CONTAINER = "cargo place"
    CANCEL_REASON = "cancel reason"
    LABEL_TASK = "label task"
    UNPRINTED = "posting without a label"
    ITEM_RESULT = "result of a call for posting"
    STOCK = "stock of article"
    STOCK_RESULT = "result of telling the stock of article"
    WAREHOUSE = "warehouse"


_OF_WORKERS = frozenset(
    {
        Listed.CARRIAGE,
        Listed.CARRIAGE_POSTING,
        Listed.CONTAINER,
        Listed.CANCEL_REASON,
        Listed.LABEL_TASK,
        Listed.UNPRINTED,
        Listed.ITEM_RESULT,
        Listed.STOCK,
        Listed.STOCK_RESULT,
        Listed.WAREHOUSE,
    }
)
"""Lists that no poll reads; a case of an entry without a name is closed by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OddEntry:
    """One entry that could not be read whole."""

    kind: Listed
    id: str
    """As far as it could be read; empty: the list itself, or an entry that names none."""
    method: str
    problem: str
    """The field and what is wrong with it, never its value."""
    kept: bool = False
    """It was taken without that field."""

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.id}" if self.id else f"{self.kind} without a name in {self.method}"


class Noted(list[OddEntry]):
    """What was noted while lists were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[Listed] = set()
        """Kinds of which a list was read."""
        self.readable: set[str] = set()
        """Subjects of entries that were taken."""

    @property
    def whole(self) -> set[Listed]:
        """Kinds of which every entry was read or is known by name: what is missing is not there."""
        return self.read - {entry.kind for entry in self if not entry.kept and not entry.id}


_collectors: ContextVar[tuple[Noted, ...]] = ContextVar("collectors of odd entries", default=())


def note(entry: OddEntry) -> None:
    """Tell whoever reads lists further up in this thread."""
    for found in _collectors.get():
        found.append(entry)


def note_list(kind: Listed) -> None:
    """Tell that a list of this kind was read."""
    for found in _collectors.get():
        found.read.add(kind)


def note_readable(kind: Listed, identifier: str) -> None:
    """Tell that an entry was taken."""
    for found in _collectors.get():
        found.readable.add(subject_of(kind, identifier))


@contextmanager
def noting() -> Iterator[Noted]:
    """What is noted within this block; blocks may stand in each other, and each sees what is in it."""
    found = Noted()
    token = _collectors.set((*_collectors.get(), found))
    try:
        yield found
    finally:
        _collectors.reset(token)


def note_unread(kind: Listed, identifier: str, error: UnreadableAnswerError) -> None:
    """Note an entry whose own read (not its list's) makes no sense."""
    method, _, field = error.field.partition(".")
    note(OddEntry(kind=kind, id=identifier, method=method, problem=f"{field or 'it'} {error.problem}"))


def set_aside_of(odd: Iterable[OddEntry], *kinds: Listed) -> dict[str, OddEntry]:
    """Entries of these kinds that were not taken, by id; under "" those that name none."""
    return {entry.id: entry for entry in odd if entry.kind in kinds and not entry.kept}


def keep_odd_entries(seller: str, odd: Iterable[OddEntry], *, store: Store, now: datetime) -> int:
    """One case for each entry that was set aside, for as long as it is; one for all where they are many.

    Returns how many entries were set aside. Raises StoreUnavailableError.
    """
    found = {entry.subject: entry for entry in odd if not entry.kept}
    if not found:
        return 0
    # An open one is left as it is: a list and the thing's own read tell of the same in other words.
    tell = partial(open_case, store, seller=seller, kind=CaseKind.ODD_ENTRY, now=now, actor=actors.ODD_ENTRIES)
    for kind, count in Counter(entry.kind for entry in found.values()).items():
        mine = [entry for entry in found.values() if entry.kind is kind]
        group = Matter(seller=seller, kind=CaseKind.ODD_ENTRY, subject=_group(kind))
        if count > MOST_CASES:
            tell(subject=group.subject, reason=_many(mine))
        elif find_open_case(store, group) is None:
            for entry in mine:
                tell(subject=entry.subject, reason=_one(seller, entry))
    return len(found)


def close_readable(
    seller: str,
    odd: Iterable[OddEntry],
    read_whole: Collection[Listed],
    *,
    store: Cases,
    now: datetime,
    still: Callable[[Case], bool] = lambda _case: False,
) -> int:
    """Close the cases of entries that are odd no more, of kinds whose lists were read to their end just now.

    `still`: whether a matter stands all the same. Raises StoreUnavailableError.
    """
    if not read_whole:
        return 0
    standing = {entry.subject: entry.kind for entry in odd if not entry.kept}
    counts = Counter(standing.values())
    groups = {_group(kind) for kind, count in counts.items() if count > MOST_CASES}
    closed = 0
    for case in open_odd_cases(seller, store=store):
        if kind_of(case.subject) not in read_whole or case.subject in {*standing, *groups} or still(case):
            continue
        closed += _close_subject(seller, case.subject, store, now)
    return closed


def _close_subject(seller: str, subject: str, store: Cases, now: datetime) -> bool:
    return close_open_case(
        store,
        seller=seller,
        kind=CaseKind.ODD_ENTRY,
        subject=subject,
        resolution="it can be read again",
        now=now,
        actor=actors.ODD_ENTRIES,
    )


@contextmanager
def keeping(seller: str, *, store: Store, clock: Clock) -> Iterator[None]:
    """For workers, which read small lists now and then: cases of what is odd, closed when the same entry is read again.

    The poll's own lists are left to the poll, which sees them whole.
    """
    with noting() as odd:
        try:
            yield
        finally:
            now = clock.now()
            keep_odd_entries(seller, odd, store=store, now=now)
            # One by one: their roles may not list cases.
            for subject in sorted(odd.readable - {entry.subject for entry in odd}):
                if kind_of(subject) in _OF_WORKERS:
                    _close_subject(seller, subject, store, now)


def open_odd_cases(seller: str, *, store: CaseReads) -> list[Case]:
    """The open cases of entries that could not be read."""
    listed = every(lambda cursor: store.cases_in(seller, open_only=True, limit=200, cursor=cursor))
    cases = (store.case(seller, identifier) for identifier in listed)
    return [case for case in cases if case is not None and case.open and case.kind is CaseKind.ODD_ENTRY]


def kind_of(subject: str) -> Listed | None:
    """What a case's entry is; the longest name that fits, since some begin with others."""
    fits = [kind for kind in Listed if subject.startswith((f"{kind} ", f"many: {kind}"))]
    return max(fits, key=len, default=None)


def subject_of(kind: Listed, identifier: str) -> str:
    """What the case of one entry is called."""
    return f"{kind} {identifier}"


def _group(kind: Listed) -> str:
    return f"many: {kind}"


def _one(seller: str, entry: OddEntry) -> str:
    return (
        f"{entry.subject} of seller {seller} cannot be read whole ({entry.method}: {entry.problem}). Everything beside "
        "it goes on; look at it in the cabinet. The case closes by itself once it can be read"
    )


def _many(entries: Sequence[OddEntry]) -> str:
    first = entries[0]
    named = ", ".join(entry.id or "one without a name" for entry in entries[:_NAMED])
    return (
        f"{len(entries)} entries of {first.method} were set aside ({named} …): {first.problem}. The marketplace's "
        "answers have changed: until the adapter follows, look at them in the cabinet"
    )
