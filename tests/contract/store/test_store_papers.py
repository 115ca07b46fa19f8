"""Papers in the store: print jobs with an alarm, product cards, scans at the bench, refused pages, carriages."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AddScan,
    AppendEvents,
    SaveBenchCheck,
    SaveBenchRow,
    SaveCarriage,
    SaveCarrier,
    SaveDetail,
    SaveDocument,
    SaveExemplars,
    SaveNumberJob,
    SavePosting,
    SavePrintJob,
    SaveProductCard,
    SavePurchase,
    SaveRefusedPage,
    SaveSettings,
)
from shipby.domain.carriages import Carriage, CarriageState
from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import AggregateKind, EventType, carriage_ref, number_job_ref, posting_ref, print_job_ref
from shipby.domain.labels.options import HandlingMark, LabelSize, Sheet
from shipby.domain.labels.pages import PageVerdict, RefusedPage
from shipby.domain.labels.prints import PrintJob, PrintOrder, PrintState, PrintStyle
from shipby.domain.packing.cards import BenchCheck, Exemplar, ExemplarSheet, ProductCard
from shipby.domain.packing.pick_claims import PickClaim
from shipby.domain.packing.pool import PoolMark
from shipby.domain.packing.quality import QualityFailure
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.tracking.number_job import JobState, NumberJob, NumberRow, RowState, in_parts
from shipby.domain.tracking.purchases import Hop, HopKind, Purchase
from shipby.domain.tracking.scans import Scan, ScanStatus
from tests.contract.store.paging_support import hours, walk
from tests.contract.store.test_store_watches_and_cases import due_now
from tests.support import builders as a


def job(seller: str, **changes: Any) -> PrintJob:
    base = PrintJob(
        seller=seller,
        id="j1",
        version=1,
        state=PrintState.WAITING,
        numbers=(a.NUMBER, "2-2-2"),
        asked_at=a.NOW,
        asked_by="key:k",
        style=PrintStyle(sheet=Sheet.A4_4UP, size=LabelSize.MM100X150, dpi=300, slips=True, order=PrintOrder.PICK),
        reason="the first one tore",
        copies={a.NUMBER: 2},
        personal=True,
    )
    return replace(base, **changes)


def card(seller: str, sku: str, **changes: Any) -> ProductCard:
    base = ProductCard(
        seller=seller,
        sku=sku,
        version=1,
        bin="A-01-3",
        barcodes=("4601234567893",),
        marks=(HandlingMark.FRAGILE, HandlingMark.BATTERY),
        inserts=("manual",),
        note="two layers of film",
    )
    return replace(base, **changes)


def refused(seller: str, identifier: str, **changes: Any) -> RefusedPage:
    base = RefusedPage(
        seller=seller,
        id=identifier,
        at=a.NOW,
        verdict=PageVerdict.FOREIGN,
        reason="it names a posting that was not asked for",
        page=3,
        asked_for=(a.NUMBER,),
        names=("2-2-2",),
        barcodes=("%101%1",),
        form="big",
        sha256="ab" * 32,
        key="aside/1",
    )
    return replace(base, **changes)


def carriage(seller: str, **changes: Any) -> Carriage:
    base = Carriage(
        seller=seller,
        id="c1",
        version=1,
        state=CarriageState.REQUESTED,
        delivery_method_id="77",
        departure="2026-08-24",
        asked_at=a.NOW,
        asked_by="key:k",
        numbers=(a.NUMBER,),
        documents={"act": "carriages/1.pdf"},
        next_alarm=Alarm(due=hours(1), kind=RungKind.CARRIAGE_CHECK),
    )
    return replace(base, **changes)


def test_a_print_job_comes_back_with_its_style_and_its_alarm_is_found(store: Store, seller: str) -> None:
    first = job(seller, next_alarm=Alarm(due=hours(4), kind=RungKind.EXPIRE_AT))
    store.commit([SavePrintJob(first)])
    assert store.print_job(seller, "j1") == first
    [alarm] = due_now(store, seller, hours(5))
    assert (alarm.ref, alarm.due) == (print_job_ref("j1"), hours(4))
    store.commit([SavePrintJob(replace(first, version=2, state=PrintState.EXPIRED, next_alarm=None))])
    assert due_now(store, seller, hours(5)) == []


def test_progress_of_a_waiting_job_only_grows_and_makes_no_version(store: Store, seller: str) -> None:
    store.commit([SavePrintJob(job(seller))])
    for done, kept in ((1, 1), (50, 50), (20, 50)):
        store.note_progress(seller, "j1", done)
        assert store.print_job(seller, "j1") == job(seller, done=kept)
    ended = job(seller, version=2, state=PrintState.READY, done=2)
    store.commit([SavePrintJob(ended)])
    store.note_progress(seller, "j1", 99)
    assert store.print_job(seller, "j1") == ended
    store.note_progress(seller, "no-such-job", 1)
    assert store.print_job(seller, "no-such-job") is None


def test_the_end_of_a_print_job_is_one_row_that_is_written_once(store: Store, seller: str) -> None:
    store.commit([SavePrintJob(job(seller))])
    ended = job(seller, version=2, state=PrintState.READY, done=2, key="prints/j1.pdf", problems={"p1": "gone"})
    finished = a.event(type=EventType.PRINT_FINISHED, data={"pages": 1})
    store.commit([SavePrintJob(ended, finished)])
    assert store.print_job(seller, "j1") == ended
    [stored] = store.events(seller, print_job_ref("j1"))
    assert (stored.event, stored.version, stored.count) == (finished, 2, 1)

    store.note_progress(seller, "j1", 99)
    other = replace(ended, state=PrintState.FAILED)
    with pytest.raises(VersionConflictError):
        store.commit([SavePrintJob(other, finished)])
    assert store.print_job(seller, "j1") == ended


def test_a_job_that_ended_in_its_own_row_is_ended_once_too(store: Store, seller: str) -> None:
    store.commit([SavePrintJob(job(seller))])
    ended = job(seller, version=2, state=PrintState.READY, done=2)
    finished = a.event(type=EventType.PRINT_FINISHED)
    store.commit([SavePrintJob(ended), AppendEvents(seller, print_job_ref("j1"), 2, (finished,))])
    with pytest.raises(VersionConflictError):
        store.commit([SavePrintJob(replace(ended, state=PrintState.FAILED), finished)])
    assert store.print_job(seller, "j1") == ended


def test_product_cards_are_read_one_by_one_and_listed_by_sku(store: Store, seller: str) -> None:
    assert store.product_card(seller, "1") is None
    cards = [card(seller, sku) for sku in ("10", "11", "9")]
    store.commit([SaveProductCard(one) for one in cards])
    assert store.product_card(seller, "11") == cards[1]
    assert walk(lambda **page: store.product_cards(seller, **page), 2) == cards
    with pytest.raises(VersionConflictError):
        store.commit([SaveProductCard(card(seller, "9", bin="B-02-1"))])
    moved = card(seller, "9", version=2, bin="B-02-1")
    store.commit([SaveProductCard(moved)])
    assert store.product_card(seller, "9") == moved


def test_purchases_are_read_one_by_one_and_listed_by_id(store: Store, seller: str) -> None:
    assert store.purchase(seller, "1") is None
    hop = Hop(kind=HopKind.DOMESTIC, number="SF1", expected_by=hours(1))
    bought = [
        Purchase(seller=seller, id=name, version=1, changed_at=a.NOW, changed_by="key:k1", postings=("1",), hops=(hop,))
        for name in ("10", "11", "9")
    ]
    store.commit([SavePurchase(one) for one in bought])
    assert store.purchase(seller, "11") == bought[1]
    assert walk(lambda **page: store.purchases(seller, **page), 2) == bought
    with pytest.raises(VersionConflictError):
        store.commit([SavePurchase(bought[0])])
    store.commit([SavePurchase(replace(bought[0], version=2, supplier="Yiwu 7"))])
    found = store.purchase(seller, "10")
    assert found is not None
    assert found.supplier == "Yiwu 7"


def test_scans_of_a_parcel_go_up_one_version_at_a_time(store: Store, seller: str) -> None:
    first = BenchCheck(
        seller=seller, posting_number=a.NUMBER, version=1, scanned={"10": 1}, started_at=a.NOW, by="key:packer"
    )
    store.commit([SaveBenchCheck(first)])
    assert store.bench_check(seller, a.NUMBER) == first
    with pytest.raises(VersionConflictError):
        store.commit([SaveBenchCheck(first)])
    store.commit([SaveBenchCheck(replace(first, version=2, scanned={"10": 2}, completed_at=hours(1)))])
    found = store.bench_check(seller, a.NUMBER)
    assert found is not None
    assert (found.scanned, found.completed_at) == ({"10": 2}, hours(1))


def test_lines_that_pickers_have_go_up_one_version_at_a_time(store: Store, seller: str) -> None:
    first, other = (
        PickClaim(seller=seller, posting_number=a.NUMBER, sku=sku, version=1, by="key:k", until=hours(1))
        for sku in ("10", "11")
    )
    store.commit([SaveBenchRow(first), SaveBenchRow(other)])
    with pytest.raises(VersionConflictError):
        store.commit([SaveBenchRow(replace(first, by="key:other"))])
    given = replace(first, version=2, by="key:other")
    store.commit([SaveBenchRow(given)])
    assert walk(lambda **page: store.pick_claims(seller, **page), 1) == [given, other]


def test_a_mark_of_a_pool_is_free_or_used_and_never_both(store: Store, seller: str) -> None:
    free = [PoolMark(seller=seller, sku="10", code=f"01x21{end}\x1d93abcd", at=a.NOW, by="key:k") for end in "aAb"]
    store.commit([SaveBenchRow(mark) for mark in free])
    by_code = sorted(free, key=lambda mark: mark.code)
    assert walk(lambda **page: store.pool_marks(seller, "10", used=False, **page), 2) == by_code
    taken = replace(free[0], posting_number=a.NUMBER)
    store.commit([SaveBenchRow(taken)])
    assert store.pool_marks(seller, "10", used=False).items == tuple(by_code[:1] + by_code[2:])
    assert store.pool_marks(seller, "10", used=True).items == (taken,)
    assert (store.pool_mark(seller, "10", "01x21a"), store.pool_mark(seller, "10", "01x21A")) == (taken, None)
    store.commit([SaveBenchRow(free[0])])
    assert store.pool_mark(seller, "10", "01x21a") is None
    assert len(store.pool_marks(seller, "10", used=False).items) == 3


def test_what_failed_its_inspection_is_listed_by_month(store: Store, seller: str) -> None:
    failed = [
        QualityFailure(
            seller=seller,
            posting_number=a.NUMBER,
            sku="10",
            pieces=1,
            at=a.NOW + timedelta(days=day),
            reason="scratched",
            by="key:k",
            supplier="cups",
            version=version,
        )
        for day, version in ((0, 2), (0, 3), (1, 2), (40, 5))
    ]
    store.commit([SaveBenchRow(each) for each in reversed(failed)])
    month = a.NOW.date()
    assert walk(lambda **page: store.quality_failures_in(seller, month, **page), 2) == failed[:3]
    assert store.quality_failures_in(seller, month + timedelta(days=40)).items == (failed[3],)


def test_refused_pages_are_listed_by_day(store: Store, seller: str) -> None:
    today, tomorrow = refused(seller, "p1"), refused(seller, "p2", at=a.NOW + timedelta(days=1))
    store.commit([SaveRefusedPage(today), SaveRefusedPage(tomorrow)])
    store.commit([SaveRefusedPage(today)])
    day = a.NOW.date()
    assert store.refused_page(seller, day, "p1") == today
    assert store.refused_page(seller, day, "p2") is None
    assert store.refused_pages_on(seller, day).items == (today,)
    assert store.refused_pages_on(seller, date(2020, 1, 1)).items == ()


def test_carriages_are_listed_open_and_closed_and_ring(store: Store, seller: str) -> None:
    first = carriage(seller)
    store.commit([SaveCarriage(first)])
    assert store.carriage(seller, "c1") == first
    assert store.carriages_in(seller).items == ("c1",)
    [alarm] = due_now(store, seller, hours(2))
    assert alarm.ref == carriage_ref("c1")
    store.commit([SaveCarriage(replace(first, version=2, state=CarriageState.CANCELLED, next_alarm=None))])
    assert store.carriages_in(seller).items == ()
    assert store.carriages_in(seller, open_only=False).items == ("c1",)
    assert due_now(store, seller, hours(2)) == []


def test_own_carriers_are_read_one_by_one_and_listed_by_code(store: Store, seller: str) -> None:
    assert store.carrier(seller, "van") is None
    bands = (PriceBand(up_to_grams=500, price=a.rub("120")),)
    prices = (PriceList(valid_from=date(2026, 3, 1), announced_on=date(2026, 2, 1), source="contract 7", bands=bands),)
    own = [
        Carrier(
            code=code, names={"en": code, "zh": "货车"}, seller=seller, version=1, patterns=("V####",), prices=prices
        )
        for code in ("bike", "van", "walk")
    ]
    store.commit([SaveCarrier(one) for one in own])
    assert store.carrier(seller, "van") == own[1]
    assert walk(lambda **page: store.carriers(seller, **page), 2) == own
    with pytest.raises(VersionConflictError):
        store.commit([SaveCarrier(own[1])])
    retired = replace(own[1], version=2, retired_on=date(2026, 4, 1))
    store.commit([SaveCarrier(retired)])
    assert store.carrier(seller, "van") == retired


def test_scans_of_a_number_are_kept_once_in_order_of_their_time(store: Store, seller: str) -> None:
    late, early = (
        Scan(at=a.NOW + timedelta(hours=hours), status=ScanStatus.IN_TRANSIT, words="в пути", source="csv")
        for hours in (5, 1)
    )
    store.commit([AddScan(seller, "RB1", late), AddScan(seller, "RB1", early)])
    store.commit([AddScan(seller, "RB1", late), AddScan(seller, "RB2", late)])
    assert walk(lambda **page: store.scans(seller, "RB1", **page), 1) == [early, late]
    assert list(store.scans(seller, "RB3").items) == []


def test_entries_of_pieces_go_up_one_version_at_a_time(store: Store, seller: str) -> None:
    assert store.exemplar_sheet(seller, a.NUMBER) is None
    pieces = {"10": (Exemplar(mark="0104607143560598215aB\x1d93Zz9=", gtd_absent=True), Exemplar(imei=("1", "2")))}
    first = ExemplarSheet(seller=seller, posting_number=a.NUMBER, version=1, pieces=pieces, by="key:k1")
    store.commit([SaveExemplars(first)])
    assert store.exemplar_sheet(seller, a.NUMBER) == first
    with pytest.raises(VersionConflictError):
        store.commit([SaveExemplars(first)])
    store.commit([SaveExemplars(replace(first, version=2, accepted=True))])
    assert store.exemplar_sheet(seller, a.NUMBER) == replace(first, version=2, accepted=True)


def test_a_job_of_numbers_comes_back_with_its_parts_and_rings(store: Store, seller: str) -> None:
    parts = in_parts(seller, "n1", [NumberRow(line=line, posting=f"p{line}", number="X") for line in range(2, 122)])
    first = NumberJob(
        seller=seller,
        id="n1",
        version=1,
        state=JobState.CHECKING,
        asked_at=a.NOW,
        asked_by="key:k1",
        rows=120,
        parts=3,
        next_alarm=Alarm(due=hours(4), kind=RungKind.LOOK_AGAIN),
    )
    assert (store.number_job(seller, "n1"), store.number_rows(seller, "n1")) == (None, [])
    store.commit([SaveNumberJob(first, tuple(parts))])
    assert store.number_job(seller, "n1") == first
    assert store.number_rows(seller, "n1") == parts
    [alarm] = due_now(store, seller, hours(5))
    assert (alarm.ref, alarm.due) == (number_job_ref("n1"), hours(4))
    judged = replace(parts[1], rows=(replace(parts[1].rows[0], state=RowState.GOOD), *parts[1].rows[1:]))
    done = replace(first, version=2, done_parts=2, counts={"good": 1}, next_alarm=None)
    store.commit([SaveNumberJob(done, (judged,))])
    assert store.number_rows(seller, "n1") == [parts[0], judged, parts[2]]
    assert due_now(store, seller, hours(5)) == []
    with pytest.raises(VersionConflictError):
        store.commit([SaveNumberJob(done, (parts[1],))])
    assert store.number_rows(seller, "n1")[1] == judged
    assert store.asked_on(seller, AggregateKind.NUMBER_JOB, a.NOW.date()).items == ("n1",)


def test_all_that_a_scan_is_judged_by_is_read_at_once(store: Store, seller: str) -> None:
    assert store.bench_scene(seller, a.NUMBER) is None
    posting, detail = a.posting(seller=seller), a.detail()
    written = AppendEvents(seller, posting_ref(a.NUMBER), posting.version, (a.event(),))
    store.commit([SavePosting(posting), SaveDetail(seller, detail), written])
    bare = store.bench_scene(seller, a.NUMBER, labels=("label",))
    assert bare is not None
    assert (bare.posting, bare.detail, bare.check, bare.sheet, bare.settings, bare.labels) == (
        store.posting(seller, a.NUMBER),
        store.detail(seller, a.NUMBER),
        None,
        None,
        None,
        {},
    )

    check = BenchCheck(seller=seller, posting_number=a.NUMBER, version=1, marks=("01x21y",), waits="10", ask_marks=True)
    sheet = ExemplarSheet(seller=seller, posting_number=a.NUMBER, version=1, pieces={"10": (Exemplar(mark="m"),)})
    label, settings = a.document(seller=seller, id="label"), a.settings(seller=seller)
    store.commit([SaveBenchCheck(check), SaveExemplars(sheet), SaveDocument(label), SaveSettings(settings)])
    whole = store.bench_scene(seller, a.NUMBER, labels=("label", "label-small"))
    assert whole is not None
    assert (whole.check, whole.sheet, whole.settings, whole.labels) == (check, sheet, settings, {"label": label})
