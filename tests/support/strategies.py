"""Hypothesis strategies: any record the product could write."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import strategies as st

from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.carriages import Carriage
from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import HeldDecision, Wait
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.events import (
    AggregateKind,
    Event,
    EventType,
    Ref,
    StoredEvent,
    cancel_request_ref,
    posting_ref,
    return_ref,
)
from shipby.domain.evidence.claims import Claim
from shipby.domain.evidence.pieces import EvidenceItem, EvidencePack, EvidenceUpload
from shipby.domain.intents import Intent, IntentAction, intent_id
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob, PrintStyle
from shipby.domain.money import Money
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.packing.cards import BenchCheck, Exemplar, ExemplarSheet, ProductCard
from shipby.domain.packing.pick_claims import PickClaim
from shipby.domain.packing.pool import PoolMark
from shipby.domain.packing.quality import QualityFailure
from shipby.domain.people.account import Account
from shipby.domain.people.person import Person
from shipby.domain.people.session import Session
from shipby.domain.people.tries import Tries
from shipby.domain.postings.inbox import PushRow, PushToken
from shipby.domain.postings.posting import (
    Alarm,
    Cancellation,
    Line,
    MarketplacePosting,
    Posting,
    Rung,
    RungKind,
    TariffStep,
)
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import (
    AccrualState,
    CostBorneBy,
    Entry,
    EntryKind,
    EntryState,
    ExecutedBy,
    LineBalance,
    MoneyLedger,
)
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import OfferedAction, RejectionReason, ReturnCase
from shipby.domain.sellers.check_rules import AutoConfirm, CheckRule
from shipby.domain.sellers.keys import ApiKey
from shipby.domain.sellers.settings import (
    InspectionRule,
    MessagePolicy,
    OwnLabelPolicy,
    PackagingRule,
    PolicyOverride,
    Recipient,
    SellerSettings,
)
from shipby.domain.shadow import ShadowDecision
from shipby.domain.tracking.number_job import NumberJob, NumberRow, NumberRows
from shipby.domain.tracking.purchases import Hop, Purchase
from shipby.domain.tracking.scans import Scan

T = TypeVar("T")

times = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = st.text("0123456789-ABCxyz", min_size=1, max_size=20)
counts = st.integers(0, 10**6)
amounts = st.integers(-(10**15), 10**15)
moneys = st.builds(Money, amounts, st.sampled_from(["RUB", "CNY", "KWD", "JPY"]))
percents = st.decimals(Decimal("-100"), Decimal("1000"), places=6, allow_nan=False)
spans = st.timedeltas(timedelta(), timedelta(days=400))
names = st.text("abcdef_#.", min_size=1, max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
jsons = st.dictionaries(names, json_values, max_size=4)
alarms = st.builds(Alarm, due=times, kind=st.sampled_from(RungKind))


def tuples(inner: st.SearchStrategy[T], size: int = 4) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(inner, max_size=size).map(tuple)


def maps(inner: st.SearchStrategy[T], named: st.SearchStrategy[str] = names) -> st.SearchStrategy[dict[str, T]]:
    return st.dictionaries(named, inner, max_size=4)


rungs = st.builds(Rung, kind=st.sampled_from(RungKind), due=times, price=st.none() | moneys)
lines = st.builds(Line, sku=ids, offer_id=texts, name=texts, quantity=counts, price=moneys | st.none())
steps = st.builds(TariffStep, until=times, rate=percents, minimum=moneys, charge=moneys)
cancellations = st.builds(Cancellation, reason_id=counts, reason=texts, type=texts)
entries = st.builds(
    Entry,
    minor=amounts,
    state=st.sampled_from(EntryState),
    executed_by=st.sampled_from(ExecutedBy),
    cost_borne_by=st.sampled_from(CostBorneBy),
    lines=maps(amounts),
    kind=st.sampled_from(EntryKind),
    at=st.none() | times,
    rule=texts,
    accrual=st.sampled_from(AccrualState),
    accrued=amounts,
)
balances = st.builds(LineBalance, paid=amounts, reserved=amounts, refunded=amounts)

_BY_TYPE: Mapping[type, st.SearchStrategy[Any]] = {
    str: texts,
    int: counts,
    bool: st.booleans(),
    datetime: times,
    date: st.dates(),
    timedelta: spans,
    Money: moneys,
    Alarm: alarms,
    HeldDecision: st.builds(
        HeldDecision,
        ref=st.builds(Ref, kind=st.sampled_from(AggregateKind), id=ids),
        action=texts,
        waits_for=st.sampled_from(Wait),
        told_at=times,
    ),
}
_ONE_OF_THEIR_OWN = (
    PrintStyle,
    OwnLabelPolicy,
    ReturnPolicy,
    InspectionRule,
    PackagingRule,
    CheckRule,
    AutoConfirm,
    MessagePolicy,
    PolicyOverride,
)
"""Records inside records, with any value in every field."""


def _any(cls: type[T], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """A record whose remaining fields have any value of their type."""

    def of(hint: Any) -> st.SearchStrategy[Any]:
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return st.sampled_from(list(hint))
        if hint in _ONE_OF_THEIR_OWN:
            return _any(hint)
        if isinstance(hint, types.UnionType):
            (inner,) = [part for part in typing.get_args(hint) if part is not types.NoneType]
            return st.none() | of(inner)
        if typing.get_origin(hint) is tuple:
            return tuples(of(typing.get_args(hint)[0]))
        if typing.get_origin(hint) is not None:
            name, value = typing.get_args(hint)
            return maps(of(value), st.sampled_from(RungKind) if name is RungKind else names)
        return jsons if hint is Any else _BY_TYPE[hint]

    hints = typing.get_type_hints(cls, localns={"Json": Any})
    filled = {f.name: fields[f.name] if f.name in fields else of(hints[f.name]) for f in dataclasses.fields(cls)}  # type: ignore[arg-type]  # every record is a dataclass
    return st.builds(cls, **filled)


postings = _any(Posting, seller=ids, number=ids, rungs=tuples(rungs, 8), version=st.integers(1, 10**6))
details = _any(
    MarketplacePosting,
    number=ids,
    tariff_steps=tuples(steps),
    lines=tuples(lines),
    requirements=maps(tuples(texts)),
    cancellation=st.none() | cancellations,
)
ledgers = _any(MoneyLedger, seller=ids, number=ids, lines=maps(balances), entries=maps(entries))
returns = _any(
    ReturnCase,
    seller=ids,
    id=ids,
    actions=tuples(st.builds(OfferedAction, id=amounts, name=texts)),
    rejection_reasons=tuples(st.builds(RejectionReason, id=amounts, name=texts, needs_comment=st.booleans())),
)


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    ref = draw(st.sampled_from([posting_ref, return_ref, cancel_request_ref]))(draw(ids))
    action = draw(st.sampled_from(IntentAction))
    built = _any(
        Intent,
        id=st.just(intent_id(ref, action, draw(counts))),
        seller=ids,
        ref=st.just(ref),
        action=st.just(action),
        request=jsons,
        read_back=jsons,
        lines=maps(amounts),
        previously_refunded=st.none() | amounts,
    )
    return draw(built)


events = _any(Event, type=st.sampled_from(EventType), data=jsons)
tracking_changes = _any(TrackingChange, seller=ids, posting_number=ids, sequence=st.integers(0, 9999))
documents = _any(Document, seller=ids, posting_number=ids, id=ids)
print_jobs = _any(PrintJob, seller=ids, id=ids, copies=maps(counts))
carriages = _any(Carriage, seller=ids, id=ids)
product_cards = _any(ProductCard, seller=ids, sku=ids)
price_lists = _any(PriceList, bands=tuples(_any(PriceBand)))
own_carriers = _any(Carrier, seller=ids, code=ids, prices=tuples(price_lists))
scans = _any(Scan)
number_jobs = _any(NumberJob, seller=ids, id=ids, counts=maps(counts))
number_rows = _any(NumberRows, seller=ids, job=ids, part=st.integers(0, 999), rows=tuples(_any(NumberRow)))
purchases = _any(Purchase, seller=ids, id=ids, hops=tuples(_any(Hop)))
bench_checks = _any(BenchCheck, seller=ids, posting_number=ids, scanned=maps(counts))
pick_claims = _any(PickClaim, seller=ids, posting_number=ids, sku=ids)
pool_marks = _any(PoolMark, seller=ids, sku=ids, code=ids)
quality_failures = _any(QualityFailure, seller=ids, posting_number=ids)
exemplar_sheets = _any(ExemplarSheet, seller=ids, posting_number=ids, pieces=maps(tuples(_any(Exemplar))))
refused_pages = _any(RefusedPage, seller=ids, id=ids)
recipients = _any(Recipient)
settings = _any(SellerSettings, seller=ids, caps=maps(counts), recipients=tuples(recipients))
watches = _any(Watch, seller=ids, id=ids, data=jsons)
cancel_requests = _any(CancelRequest, seller=ids, id=ids, facts=jsons)
claims = _any(Claim, seller=ids, id=ids)
evidence_items = _any(EvidenceItem, seller=ids, posting_number=ids, sequence=st.integers(1, 99_999), data=jsons)
evidence_uploads = _any(EvidenceUpload, seller=ids, posting_number=ids, id=ids, data=jsons)
evidence_packs = _any(EvidencePack, seller=ids, id=ids)
shadows = _any(ShadowDecision, seller=ids, id=ids, ref=st.builds(posting_ref, ids), data=jsons)
cases = _any(Case, seller=ids, id=ids, data=jsons)
outcomes = _any(Outcome, seller=ids, posting_number=ids)
stored_events = _any(
    StoredEvent, seller=ids, ref=st.builds(Ref, kind=st.sampled_from(AggregateKind), id=ids), event=events
)
digest_entries = _any(DigestEntry, seller=ids, recipient=ids, stored=stored_events)
responses = _any(RememberedResponse, seller=ids, key=ids, body=jsons)
pushes = _any(PushRow, seller=ids, type=ids, digest=ids, payload=jsons)
push_tokens = _any(PushToken, seller=ids, sha256=ids)
api_keys = _any(ApiKey, seller=ids, id=ids)
persons = _any(Person, seller=ids, id=ids)
accounts = _any(Account, id=ids)
sessions = _any(Session, seller=ids, sha256=ids)
tries = _any(Tries, seller=ids, subject=ids)
