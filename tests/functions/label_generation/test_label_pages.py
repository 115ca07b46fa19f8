"""Label files of the simulated marketplace, with everything that can be wrong in them, through the real handler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from functions.label_generation.handler import handler
from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.application.labels.asks import fetch_message
from shipby.application.labels.overrides import LabelOverride, override_label
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.pages import PageVerdict, RefusedPage
from shipby_local.simulator import Simulator
from tests.functions.label_generation.test_labels import assembled, fetch
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support.waiting import eventually

CONTEXT = LambdaContext(millis=60_000)


def spoil(market: Simulator, kind: str, number: str, *, times: int = -1, **more: Any) -> None:
    market.control("POST", "/_sim/faults", {"kind": kind, "posting_number": number, "times": times, **more})


def settle(shop: Shop, *bodies: dict[str, Any], until_true: Callable[[], bool] | None = None) -> None:
    """Hand messages to the worker, and then whatever they lead to, until none is left."""
    if bodies:
        assert failed_ids(handler(sqs_event(*bodies), CONTEXT)) == []

    def done() -> bool:
        assert shop.deliver("label", handler, millis=60_000) == []
        return until_true() if until_true else not shop.bodies("label")

    eventually(done)


def label(shop: Shop, number: str, identifier: str = "label") -> Document:
    found = shop.store.document(SELLER, number, identifier)
    assert found is not None
    return found


def state(shop: Shop, number: str) -> DocumentState:
    return label(shop, number).state


def refused(shop: Shop) -> tuple[RefusedPage, ...]:
    return shop.store.refused_pages_on(SELLER, datetime.now(UTC).date(), limit=200).items


def types(shop: Shop, number: str) -> list[EventType]:
    return [stored.event.type for stored in shop.store.events(SELLER, posting_ref(number))]


def stored_file(key: str) -> bytes:
    return clients.s3().get_object(Bucket="shipby-documents", Key=key)["Body"].read()


def keys() -> list[str]:
    return [entry["Key"] for entry in clients.s3().list_objects_v2(Bucket="shipby-documents").get("Contents", [])]


def test_every_badness_in_one_file_stops_only_its_own_posting(shop: Shop, market: Simulator) -> None:
    numbers = assembled(shop, market, 6)
    good, mixed, twice, blurred, missing, unprinted = numbers
    spoil(market, "label_mismatch_page", mixed)
    spoil(market, "label_double_page", twice)
    spoil(market, "label_unreadable_page", blurred)
    spoil(market, "label_missing_page", missing, times=1)
    spoil(market, "label_never_ready", unprinted, times=2)
    settle(shop, *fetch(*numbers))
    ready = {number for number in numbers if state(shop, number) is DocumentState.READY}
    assert ready == {good, twice, missing, unprinted}
    for number in ready:
        found = label(shop, number)
        assert (found.pages, found.key) == (1, f"labels/{SELLER}/{number}/{found.sha256}.pdf")
        detail = shop.store.detail(SELLER, number)
        assert detail is not None
        assert set() < set(found.barcodes) <= set(detail.codes)
    assert state(shop, blurred) is DocumentState.UNPROVEN
    assert state(shop, mixed) is DocumentState.FAILED
    assert {page.verdict for page in refused(shop)} >= {PageVerdict.MISMATCH, PageVerdict.DOUBLE}
    assert all(stored_file(page.key).startswith(b"%PDF-") for page in refused(shop))
    assert EventType.LABEL_PAGE_REFUSED in types(shop, twice)


def test_a_foreign_page_is_set_aside_and_the_label_stored(shop: Shop, market: Simulator) -> None:
    first, _ = assembled(shop, market, 2)
    spoil(market, "label_foreign_page", first)
    settle(shop, *fetch(first))
    assert state(shop, first) is DocumentState.READY
    (page,) = refused(shop)
    assert page.verdict is PageVerdict.FOREIGN
    assert page.key.startswith(f"aside/{SELLER}/")


def test_a_new_layout_waits_for_a_person_and_prints_after_the_override(shop: Shop, market: Simulator) -> None:
    (number,) = assembled(shop, market, 1)
    spoil(market, "label_unreadable_page", number)
    settle(shop, *fetch(number))
    assert state(shop, number) is DocumentState.UNPROVEN
    assert types(shop, number)[-1] is EventType.LABEL_UNPROVEN
    wish = LabelOverride(seller=SELLER, number=number, document="label", reason="looked at it", actor="key:k1")
    override_label(wish, lambda _: [], store=shop.store, clock=SystemClock())
    posting = shop.store.posting(SELLER, number)
    assert posting is not None
    assert posting.label_ready_at is not None


def test_both_sizes_are_kept_and_the_second_message_downloads_nothing(shop: Shop, market: Simulator) -> None:
    (number,) = assembled(shop, market, 1)
    settle(shop, *fetch(number))
    small = dict(fetch_message(SELLER, number, LabelForm.SMALL, 0).body)
    settle(shop, small)
    big, little = label(shop, number), label(shop, number, "label-small")
    assert (big.state, little.state) == (DocumentState.READY, DocumentState.READY)
    widths = []
    for document in (big, little):
        with pikepdf.open(BytesIO(stored_file(document.key))) as pdf:
            widths.append(round(float(pdf.pages[0].mediabox[2]) / 72 * 25.4))
    assert widths == [75, 58]
    before = (big, little)
    settle(shop, *fetch(number), small)
    assert (label(shop, number), label(shop, number, "label-small")) == before


@pytest.mark.parametrize(
    "kind", ["label_file_expired", "label_not_a_pdf", "label_broken_pdf", "label_file_not_ready", "label_task_error"]
)
def test_a_file_that_is_no_use_once_is_made_anew(shop: Shop, market: Simulator, kind: str) -> None:
    numbers = assembled(shop, market, 3)
    spoil(market, kind, numbers[0], times=1)
    settle(shop, *fetch(*numbers))
    assert [state(shop, number) for number in numbers] == [DocumentState.READY] * 3


def test_what_is_always_broken_is_given_up_with_what_to_do_and_nothing_is_half_stored(
    shop: Shop, market: Simulator
) -> None:
    numbers = assembled(shop, market, 3)
    spoil(market, "label_broken_pdf", numbers[0])
    settle(shop, *fetch(*numbers))
    assert [state(shop, number) for number in numbers[1:]] == [DocumentState.READY] * 2
    assert state(shop, numbers[0]) is DocumentState.FAILED
    assert "seller's account" in label(shop, numbers[0]).problem
    assert not [key for key in keys() if numbers[0] in key]


def test_scripts_in_a_label_file_are_not_kept(shop: Shop, market: Simulator) -> None:
    (number,) = assembled(shop, market, 1)
    spoil(market, "label_scripted_pdf", number)
    settle(shop, *fetch(number))
    with pikepdf.open(BytesIO(stored_file(label(shop, number).key))) as pdf:
        assert not {"/OpenAction", "/Names", "/AA", "/AcroForm"} & set(pdf.Root.keys())


def test_pages_in_the_opposite_order_go_to_the_postings_that_they_name(shop: Shop, market: Simulator) -> None:
    numbers = assembled(shop, market, 3)
    spoil(market, "label_swapped_pages", numbers[0])
    settle(shop, *fetch(*numbers))
    for number in numbers:
        detail = shop.store.detail(SELLER, number)
        assert detail is not None
        assert set() < set(label(shop, number).barcodes) <= set(detail.codes)
    assert refused(shop) == ()


def test_a_form_that_is_none_and_lists_that_are_none_fail_alone(shop: Shop, market: Simulator) -> None:
    (number,) = assembled(shop, market, 1)
    bad = [
        {"seller": SELLER, "task": "fetch", "posting": number, "form": "huge"},
        {"seller": SELLER, "task": "fetch", "postings": "x"},
        {"seller": SELLER, "task": "carriage"},
        {"seller": SELLER, "task": "expire"},
    ]
    assert sorted(failed_ids(handler(sqs_event(*bad, *fetch(number)), CONTEXT))) == ["m0", "m1", "m2", "m3"]
    assert [body["task"] for body in shop.bodies("label")] == ["collect"]
