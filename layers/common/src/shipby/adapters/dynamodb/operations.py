"""A change's writes -> the operations of one DynamoDB transaction, each with the meaning of its refusal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, assert_never

from shipby.adapters.dynamodb import changes, keys, rows
from shipby.adapters.dynamodb.changes import Seen
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.operation import (
    NEW,
    SWITCHED_OFF,
    Meaning,
    Operation,
    claim,
    drop,
    missing,
    not_stopped,
    once,
    points_to,
    put,
    registration,
    release,
    spend,
    stopped,
    switched_off,
    versioned,
)
from shipby.adapters.dynamodb.values import Item, Wire, to_wire
from shipby.application.ports import writes as w
from shipby.domain.errors import (
    AlreadyExistsError,
    InvalidInputError,
    ShipbyError,
    VersionConflictError,
)
from shipby.domain.events import Event, Ref, posting_ref, return_ref

if TYPE_CHECKING:
    from shipby.domain.labels.prints import PrintJob
    from shipby.domain.packing.pick_claims import PickClaim
    from shipby.domain.packing.pool import PoolMark
    from shipby.domain.packing.quality import QualityFailure
    from shipby.domain.people.account import Account
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
    from shipby.domain.people.tries import Tries
    from shipby.domain.sellers.keys import ApiKey


@dataclass(frozen=True, slots=True)
class _Caps:
    """The same cap spent several times in one change, `count` in all."""

    cap: w.SpendCap
    count: int


_Counted: TypeAlias = w.Write | _Caps


Told: TypeAlias = Callable[[Sequence[Item]], Wire]
"""Of the event rows of a version: what the version did to its item, as the first of them keeps it."""


def operations(
    writes: Sequence[w.Write],
    *,
    shards: int,
    now: datetime,
    seen: Seen | None = None,
    besides: Mapping[tuple[Ref, int], Told] | None = None,
) -> list[Operation]:
    """All operations of a change, at most one per item. `seen` makes the changes kept in event rows shorter.

    `besides` are items of the same change, by version, that the caller makes into operations; their events are among
    `writes`.

    Raises InvalidInputError if two writes contradict each other over one item, and CapReachedError where a limit
    leaves no room even for an unused cap.
    """
    builder = _Builder(shards, now, writes, seen or Seen(), besides or {})
    merged = _without_repeats(writes)
    return _merge_pointers(_merge_kill_switch([operation for write in merged for operation in builder.of(write)]))


def _without_repeats(writes: Sequence[w.Write]) -> list[_Counted]:
    """Equal checks and claims once; the caps of one action and day counted together."""
    kept: list[_Counted] = []
    caps: dict[tuple[str, str, object], int] = {}
    for write in writes:
        if isinstance(write, w.SpendCap):
            place = (write.seller, write.action, write.day)
            if place in caps:
                earlier = kept[caps[place]]
                if isinstance(earlier, _Caps):
                    kept[caps[place]] = _Caps(
                        replace(write, limit=min(write.limit, earlier.cap.limit)), earlier.count + write.by
                    )
                continue
            caps[place] = len(kept)
            kept.append(_Caps(write, write.by))
        elif isinstance(write, w.RequireAutomation | w.ClaimPointer | w.ReleasePointer) and write in kept:
            continue
        else:
            kept.append(write)
    return kept


def _merge_kill_switch(found: list[Operation]) -> list[Operation]:
    """A kill-switch check beside a write of the same settings becomes a second condition of that write."""
    writes = {o.key: o for o in found if o.meaning is Meaning.VERSION}
    kept: list[Operation] = []
    for operation in found:
        partner = writes.get(operation.key)
        if operation.meaning is Meaning.KILL_SWITCH and partner is not None:
            continue
        checked = any(o.meaning is Meaning.KILL_SWITCH and o.key == operation.key for o in found)
        kept.append(_and_switched_off(operation) if checked and operation is partner else operation)
    return kept


def _and_switched_off(write: Operation) -> Operation:
    body = dict(write.body)
    body["ConditionExpression"] = f"({body['ConditionExpression']}) AND ({SWITCHED_OFF})"
    body["ExpressionAttributeValues"] = body.get("ExpressionAttributeValues", {}) | {":off": {"BOOL": False}}
    body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    told, before = write.error, write.holds

    def error(stands: Item) -> ShipbyError:
        """Which of the two conditions failed shows in the item itself."""
        if told is None or stands.get("kill_switch") == {"BOOL": True}:
            return stopped(stands["seller"]["S"])
        return told(stands)

    return replace(
        write,
        body=body,
        error=error,
        holds=lambda stands: not_stopped(stands) and (before is None or before(stands)),
    )


def _merge_pointers(found: list[Operation]) -> list[Operation]:
    """Releasing and claiming one value is a move; anything else twice on one item is a mistake of the caller."""
    placed: dict[Key, Operation] = {}
    for operation in found:
        other = placed.get(operation.key)
        if other is None:
            placed[operation.key] = operation
            continue
        pair = {other.meaning: other, operation.meaning: operation}
        claim, release = pair.get(Meaning.POINTER), pair.get(Meaning.RELEASE)
        if claim is None or release is None:
            raise InvalidInputError(
                f"a change writes the item {operation.key.pk} / {operation.key.sk} twice; put both into one write"
            )
        body = dict(claim.body)
        body["ConditionExpression"] += " OR target = :old"
        body["ExpressionAttributeValues"] = body["ExpressionAttributeValues"] | {
            ":old": release.body["ExpressionAttributeValues"][":target"]
        }
        old, target = (each.body["ExpressionAttributeValues"][":target"]["S"] for each in (release, claim))
        placed[operation.key] = replace(claim, body=body, holds=points_to(old, target))
    return list(placed.values())


class _Builder:
    def __init__(
        self, shards: int, now: datetime, writes: Sequence[w.Write], seen: Seen, besides: Mapping[tuple[Ref, int], Told]
    ) -> None:
        self._shards = shards
        self._now = now
        self._seen = seen
        self._besides = besides
        self._saved = {place: write for write in writes if (place := self._place(write))}

    def of(self, write: _Counted) -> Iterator[Operation]:  # noqa: PLR0912, PLR0915 - one short branch per kind of write
        match write:
            case w.SavePosting():
                yield self._posting(write)
            case w.SaveDetail(seller, detail, _):
                yield put(rows.postings.details().item(keys.detail(seller, detail.number), detail))
            case w.SaveReturn(case):
                yield versioned(rows.returns.return_item(case, self._shards), case.version, f"return {case.id}")
            case w.SaveIntent(intent):
                yield versioned(rows.intents.intent_item(intent, self._shards), intent.version, f"intent {intent.id}")
            case w.SaveMoney(ledger):
                key = keys.money(ledger.seller, ledger.number)
                item = rows.refunds.ledgers().item(key, ledger)
                yield versioned(item, ledger.version, f"the ledger of posting {ledger.number}")
            case w.SaveSettings(settings):
                key = keys.settings(settings.seller)
                item = rows.sellers.settings().item(key, settings)
                yield versioned(item, settings.version, f"the settings of seller {settings.seller}")
                if settings.version == 1:
                    yield registration(settings.seller)
            case w.SaveDocument(document):
                key = keys.document(document.seller, document.posting_number, document.id)
                item = rows.labels.documents().item(key, document)
                yield versioned(item, document.version, f"document {document.id}")
            case w.SavePrintJob(job, end):
                item = rows.labels.print_job_item(job, self._shards)
                yield _ended(job, end) if end else versioned(item, job.version, f"print job {job.id}")
            case w.SaveCarriage(carriage):
                item = rows.carriages.carriage_item(carriage, self._shards)
                yield versioned(item, carriage.version, f"carriage {carriage.id}")
            case w.SaveProductCard(card):
                item = rows.packing.product_cards().item(keys.product_card(card.seller, card.sku), card)
                yield versioned(item, card.version, f"the product card of SKU {card.sku}")
            case w.SavePurchase(bought):
                item = rows.tracking.purchases().item(keys.purchase(bought.seller, bought.id), bought)
                yield versioned(item, bought.version, f"purchase {bought.id}")
            case w.SaveCarrier(own):
                item = rows.carriers.carriers().item(keys.carrier(own.seller, own.code), own)
                yield versioned(item, own.version, f"carrier {own.code}")
            case w.SaveBenchCheck(check):
                item = rows.packing.bench_checks().item(keys.bench_check(check.seller, check.posting_number), check)
                yield versioned(item, check.version, f"the scans of posting {check.posting_number}")
            case w.SaveExemplars(sheet):
                key = keys.exemplar_sheet(sheet.seller, sheet.posting_number)
                item = rows.packing.exemplar_sheets().item(key, sheet)
                yield versioned(item, sheet.version, f"the exemplars of posting {sheet.posting_number}")
            case w.AddScan(seller, number, scan):
                yield put(rows.tracking.scans().item(keys.scan(seller, number, scan.at, scan.id), scan))
            case w.SaveNumberJob(numbers, parts):
                item = rows.tracking.number_job_item(numbers, self._shards)
                yield versioned(item, numbers.version, f"job {numbers.id}")
                yield from (put(rows.tracking.number_rows_item(part)) for part in parts)
            case w.SaveOffer():
                yield from _offer(write)
            case w.SaveSupply(terms):
                yield versioned(rows.availability.supply_item(terms), terms.version, f"how {terms.sku} is bought")
            case w.SaveBenchRow(bench_row):
                yield from _bench_row(bench_row)
            case w.SavePool() | w.SaveStock() | w.SaveReservation() | w.NoteWaiting():
                yield self._stock(write)
            case w.SaveRefusedPage(page):
                yield put(rows.labels.refused_page_item(page))
            case w.SaveWatch(watch):
                yield versioned(rows.cases.watch_item(watch, self._shards), watch.version, f"watch {watch.id}")
            case w.SaveCase(matter):
                yield versioned(rows.cases.case_item(matter, self._shards), matter.version, f"case {matter.id}")
            case w.SaveCancelRequest() | w.SaveClaim() | w.AppendEvidence():
                yield from self._matter(write)
            case w.SaveEvidenceUpload() | w.SaveEvidencePack():
                yield from self._matter(write)
            case w.NoteShadow(decision):
                yield put(rows.shadow.shadow_item(decision))
            case w.SaveOutcome(outcome):
                key = keys.outcome(outcome.seller, outcome.shipped_at, outcome.posting_number)
                yield put(rows.deadlines.outcomes().item(key, outcome))
            case w.AddDigestEntry(entry):
                yield put(rows.notices.digest_entries().item(rows.notices.digest_key(entry), entry))
            case w.AppendEvents(seller, ref, version, events):
                told = rows.events.event_items(seller, ref, version, events)
                change = self._change(ref, version, told)
                for index, row in enumerate(told):
                    item = row | {keys.CHANGE: change} if change and index == 0 else row
                    yield once(item, f"event {version}/{index} of {ref.kind} {ref.id}", "EVENT", Meaning.EVENT)
            case w.AppendTracking(change):
                key = keys.tracking(change.seller, change.posting_number, change.sequence)
                item = rows.postings.tracking_changes().item(key, change)
                what = f"change {change.sequence} of the tracking number of {change.posting_number}"
                yield once(item, what, "TRACKING", Meaning.TRACKING)
            case _Caps(cap, count):
                yield spend(cap, count)
            case w.RequireAutomation(seller):
                yield switched_off(seller)
            case w.RememberResponse():
                yield self._remember(write)
            case w.ClaimPointer() | w.ReleasePointer():
                yield claim(write) if isinstance(write, w.ClaimPointer) else release(write)
            case w.SpendCap():
                yield spend(write, write.by)
            case w.SaveAccess(row):
                yield _access(row)
            case _:
                assert_never(write)

    @staticmethod
    def _place(write: w.Write) -> tuple[Ref, int] | None:
        match write:
            case w.SavePosting(posting):
                return posting_ref(posting.number), posting.version
            case w.SaveReturn(case):
                return return_ref(case.id), case.version
        return None

    def _change(self, ref: Ref, version: int, told: Sequence[Item]) -> Wire | None:
        """What this version does to its item, where the item is one that can be replayed."""
        if (known := self._besides.get((ref, version))) is not None:
            return known(told)
        saved = self._saved.get((ref, version))
        if isinstance(saved, w.SavePosting):
            item = rows.postings.posting_item(saved.posting, self._shards)
        elif isinstance(saved, w.SaveReturn):
            item = rows.returns.return_item(saved.case, self._shards)
        else:
            return None
        before = self._seen.at(Key(item["PK"]["S"], item["SK"]["S"]), version - 1)
        return changes.change(before, item, told)

    def _matter(
        self, write: w.SaveCancelRequest | w.SaveClaim | w.AppendEvidence | w.SaveEvidenceUpload | w.SaveEvidencePack
    ) -> Iterator[Operation]:
        match write:
            case w.SaveCancelRequest(request):
                item = rows.cancels.cancel_request_item(request, self._shards)
                yield versioned(item, request.version, f"cancel request {request.id}")
            case w.SaveClaim(claim):
                yield versioned(rows.evidence.claim_item(claim, self._shards), claim.version, f"claim {claim.id}")
            case w.AppendEvidence(piece):
                what = f"the evidence of posting {piece.posting_number}"
                yield versioned(rows.evidence.chain_item(write.chain), piece.sequence, what)
                yield once(rows.evidence.evidence_item(piece), f"{what}, item {piece.sequence}", "PIECE", Meaning.EVENT)
            case w.SaveEvidenceUpload(upload):
                yield put(rows.evidence.upload_item(upload))
            case w.SaveEvidencePack(pack):
                item = rows.evidence.pack_item(pack, self._shards)
                yield versioned(item, pack.version, f"evidence pack {pack.id}")

    @staticmethod
    def _stock(write: w.SavePool | w.SaveStock | w.SaveReservation | w.NoteWaiting) -> Operation:
        match write:
            case w.SavePool(pool):
                return versioned(rows.stock.pool_item(pool), pool.version, f"pool {pool.id}")
            case w.SaveStock(item):
                what = f"the stock of SKU {item.sku} in pool {item.pool}"
                return versioned(rows.stock.stock_item(item), item.version, what)
            case w.SaveReservation(held):
                what = f"the reservation of posting {held.posting_number}"
                return versioned(rows.stock.reservation_item(held), held.version, what)
            case w.NoteWaiting(waiting, over):
                return put(rows.stock.waiting_item(waiting)) if not over else drop(rows.stock.waiting_item(waiting))

    def _posting(self, write: w.SavePosting) -> Operation:
        posting = write.posting
        # Neither may the day of receipt move (the `days` index is the proof that nothing was lost), nor may a read that
        # was marked by mark_synced meanwhile be overwritten by an older one.
        newer = "synced_at <= :synced"
        values = {
            ":received": to_wire(keys.micros(posting.received_at)),
            ":synced": to_wire(keys.micros(posting.synced_at)),
        }
        if write.over is not None:
            newer, values[":over"] = f"({newer} OR synced_at = :over)", to_wire(keys.micros(write.over))
        received, synced = keys.micros(posting.received_at), keys.micros(posting.synced_at)
        over = None if write.over is None else keys.micros(write.over)

        def unread(stands: Item) -> bool:
            stood = int(stands["synced_at"]["N"])
            return int(stands["received_at"]["N"]) == received and (stood <= synced or stood == over)

        return versioned(
            rows.postings.posting_item(posting, self._shards),
            posting.version,
            f"posting {posting.number}",
            further=f" AND received_at = :received AND {newer}",
            values=values,
            besides=unread,
        )

    def _remember(self, write: w.RememberResponse) -> Operation:
        response = write.response
        return Operation(
            action="Put",
            key=keys.remembered(response.seller, response.key),
            body={
                "Item": rows.sellers.response_item(response),
                "ConditionExpression": f"{NEW} OR expires_at <= :now",
                "ExpressionAttributeValues": {":now": to_wire(keys.micros(self._now))},
            },
            meaning=Meaning.ANSWERED,
            holds=lambda stands: not stands or int(stands["expires_at"]["N"]) <= keys.micros(self._now),
            error=lambda _: AlreadyExistsError(f"Idempotency-Key {response.key!r} was answered before", what="IDEM"),
        )


def _bench_row(row: "PickClaim | PoolMark | QualityFailure") -> Iterator[Operation]:
    from shipby.domain.packing.pick_claims import PickClaim  # only the bench writes them: cold starts
    from shipby.domain.packing.pool import PoolMark

    if isinstance(row, PickClaim):
        what = f"the claim of SKU {row.sku} of posting {row.posting_number}"
        yield versioned(rows.packing.pick_claim_item(row), row.version, what)
    elif isinstance(row, PoolMark):
        yield put(rows.packing.pool_mark_item(row))
        other = keys.pool_mark(row.seller, row.sku, row.identity, used=not row.posting_number)
        yield Operation(action="Delete", key=other, body={})
    else:
        yield put(rows.packing.quality_failure_item(row))


def _access(row: "Person | Account | ApiKey | Session | Tries") -> Operation:
    item, what = rows.api_keys.access_item(row)
    saved = versioned(item, row.version, what)
    if item["SK"]["S"] != keys.API_KEY or row.version != 2:
        return saved
    # Older releases wrote no version into keys.
    older = f"({saved.body['ConditionExpression']} OR attribute_not_exists(version))"
    return replace(
        saved,
        body={**saved.body, "ConditionExpression": f"attribute_exists(PK) AND {older}"},
        holds=lambda stands: bool(stands) and stands.get("version", {"N": "1"}) == {"N": "1"},
    )


def _ended(job: "PrintJob", event: Event) -> Operation:
    item = rows.labels.print_end_item(job, event)
    return Operation(
        action="Put",
        key=Key(item["PK"]["S"], item["SK"]["S"]),
        body={"Item": item, "ConditionExpression": NEW},
        meaning=Meaning.VERSION,
        holds=missing,
        error=lambda _: VersionConflictError(f"print job {job.id} was ended by somebody else: read it again"),
    )


def _offer(write: w.SaveOffer) -> Iterator[Operation]:
    offer = write.offer
    what = f"what is for sale of {offer.offer} in warehouse {offer.warehouse}"
    yield versioned(rows.availability.offer_item(offer), offer.version, what)
    if write.marks:
        mark = rows.availability.untold_key(offer)
        if offer.state == "waits":
            yield put(rows.availability.untold_item(mark))
        else:
            yield Operation(action="Delete", key=mark, body={})
