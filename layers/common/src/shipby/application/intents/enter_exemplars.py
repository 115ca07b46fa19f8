"""What is known of a posting's pieces is entered: stored first, then told the marketplace as an intent.

Every code belongs to one piece in the world: it is claimed in the transaction that stores it, and given free when it is
taken out or the posting is cancelled. A posting of which nothing is wanted has none of this.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from shipby.application.intents.request_intent import Wish, check_offered, prepare_intent
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveExemplars, SavePosting, Write
from shipby.application.postings.exemplars import claimed, code_used, exemplars_view, given_back, given_free, name_code
from shipby.application.postings.work_posting import check_version, load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.validation.check import check
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, AlreadyExistsError, InvalidInputError, PreconditionFailedError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import MOVES_GOODS, IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import Exemplar, ExemplarSheet
from shipby.domain.packing.exemplars import MOST_CODES, codes_of, lacks_nothing_here, missing, pieces_of, to_json
from shipby.domain.packing.marks import Unread, check_goods, read_mark
from shipby.domain.postings.posting import AWAITS_SHIPPING, FINAL, MarketplacePosting, Posting
from shipby.domain.sellers.settings import SellerSettings

_IMEI = re.compile(r"\d{15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All that is known of the pieces of a posting: it replaces what was entered before. `mark` is a raw scan."""

    seller: str
    number: str
    actor: str
    pieces: Mapping[str, Sequence[Exemplar]]
    if_match: int | None = None
    sheet_version: int | None = None
    """Of the entries on which these are built."""
    besides: tuple[Write, ...] = ()
    """What becomes true with them."""


def get_exemplars(seller: str, number: str, *, store: Store) -> dict[str, Json]:
    """What is wanted, entered and missing of a posting's pieces. Raises NotFoundError."""
    load_posting(store, seller, number)
    return exemplars_view(number, store.detail(seller, number), store.exemplar_sheet(seller, number))


def enter_exemplars(entry: Entry, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Store the entries; once nothing is missing, the intent that tells the marketplace stands in the same transaction.

    Raises NotFoundError, InvalidInputError (a code per wrong entry), AlreadyExistsError (a code is another posting's),
    ActionNotOfferedError (a call is under way, or the marketplace takes none now), PreconditionFailedError.
    """

    def once() -> Answer:
        posting = load_posting(store, entry.seller, entry.number)
        check_version(posting, entry.if_match)
        if posting.stage in FINAL:
            raise ActionNotOfferedError(f"posting {posting.number} is {posting.stage}: nothing is entered any more")
        calls = (IntentAction.SET_EXEMPLARS, IntentAction.SHIP, *MOVES_GOODS)
        if any(open_of(posting, each) for each in calls):
            raise ActionNotOfferedError(
                f"posting {posting.number} has a call under way: enter it once that is settled",
                offered=[f"/v1/intents/{intent}" for intent in posting.open_intents],
            )
        detail = store.detail(entry.seller, entry.number)
        if detail is None:
            raise ActionNotOfferedError(f"the goods of posting {entry.number} are not known yet; try again in a minute")
        before = store.exemplar_sheet(entry.seller, entry.number)
        if entry.sheet_version not in (None, before.version if before else 0):
            raise PreconditionFailedError(f"the entries of posting {entry.number} were changed meanwhile: try again")
        return _store(posting, detail, _sheet(entry, detail, before, store), before, entry, remember, store, clock)

    return decide_anew(once)


def _sheet(entry: Entry, detail: MarketplacePosting, before: ExemplarSheet | None, store: BenchReads) -> ExemplarSheet:
    """The entries as they are stored. Raises InvalidInputError with all that is wrong, and stores nothing then."""
    problems: list[tuple[str, str]] = []
    counted = pieces_of(detail)
    pieces: dict[str, tuple[Exemplar, ...]] = {}
    for sku, entered in entry.pieces.items():
        if len(entered) > counted.get(sku, 0):
            problems.append((f"products/{sku}", f"{len(entered)} pieces entered, {counted.get(sku, 0)} in the posting"))
        card = store.product_card(entry.seller, sku) if any(one.mark for one in entered) else None
        barcodes = card.barcodes if card else ()
        pieces[sku] = tuple(
            _checked(one, barcodes, f"products/{sku}/exemplars/{place}", problems) for place, one in enumerate(entered)
        )
    codes = Counter(codes_of(pieces))
    problems += [
        ("products", f"used_twice: {name_code(code)} is entered for two pieces") for code, n in codes.items() if n > 1
    ]
    if len(codes) > MOST_CODES:
        problems.append(("products", f"{len(codes)} codes; at most {MOST_CODES} fit into one posting"))
    if problems:
        raise InvalidInputError(
            f"some entries for posting {entry.number} are wrong, and nothing was stored; correct what errors names",
            errors=problems,
        )
    version = (before.version if before else 0) + 1
    return ExemplarSheet(
        seller=entry.seller, posting_number=entry.number, version=version, pieces=pieces, by=entry.actor
    )


def _checked(one: Exemplar, barcodes: Sequence[str], where: str, problems: list[tuple[str, str]]) -> Exemplar:
    mark = one.mark
    if mark:
        found = read_mark(mark)
        refused = found if isinstance(found, Unread) else check_goods(found, barcodes)
        if refused is not None:
            problems.append((f"{where}/mark", f"{refused.why}: {refused.told}"))
        elif not isinstance(found, Unread):
            mark = found.code
    problems += [
        (f"{where}/imei", "wrong_imei: it has 15 digits, the last is a check digit")
        for imei in one.imei
        if not _is_imei(imei)
    ]
    if one.gtd and one.gtd_absent:
        problems.append((f"{where}/gtd_absent", "there is a gtd: say one or the other"))
    if one.rnpt and one.rnpt_absent:
        problems.append((f"{where}/rnpt_absent", "there is an rnpt: say one or the other"))
    if one.weight and not _is_weight(one.weight):
        problems.append((f"{where}/weight", "write a positive decimal such as 1.25"))
    return replace(one, mark=mark)


def _is_imei(text: str) -> bool:
    """15 digits with the check digit of ISO/IEC 7812 (Luhn). Source: 3GPP TS 23.003, 6.2 and annex B."""
    if not _IMEI.fullmatch(text):
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(text))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _is_weight(text: str) -> bool:
    try:
        weight = Decimal(text)
    except InvalidOperation:
        return False
    return weight.is_finite() and weight > 0


def _store(
    posting: Posting,
    detail: MarketplacePosting,
    sheet: ExemplarSheet,
    before: ExemplarSheet | None,
    entry: Entry,
    remember: Remember,
    store: Store,
    clock: Clock,
) -> Answer:
    now, ref = clock.now(), posting_ref(posting.number)
    codes, had = codes_of(sheet.pieces), codes_of(before.pieces) if before else ()
    new, gone = set(codes) - set(had), set(had) - set(codes)
    if len(new) + len(gone) > MOST_CODES:
        raise InvalidInputError(
            f"{len(new)} codes come and {len(gone)} go; at most {MOST_CODES} can change at once: take some out first",
            errors=[("products", "too many codes change at once")],
        )
    left = missing(detail, sheet)
    counts: dict[str, Json] = {
        "pieces": sum(len(pieces) for pieces in sheet.pieces.values()),
        "codes": len(codes),
        "missing": len(left),
    }
    events = [Event(type=EventType.EXEMPLARS_ENTERED, at=now, actor=entry.actor, data=counts)]
    changed, writes = posting, list[Write]()
    if lacks_nothing_here(detail, sheet):
        settings = store.settings(entry.seller) or SellerSettings(seller=entry.seller)
        changed, intent, event, writes = tell_pieces(
            posting, detail, sheet, settings, actor=entry.actor, store=store, now=now
        )
        events.append(event)
        sheet = replace(sheet, intent=intent)
    changed, events, writes = _held_against(changed, detail, sheet, events, writes, entry, store, now)
    changed = rewind(replace(changed, version=posting.version + 1))
    answer = Answer(200, exemplars_view(posting.number, detail, sheet))
    number = posting.number
    moves = [*claimed(entry.seller, number, sorted(new)), *given_free(entry.seller, number, sorted(gone))]
    appended = AppendEvents(entry.seller, ref, changed.version, tuple(events))
    try:
        writes += [*moves, *entry.besides, *given_back(entry.seller, before, gone, store=store)]
        store.commit([SavePosting(changed), SaveExemplars(sheet), appended, *writes, *remember(answer)])
    except AlreadyExistsError as error:
        if told := code_used(entry.seller, entry.number, codes, store=store):
            raise AlreadyExistsError(f"mark_used: {told}", what="EXEMPLAR") from error
        raise
    return answer


def _held_against(
    posting: Posting,
    detail: MarketplacePosting,
    sheet: ExemplarSheet,
    events: Sequence[Event],
    writes: Sequence[Write],
    entry: Entry,
    store: Store,
    now: datetime,
) -> tuple[Posting, list[Event], list[Write]]:
    """What was entered, or taken out, may be what an order waits for."""
    settings = store.settings(entry.seller) or SellerSettings(seller=entry.seller)
    done = check(posting, detail, settings, store=store, now=now, actor=entry.actor, sheet=sheet)
    return done.posting, [*events, *done.events], [*writes, *done.writes]


def tell_pieces(
    posting: Posting,
    detail: MarketplacePosting,
    sheet: ExemplarSheet,
    settings: SellerSettings,
    *,
    actor: str,
    store: Store,
    now: datetime,
) -> tuple[Posting, str, Event, list[Write]]:
    """The begin of the call that tells the marketplace of these pieces: the posting with its intent noted (same
    version), the intent's id, its event and what goes into the same transaction.

    Raises ActionNotOfferedError where the marketplace takes none now.
    """
    check_offered(posting, IntentAction.SET_EXEMPLARS, detail.actions)
    request: dict[str, Json] = {"pieces": to_json(sheet.pieces), "edit": detail.status == AWAITS_SHIPPING}
    wish = Wish(
        seller=posting.seller,
        number=posting.number,
        action=IntentAction.SET_EXEMPLARS,
        request=request,
        actor=actor,
    )
    noted, intent, event, writes = prepare_intent(posting, wish, settings, store=store, now=now)
    return noted, intent.id, event, writes
