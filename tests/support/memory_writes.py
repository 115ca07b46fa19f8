"""What a change would do to rows in memory, or the error it raises. Decides first, so that nothing is half done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias, assert_never

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows import availability as offer_rows
from shipby.adapters.dynamodb.rows import intents as intent_rows
from shipby.application.ports import writes as w
from shipby.domain.availability.offers import OfferState
from shipby.domain.errors import (
    POINTER_TAKEN,
    AlreadyExistsError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    ShipbyError,
    VersionConflictError,
)
from shipby.domain.events import EVENT_TYPE_VERSION, AggregateKind, StoredEvent, print_job_ref
from shipby.domain.intents import intent_owner
from shipby.domain.packing.pick_claims import PickClaim
from shipby.domain.packing.pool import PoolMark
from shipby.domain.packing.quality import QualityFailure
from shipby.domain.people.account import Account
from shipby.domain.people.person import Person
from shipby.domain.people.session import Session
from shipby.domain.people.tries import Tries
from shipby.domain.postings.posting import Alarm, Posting
from shipby.domain.postings.words import words_of
from shipby.domain.remembered import RememberedResponse
from shipby.domain.sellers.keys import ApiKey
from shipby.domain.sellers.settings import SellerSettings

Rows: TypeAlias = dict[Key, Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """A row to write, or to delete where `row` is None."""

    key: Key
    row: Any
    columns: Mapping[str, str] = field(default_factory=dict)


_RANKS = ("IDEM", "VERSION", "EVENT", "TRACKING", POINTER_TAKEN, "KILL", "CAP")
"""Which refusal is told when there are several."""


def plan(writes: Sequence[w.Write], rows: Rows, *, shards: int, now: datetime, token: str) -> list[Planned]:
    """All rows of a change; raises the refusal that matters most."""
    if len(token) > 36:
        raise InvalidInputError(f"the token of a change has at most 36 characters, not {len(token)}")
    planner = _Planner(rows, shards, now, writes)
    planned = [row for write in writes for row in planner.of(write)]
    touched = [row.key for row in planned if row.key not in planner.shared]
    if len(touched) != len(set(touched)):
        raise InvalidInputError("a change writes one item twice; put both into one write")
    # Words are written ahead of the transaction that they lead to.
    items = {key for key in touched if not key.pk.endswith("#WORDS")} | planner.shared
    if len(items) > 100:
        raise InvalidInputError(f"a change of {len(items)} items is more than the 100 of one transaction: split it")
    if planner.refusals:
        raise min(planner.refusals, key=lambda refusal: _RANKS.index(refusal[0]))[1]
    return planned


class _Planner:
    def __init__(self, rows: Rows, shards: int, now: datetime, writes: Sequence[w.Write]) -> None:
        self._rows = rows
        self._shards = shards
        self._now = now
        self._released = {
            (keys.pointer(write.seller, write.kind, write.value), write.target)
            for write in writes
            if isinstance(write, w.ReleasePointer)
        }
        self._claims: dict[Key, str] = {}
        self._spent: dict[Key, int] = {}
        self.refusals: list[tuple[str, ShipbyError]] = []
        self.shared: set[Key] = set()
        """Items that several writes may name: checks, caps and pointers."""

    def _saved(self, key: Key, record: Any, what: str, columns: Mapping[str, str] | None = None) -> Planned:
        stands = self._rows.get(key)
        if record.version < 1:
            raise InvalidInputError(f"{what} has version {record.version}; the first is 1")
        if (0 if stands is None else stands.version) != record.version - 1:
            self._refuse("VERSION", VersionConflictError(f"{what} was changed by somebody else: read it again"))
        return Planned(key, record, columns or {})

    def _once(self, key: Key, row: Any, what: str, kind: str) -> Planned:
        if key in self._rows:
            self._refuse(kind, AlreadyExistsError(f"{what} exists already", what=kind))
        return Planned(key, row)

    def _refuse(self, rank: str, error: ShipbyError) -> None:
        self.refusals.append((rank, error))

    def _alarm(self, key: Key, alarm: Alarm | None) -> dict[str, str]:
        return {} if alarm is None else index_keys.alarm(key, alarm.due, self._shards)

    def of(self, write: w.Write) -> Iterator[Planned]:  # noqa: PLR0912 - one short branch per kind of write
        match write:
            case w.SavePosting(posting, over):
                yield self._posting(posting, over)
            case w.SaveDetail(seller, detail, words):
                yield Planned(keys.detail(seller, detail.number), detail)
                for word in words_of(detail) if words is None else words:
                    yield Planned(keys.word(seller, word.text, word.kind, word.number), word)
            case w.SaveReturn(case):
                key = keys.return_case(case.seller, case.id)
                columns = index_keys.returns(case.seller, case.decide_by, case.id, is_open=case.open)
                columns |= index_keys.returns_opened(case.seller, case.opened_at, case.id)
                yield self._saved(key, case, f"return {case.id}", columns | self._alarm(key, case.next_alarm))
            case w.SaveIntent(intent):
                if intent_owner(intent.id) != intent.ref:
                    raise InvalidInputError(f"intent {intent.id} does not belong to {intent.ref.id}")
                key = keys.intent(intent.seller, intent.ref, intent.id)
                columns = intent_rows.board_columns(intent)
                yield self._saved(key, intent, f"intent {intent.id}", columns | self._alarm(key, intent.next_alarm))
            case w.SaveMoney(ledger):
                yield self._saved(keys.money(ledger.seller, ledger.number), ledger, f"ledger {ledger.number}")
            case w.SaveSettings(settings):
                yield self._saved(keys.settings(settings.seller), settings, f"settings of {settings.seller}")
                if settings.version == 1:
                    yield Planned(keys.registered_seller(settings.seller), settings.seller)
            case w.SaveDocument(document):
                key = keys.document(document.seller, document.posting_number, document.id)
                yield self._saved(key, document, f"document {document.id}")
            case w.SavePrintJob(job, end):
                key = keys.print_job(job.seller, job.id)
                columns = index_keys.asked(job.seller, AggregateKind.PRINT_JOB, job.asked_at, job.id)
                yield self._saved(key, job, f"print job {job.id}", columns | self._alarm(key, job.next_alarm))
                if end is not None:
                    yield from self.of(w.AppendEvents(job.seller, print_job_ref(job.id), job.version, (end,)))
            case w.SaveCarriage(carriage):
                key = keys.carriage(carriage.seller, carriage.id)
                columns = index_keys.carriages(carriage.seller, carriage.asked_at, carriage.id, is_open=carriage.open)
                alarm = self._alarm(key, carriage.next_alarm)
                yield self._saved(key, carriage, f"carriage {carriage.id}", columns | alarm)
            case w.SaveCarrier(own):
                yield self._saved(keys.carrier(own.seller, own.code), own, f"carrier {own.code}")
            case w.SavePurchase(bought):
                yield self._saved(keys.purchase(bought.seller, bought.id), bought, f"purchase {bought.id}")
            case w.SaveProductCard(card):
                yield self._saved(keys.product_card(card.seller, card.sku), card, f"product card {card.sku}")
            case w.SaveBenchCheck(check):
                key = keys.bench_check(check.seller, check.posting_number)
                yield self._saved(key, check, f"scans of {check.posting_number}")
            case w.SaveExemplars(sheet):
                key = keys.exemplar_sheet(sheet.seller, sheet.posting_number)
                yield self._saved(key, sheet, f"exemplars of {sheet.posting_number}")
            case w.AddScan(seller, number, scan):
                yield Planned(keys.scan(seller, number, scan.at, scan.id), scan)
            case w.SaveNumberJob(numbers, parts):
                key = keys.number_job(numbers.seller, numbers.id)
                columns = index_keys.asked(numbers.seller, AggregateKind.NUMBER_JOB, numbers.asked_at, numbers.id)
                yield self._saved(key, numbers, f"job {numbers.id}", columns | self._alarm(key, numbers.next_alarm))
                for part in parts:
                    yield Planned(keys.number_rows(part.seller, part.job, part.part), part)
            case w.SaveSupply(terms):
                yield self._saved(
                    offer_rows.supply_key(terms.seller, terms.pool, terms.sku), terms, f"terms of {terms.sku}"
                )
            case w.SaveOffer(offer, marks):
                yield self._saved(offer_rows.offer_key(offer.seller, offer.place), offer, f"offer {offer.place}")
                if marks:
                    waits = offer.state is OfferState.WAITS
                    yield Planned(offer_rows.untold_key(offer), offer.place if waits else None)
            case w.SaveBenchRow(row):
                yield from self._bench_row(row)
            case w.SavePool(pool):
                yield self._saved(keys.pool(pool.seller, pool.id), pool, f"pool {pool.id}")
            case w.SaveStock(item):
                yield self._saved(keys.stock(item.seller, item.pool, item.sku), item, f"stock of {item.sku}")
            case w.SaveReservation(held):
                key = keys.reservation(held.seller, held.posting_number)
                yield self._saved(key, held, f"reservation of {held.posting_number}")
            case w.NoteWaiting(one, over):
                key = keys.waiting(one.seller, one.pool, one.sku, one.shop, one.posting_number)
                yield Planned(key, None if over else one)
            case w.SaveRefusedPage(page):
                yield Planned(keys.refused_page(page.seller, page.at.astimezone(UTC).date(), page.id), page)
            case w.SaveWatch(watch):
                key = keys.watch(watch.seller, watch.id)
                yield self._saved(key, watch, f"watch {watch.id}", self._alarm(key, watch.next_alarm))
            case w.SaveCase(matter):
                key = keys.case(matter.seller, matter.id)
                columns = index_keys.cases(matter.seller, matter.opened_at, matter.id, is_open=matter.open)
                yield self._saved(key, matter, f"case {matter.id}", columns | self._alarm(key, matter.next_alarm))
            case w.SaveCancelRequest() | w.SaveClaim() | w.AppendEvidence():
                yield from self._matter(write)
            case w.SaveEvidenceUpload() | w.SaveEvidencePack():
                yield from self._matter(write)
            case w.NoteShadow(decision):
                day = decision.at.astimezone(UTC).date()
                yield Planned(keys.shadow(decision.seller, day, decision.at, decision.id), decision)
            case w.SaveOutcome(outcome):
                yield Planned(keys.outcome(outcome.seller, outcome.shipped_at, outcome.posting_number), outcome)
            case w.AddDigestEntry(entry):
                stored = entry.stored
                yield Planned(keys.digest_entry(entry.seller, entry.recipient, stored.event.at, stored.id), entry)
            case w.AppendEvents():
                yield from self._events(write)
            case w.AppendTracking(change):
                key = keys.tracking(change.seller, change.posting_number, change.sequence)
                yield self._once(key, change, f"tracking change {change.sequence}", "TRACKING")
            case w.SpendCap():
                yield self._spend(write)
            case w.RequireAutomation(seller):
                self._require(seller)
            case w.RememberResponse(response):
                yield self._remember(response)
            case w.ClaimPointer():
                yield self._claim(write)
            case w.ReleasePointer():
                yield from self._release(write)
            case w.SaveAccess(row):
                yield self._access(row)
            case _:
                assert_never(write)

    def _matter(
        self, write: w.SaveCancelRequest | w.SaveClaim | w.AppendEvidence | w.SaveEvidenceUpload | w.SaveEvidencePack
    ) -> Iterator[Planned]:
        match write:
            case w.SaveCancelRequest(request):
                key = keys.cancel_request(request.seller, request.id)
                columns = index_keys.cancel_requests(
                    request.seller, request.auto_approve_at, request.id, is_open=request.open
                )
                alarm = self._alarm(key, request.next_alarm)
                yield self._saved(key, request, f"cancel request {request.id}", columns | alarm)
            case w.SaveClaim(claim):
                key = keys.claim(claim.seller, claim.id)
                columns = index_keys.claims(claim.seller, claim.answer_by, claim.id, is_open=claim.open)
                yield self._saved(key, claim, f"claim {claim.id}", columns | self._alarm(key, claim.next_alarm))
            case w.AppendEvidence(piece):
                chain = keys.evidence_chain(piece.seller, piece.posting_number)
                yield self._saved(chain, write.chain, f"evidence of {piece.posting_number}")
                key = keys.evidence(piece.seller, piece.posting_number, piece.sequence)
                yield self._once(key, piece, f"evidence {piece.sequence}", "EVENT")
            case w.SaveEvidenceUpload(upload):
                yield Planned(keys.evidence_upload(upload.seller, upload.posting_number, upload.id), upload)
            case w.SaveEvidencePack(pack):
                key = keys.evidence_pack(pack.seller, pack.id)
                columns = index_keys.asked(pack.seller, AggregateKind.EVIDENCE_PACK, pack.asked_at, pack.id)
                yield self._saved(key, pack, f"evidence pack {pack.id}", columns | self._alarm(key, pack.next_alarm))

    def _bench_row(self, row: PickClaim | PoolMark | QualityFailure) -> Iterator[Planned]:
        if isinstance(row, PickClaim):
            yield self._saved(keys.pick_claim(row.seller, row.posting_number, row.sku), row, f"claim {row.sku}")
        elif isinstance(row, PoolMark):
            used = bool(row.posting_number)
            yield Planned(keys.pool_mark(row.seller, row.sku, row.identity, used=used), row)
            yield Planned(keys.pool_mark(row.seller, row.sku, row.identity, used=not used), None)
        else:
            yield Planned(keys.quality_failure(row.seller, row.at, row.posting_number, row.version), row)

    def _access(self, row: Person | Account | ApiKey | Session | Tries) -> Planned:
        match row:
            case Person():
                return self._saved(keys.person(row.seller, row.id), row, f"person {row.id}")
            case Account():
                return self._saved(keys.account(row.id), row, f"shops of person {row.id}")
            case ApiKey():
                columns = index_keys.api_keys(row.seller, row.created_at, row.id)
                return self._saved(keys.api_key(row.id), row, f"API key {row.id}", columns)
            case Session():
                return self._saved(keys.session(row.sha256), row, f"session {row.id}")
            case Tries():
                return self._saved(keys.tries(row.seller, row.subject), row, f"tries of {row.subject}")

    def _posting(self, posting: Posting, over: datetime | None) -> Planned:
        key = keys.posting(posting.seller, posting.number)
        stands = self._rows.get(key)
        if stands is not None and (
            stands.received_at != posting.received_at or posting.synced_at < stands.synced_at != over
        ):
            self._refuse("VERSION", VersionConflictError(f"posting {posting.number} was read anew: read it again"))
        columns = (
            index_keys.worklist(posting.seller, posting.stage, posting.cut_off, posting.number)
            | index_keys.received(posting.seller, posting.received_at, posting.number)
            | self._alarm(key, posting.next_alarm)
        )
        return self._saved(key, posting, f"posting {posting.number}", columns)

    def _events(self, write: w.AppendEvents) -> Iterator[Planned]:
        for index, event in enumerate(write.events):
            key = keys.event(write.seller, write.ref, write.version, index)
            row = StoredEvent(
                seller=write.seller,
                ref=write.ref,
                version=write.version,
                index=index,
                event=event,
                count=len(write.events),
                type_version=EVENT_TYPE_VERSION[event.type],
            )
            yield self._once(key, row, f"event {write.version}/{index}", "EVENT")

    def _spend(self, write: w.SpendCap) -> Planned:
        key = keys.cap(write.seller, write.action, write.day)
        self.shared.add(key)
        self._spent[key] = self._spent.get(key, 0) + write.by
        used = self._rows.get(key, 0) + self._spent[key]
        if used > write.limit:
            self._refuse("CAP", CapReachedError(f"seller {write.seller} allows {write.limit} {write.action} a day"))
        return Planned(key, used)

    def _require(self, seller: str) -> None:
        settings: SellerSettings | None = self._rows.get(keys.settings(seller))
        if settings is not None and settings.kill_switch:
            self._refuse("KILL", KillSwitchOnError(f"seller {seller} has stopped all automatic actions"))

    def _remember(self, response: RememberedResponse) -> Planned:
        key = keys.remembered(response.seller, response.key)
        stands = self._rows.get(key)
        if stands is not None and stands.expires_at > self._now:
            self._refuse("IDEM", AlreadyExistsError(f"Idempotency-Key {response.key!r} was answered", what="IDEM"))
        return Planned(key, response)

    def _claim(self, write: w.ClaimPointer) -> Planned:
        key = keys.pointer(write.seller, write.kind, write.value)
        if self._claims.setdefault(key, write.target) != write.target:
            raise InvalidInputError(f"a change claims {write.kind} {write.value!r} for two items")
        self.shared.add(key)
        stands = self._rows.get(key)
        if stands not in (None, write.target) and (key, stands) not in self._released:
            self._refuse(
                POINTER_TAKEN,
                AlreadyExistsError(f"{write.kind} {write.value!r} belongs to another", what=POINTER_TAKEN),
            )
        return Planned(key, write.target)

    def _release(self, write: w.ReleasePointer) -> Iterator[Planned]:
        key = keys.pointer(write.seller, write.kind, write.value)
        self.shared.add(key)
        if self._rows.get(key) == write.target and key not in self._claims:
            yield Planned(key, None)
