"""Print jobs through the real handlers: labels of the simulated marketplace, our own, waiting, the end of files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
from botocore.exceptions import ClientError

from functions.label_generation.handler import handler
from functions.posting_sync.handler import handler as sync
from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.ozon import OzonClient
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.alarms.ringing import ring
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, SaveSettings
from shipby.application.printing.requests import PrintWish, request_print
from shipby.application.printing.scan_label import scan_label
from shipby.application.shared.messages import sync_message
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import EventType, posting_ref, print_job_ref
from shipby.domain.labels.options import LabelFormat, Sheet
from shipby.domain.labels.prints import PrintContent, PrintJob, PrintState
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.label_generation.test_labels import assembled, labelled
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a
from tests.support.waiting import eventually

CONTEXT = LambdaContext(millis=60_000)
BUCKET = "shipby-documents"


def ask(shop: Shop, *numbers: str, **more: object) -> str:
    """The id of a job; its message is where the router puts it."""
    wish = PrintWish(seller=SELLER, numbers=numbers, actor="key:k1", **more)  # type: ignore[arg-type]  # typed per field
    answer = request_print(wish, lambda _: [], store=shop.store, clock=SystemClock())
    return answer.location.rpartition("/")[2]


def work(shop: Shop, job: str) -> PrintJob:
    """Deliver the label queue until the job has ended."""
    shop.pump()

    def ended() -> bool:
        assert shop.deliver("label", handler, millis=60_000) == []
        found = shop.store.print_job(SELLER, job)
        return found is not None and found.state is not PrintState.WAITING

    eventually(ended)
    found = shop.store.print_job(SELLER, job)
    assert found is not None
    return found


def body_of(key: str) -> bytes:
    return clients.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()


def pages_of(job: PrintJob) -> int:
    with pikepdf.open(BytesIO(body_of(job.key))) as pdf:
        return len(pdf.pages)


def goods(shop: Shop, number: str) -> None:
    """A posting that is there without any marketplace."""
    posting = a.posting(seller=SELLER, number=number)
    events = AppendEvents(SELLER, posting_ref(number), 1, (a.event(),))
    shop.store.commit([SavePosting(posting), events, SaveDetail(SELLER, a.detail(number=number))])


def test_a_print_job_becomes_one_pdf_of_the_marketplaces_labels(shop: Shop, market: Simulator) -> None:
    numbers = labelled(shop, market)
    shop.pump()
    shop.empty("label")
    job = work(shop, ask(shop, *numbers))
    assert (job.state, job.problems, job.copies) == (PrintState.READY, {}, dict.fromkeys(numbers, 1))
    documents = [shop.store.document(SELLER, number, "label") for number in numbers]
    assert pages_of(job) == job.pages == sum(document.pages for document in documents if document)
    link = clients.s3().head_object(Bucket=BUCKET, Key=job.key)
    assert link["ContentType"] == "application/pdf"


def test_a_job_asks_for_the_labels_it_lacks_and_prints_them_when_they_come(shop: Shop, market: Simulator) -> None:
    numbers = assembled(shop, market)
    shop.pump()
    shop.empty("label")  # as if what asks for a label ahead had been lost
    job = work(shop, ask(shop, *numbers))
    assert (job.state, job.problems) == (PrintState.READY, {})
    assert pages_of(job) == 2


def own_carrier(shop: Shop, market: Simulator) -> str:
    """An assembled posting that the seller's own carrier delivers."""
    number = market.add_posting(SELLER, scheme="rFBS", integration="non_integrated", lines=(LineSpec(sku=11),))
    hint = dict(sync_message(SELLER, number, hinted_at=None, why="test").body)
    sync(sqs_event(hint), CONTEXT)
    OzonClient(market.base_url, SELLER, "a-key-of-the-seller", requests_per_second=1000).ship(number, [{"11": 1}])
    eventually(lambda: market.posting(number).status == "awaiting_deliver")
    sync(sqs_event(hint), CONTEXT)
    shop.pump()
    shop.empty("label")
    return number


def test_the_label_of_an_own_carrier_is_drawn_with_its_recipient_and_scans(shop: Shop, market: Simulator) -> None:
    number = own_carrier(shop, market)
    job = work(shop, ask(shop, number))
    assert (job.state, job.problems, pages_of(job), job.personal) == (PrintState.READY, {}, 1, True)
    assert job.key.startswith("personal/prints/")
    (printed,) = [
        stored.event
        for stored in shop.store.events(SELLER, posting_ref(number))
        if stored.event.type is EventType.LABEL_PRINTED
    ]
    assert (printed.data["kind"], printed.data["copy"]) == ("own_label", 1)
    codes = {code for page in PdfLabelPapers().pages(body_of(job.key)) for code in page.barcodes}
    (code,) = [code for code in codes if code.startswith("SB:OL:")]
    found = scan_label(SELLER, code, store=shop.store)
    assert (found["posting_number"], found["copy"], found["current"]) == (number, 1, True)
    name = market.posting(number).buyer.name
    assert name
    assert name not in repr(shop.items())
    assert name not in shop.log.getvalue()


def test_a_file_with_a_person_is_deleted_when_its_alarm_rings(shop: Shop, market: Simulator) -> None:
    settings = shop.store.settings(SELLER)
    assert settings is not None
    shop.store.commit([SaveSettings(replace(settings, version=settings.version + 1, personal_kept=timedelta(0)))])
    number = own_carrier(shop, market)
    job = work(shop, ask(shop, number))
    assert job.next_alarm is not None
    alarm = AlarmRef(seller=SELLER, ref=print_job_ref(job.id), intent_id="", due=job.next_alarm.due)
    assert body_of(job.key)
    ring(alarm, store=shop.store, clock=SystemClock())
    shop.pump()
    (message,) = shop.bodies("label")
    assert message == {"seller": SELLER, "task": "expire", "job": job.id}
    for _ in range(2):
        assert failed_ids(handler(sqs_event(message), CONTEXT)) == []
    with pytest.raises(ClientError):
        body_of(job.key)


def test_a_sticker_job_needs_no_marketplace_and_zpl_is_zpl(shop: Shop) -> None:
    shop.add_seller()
    for number in ("1-0001-1", "1-0002-1"):
        goods(shop, number)
    job = work(shop, ask(shop, "1-0001-1", "1-0002-1", content=PrintContent.STICKERS))
    assert (job.state, job.problems, pages_of(job), job.personal) == (PrintState.READY, {}, 2, False)
    zpl = work(shop, ask(shop, "1-0001-1", "1-0002-1", content=PrintContent.STICKERS, format=LabelFormat.ZPL))
    content = body_of(zpl.key)
    assert (content.count(b"^XA"), content.count(b"^XZ")) == (2, 2)
    sheet = work(shop, ask(shop, "1-0001-1", "1-0002-1", content=PrintContent.STICKERS, sheet=Sheet.A4_8UP))
    assert pages_of(sheet) == 1
    picture = work(shop, ask(shop, "1-0001-1", content=PrintContent.STICKERS, format=LabelFormat.PNG))
    assert body_of(picture.key).startswith(b"\x89PNG")


def test_slips_and_a_pick_list_are_drawn_by_the_same_job(shop: Shop) -> None:
    shop.add_seller()
    goods(shop, "1-0001-1")
    slips = work(shop, ask(shop, "1-0001-1", content=PrintContent.PACKING_SLIPS))
    assert (slips.state, slips.problems, pages_of(slips)) == (PrintState.READY, {}, 1)
    listed = work(shop, ask(shop, "1-0001-1", content=PrintContent.PICK_LIST))
    assert (listed.state, listed.problems, pages_of(listed)) == (PrintState.READY, {}, 1)


def test_a_job_printed_twice_by_a_repeated_message_is_counted_once(shop: Shop) -> None:
    shop.add_seller()
    goods(shop, "1-0001-1")
    identifier = ask(shop, "1-0001-1", content=PrintContent.STICKERS)
    message = {"seller": SELLER, "task": "print", "job": identifier}
    for _ in range(3):
        assert failed_ids(handler(sqs_event(message, message), CONTEXT)) == []
    document = shop.store.document(SELLER, "1-0001-1", "sticker")
    assert document is not None
    assert document.printed_count == 1
    types = [stored.event.type for stored in shop.store.events(SELLER, print_job_ref(identifier))]
    assert types == [EventType.PRINT_REQUESTED, EventType.PRINT_FINISHED]
