"""Records come back as they were written, whatever is in them and whoever wrote them."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.keys import Key, micros, moment
from shipby.adapters.dynamodb.rows import api_keys as api_key_rows
from shipby.adapters.dynamodb.rows import cancels as cancel_rows
from shipby.adapters.dynamodb.rows import carriages as carriage_rows
from shipby.adapters.dynamodb.rows import carriers as carrier_rows
from shipby.adapters.dynamodb.rows import cases as case_rows
from shipby.adapters.dynamodb.rows import deadlines as deadline_rows
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import evidence as evidence_rows
from shipby.adapters.dynamodb.rows import inbox as inbox_rows
from shipby.adapters.dynamodb.rows import intents as intent_rows
from shipby.adapters.dynamodb.rows import labels as label_rows
from shipby.adapters.dynamodb.rows import notices as notice_rows
from shipby.adapters.dynamodb.rows import packing as packing_rows
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.adapters.dynamodb.rows import refunds as refund_rows
from shipby.adapters.dynamodb.rows import returns as return_rows
from shipby.adapters.dynamodb.rows import sellers as seller_rows
from shipby.adapters.dynamodb.rows import shadow as shadow_rows
from shipby.adapters.dynamodb.rows import tracking as tracking_rows
from shipby.adapters.dynamodb.values import item_size, to_wire
from shipby.application.ports.postings import PostingStory
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    RememberResponse,
    SaveDetail,
    SaveDocument,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SavePrintJob,
    SaveReturn,
    SaveSettings,
    SpendCap,
)
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Cancellation, Posting, RungKind, Stage
from tests.contract.store.conftest import TABLES, Table
from tests.support import builders as a
from tests.support import strategies as some

KEY = Key("pk", "sk")

CODECS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], st.SearchStrategy[Any]]] = {
    "posting": (lambda record: posting_rows.posting_item(record, 4), posting_rows.postings().read, some.postings),
    "detail": (lambda record: posting_rows.details().item(KEY, record), posting_rows.details().read, some.details),
    "money": (lambda record: refund_rows.ledgers().item(KEY, record), refund_rows.ledgers().read, some.ledgers),
    "return": (lambda record: return_rows.return_item(record, 4), return_rows.returns().read, some.returns),
    "intent": (lambda record: intent_rows.intent_item(record, 4), intent_rows.intents().read, some.intents()),
    "document": (lambda record: label_rows.documents().item(KEY, record), label_rows.documents().read, some.documents),
    "print job": (lambda record: label_rows.print_job_item(record, 4), label_rows.print_jobs().read, some.print_jobs),
    "person": (lambda record: api_key_rows.people().item(KEY, record), api_key_rows.people().read, some.persons),
    "account": (lambda record: api_key_rows.accounts().item(KEY, record), api_key_rows.accounts().read, some.accounts),
    "session": (api_key_rows.session_item, api_key_rows.sessions().read, some.sessions),
    "tries": (lambda record: api_key_rows.tries().item(KEY, record), api_key_rows.tries().read, some.tries),
    "carriage": (lambda record: carriage_rows.carriage_item(record, 4), carriage_rows.carriages().read, some.carriages),
    "carrier": (
        lambda record: carrier_rows.carriers().item(KEY, record),
        carrier_rows.carriers().read,
        some.own_carriers,
    ),
    "number job": (
        lambda record: tracking_rows.number_job_item(record, 4),
        tracking_rows.number_jobs().read,
        some.number_jobs,
    ),
    "rows of a number job": (tracking_rows.number_rows_item, tracking_rows.number_rows().read, some.number_rows),
    "scan": (lambda record: tracking_rows.scans().item(KEY, record), tracking_rows.scans().read, some.scans),
    "purchase": (
        lambda record: tracking_rows.purchases().item(KEY, record),
        tracking_rows.purchases().read,
        some.purchases,
    ),
    "product card": (
        lambda record: packing_rows.product_cards().item(KEY, record),
        packing_rows.product_cards().read,
        some.product_cards,
    ),
    "bench check": (
        lambda record: packing_rows.bench_checks().item(KEY, record),
        packing_rows.bench_checks().read,
        some.bench_checks,
    ),
    "exemplar sheet": (
        lambda record: packing_rows.exemplar_sheets().item(KEY, record),
        packing_rows.exemplar_sheets().read,
        some.exemplar_sheets,
    ),
    "pick claim": (packing_rows.pick_claim_item, packing_rows.pick_claims().read, some.pick_claims),
    "mark of a pool": (packing_rows.pool_mark_item, packing_rows.pool_marks().read, some.pool_marks),
    "quality failure": (
        packing_rows.quality_failure_item,
        packing_rows.quality_failures().read,
        some.quality_failures,
    ),
    "refused page": (label_rows.refused_page_item, label_rows.refused_pages().read, some.refused_pages),
    "tracking": (
        lambda record: posting_rows.tracking_changes().item(KEY, record),
        posting_rows.tracking_changes().read,
        some.tracking_changes,
    ),
    "settings": (lambda record: seller_rows.settings().item(KEY, record), seller_rows.settings().read, some.settings),
    "response": (seller_rows.response_item, seller_rows.responses().read, some.responses),
    "push token": (
        lambda record: inbox_rows.push_tokens().item(KEY, record),
        inbox_rows.push_tokens().read,
        some.push_tokens,
    ),
    "api key": (lambda record: api_key_rows.api_keys().item(KEY, record), api_key_rows.api_keys().read, some.api_keys),
    "push": (inbox_rows.push_item, inbox_rows.read_push, some.pushes.map(lambda p: replace(p, received_at=a.NOW))),
    "cancel request": (
        lambda record: cancel_rows.cancel_request_item(record, 4),
        cancel_rows.cancel_requests().read,
        some.cancel_requests,
    ),
    "claim": (lambda record: evidence_rows.claim_item(record, 4), evidence_rows.claims().read, some.claims),
    "evidence": (evidence_rows.evidence_item, evidence_rows.evidence().read, some.evidence_items),
    "evidence upload": (evidence_rows.upload_item, evidence_rows.uploads().read, some.evidence_uploads),
    "evidence pack": (
        lambda record: evidence_rows.pack_item(record, 4),
        evidence_rows.packs().read,
        some.evidence_packs,
    ),
    "shadow": (shadow_rows.shadow_item, shadow_rows.shadows().read, some.shadows),
    "watch": (lambda record: case_rows.watch_item(record, 4), case_rows.watches().read, some.watches),
    "case": (lambda record: case_rows.case_item(record, 4), case_rows.cases().read, some.cases),
    "outcome": (
        lambda record: deadline_rows.outcomes().item(KEY, record),
        deadline_rows.outcomes().read,
        some.outcomes,
    ),
    "digest entry": (
        lambda record: notice_rows.digest_entries().item(KEY, record),
        notice_rows.digest_entries().read,
        some.digest_entries,
    ),
    "event": (
        lambda record: event_rows.event_item(a.SELLER, posting_ref(a.NUMBER), 1, 0, record, count=1),
        lambda item: event_rows.read_event(item).event,
        some.events,
    ),
}


@pytest.mark.parametrize("kind", CODECS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_record_survives_its_item(kind: str, data: st.DataObject) -> None:
    encode, decode, strategy = CODECS[kind]
    record = data.draw(strategy)
    item = encode(record)
    assert decode(item) == record
    # A float anywhere would have raised; an empty attribute is left out instead of stored as NULL.
    assert all(attribute != {"NULL": True} for attribute in item.values())


def test_every_kind_of_record_comes_back_from_the_store(store: Store, seller: str) -> None:
    posting = a.full_posting(seller=seller, version=1)
    detail = a.detail(
        cancellation=Cancellation(
            reason_id=402, reason="Нет товара", type="seller", after_ship=False, affects_rating=True
        )
    )
    ledger = replace(a.ledger(seller=seller).reserve("i1", a.rub("12.50"), lines={"149123456": 1250}), version=1)
    case, intent, push = a.return_case(seller=seller), a.intent(seller=seller), a.push(seller=seller)
    intent = replace(intent, amount=a.rub("12.50"), previously_refunded=0)
    document, job = a.document(seller=seller, barcodes=("%101%1",)), a.print_job(seller=seller, problems={"p1": "late"})
    policy = a.settings(seller=seller, caps={"cancel": 0}, give_up_after=timedelta(), kill_switch=False)
    response, change = a.response(seller=seller), a.tracking_change(seller=seller)
    store.commit(
        [
            SavePosting(posting),
            SaveDetail(seller, detail),
            SaveMoney(ledger),
            SaveReturn(case),
            SaveIntent(intent),
            SaveDocument(document),
            SavePrintJob(job),
            SaveSettings(policy),
            RememberResponse(response),
            AppendTracking(change),
            AppendEvents(seller, posting_ref(a.NUMBER), 1, (a.event(),)),
        ]
    )
    store.put_push(push)
    assert store.posting(seller, a.NUMBER) == posting
    assert store.detail(seller, a.NUMBER) == detail
    assert store.money(seller, a.NUMBER) == ledger
    assert store.return_case(seller, a.RETURN_ID) == case
    assert store.intent(seller, intent.id) == intent
    assert store.document(seller, a.NUMBER, document.id) == document
    assert store.print_job(seller, job.id) == job
    assert store.settings(seller) == policy
    assert store.remembered(seller, response.key, a.NOW) == response
    assert store.tracking_history(seller, a.NUMBER) == [change]
    assert [stored.event for stored in store.events(seller, posting_ref(a.NUMBER))] == [a.event()]
    assert store.pushes_on(seller, a.NOW.date()).items == (push,)
    # All of a posting at once, without what else lies beside it; the intent is of this posting.
    events = store.events(seller, posting_ref(a.NUMBER))
    story = PostingStory(posting, detail, ledger, events, store.intents(seller, posting_ref(a.NUMBER)))
    assert store.posting_story(seller, a.NUMBER) == story
    assert store.posting_story(seller, f"{a.NUMBER}0") == PostingStory(None, None, None, [], [])


def test_a_removed_value_does_not_come_back(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.full_posting(seller=seller, version=1))])
    plain = a.posting(seller=seller, version=2, next_alarm=None, rungs=())
    store.commit([SavePosting(plain)])
    assert store.posting(seller, a.NUMBER) == plain


def test_a_time_of_another_zone_is_the_same_moment_in_utc(store: Store, seller: str) -> None:
    moscow = a.NOW.astimezone(timezone(timedelta(hours=3)))
    store.commit([SavePosting(a.posting(seller=seller, received_at=moscow, shipment_date=moscow))])
    found = store.posting(seller, a.NUMBER)
    assert found is not None
    assert found.received_at == a.NOW
    assert store.received_on(seller, a.NOW.date()).items == (a.NUMBER,)


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_a_naive_time_and_a_float_are_never_stored(store: Store, seller: str) -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - what must be refused
    with pytest.raises(InvalidInputError, match="time zone"):
        store.commit([SavePosting(a.posting(seller=seller, shipment_date=naive))])
    with pytest.raises(TypeError):
        store.commit([AppendEvents(seller, posting_ref(a.NUMBER), 1, (a.event(data={"rate": 0.5}),))])


def test_what_the_memory_store_hands_out_refuses_changes(clock: a.FixedClock) -> None:
    from tests.support.memory_store import MemoryStore

    store: MemoryStore = MemoryStore(clock=clock)
    fired = {"confirm_by": a.NOW}
    data: dict[str, Any] = {"list": [1], "map": {"a": 1}}
    store.commit(
        [SavePosting(a.posting(fired=fired)), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(data=data),))]
    )
    fired["remind_at"] = a.NOW
    data["list"].append(2)
    found = store.posting(a.SELLER, a.NUMBER)
    (stored,) = store.events(a.SELLER, posting_ref(a.NUMBER))
    assert found is not None
    assert found.fired == {"confirm_by": a.NOW}
    assert stored.event.data == {"list": [1], "map": {"a": 1}}
    (numbers, mapping) = (stored.event.data["list"], stored.event.data["map"])
    assert isinstance(found.fired, dict)
    assert isinstance(numbers, list)
    assert isinstance(mapping, dict)
    with pytest.raises(TypeError, match="must not be changed"):
        found.fired.update(x=a.NOW)
    with pytest.raises(TypeError, match="must not be changed"):
        numbers.append(2)
    with pytest.raises(TypeError, match="must not be changed"):
        mapping.pop("a")


# Sizes and time to live ----------------------------------------------------------------------------------------------


def test_a_busy_posting_with_eight_rungs_fits_into_one_write_unit() -> None:
    posting = a.full_posting(seller="seller-123456")
    assert len(posting.rungs) == 8
    assert item_size(posting_rows.posting_item(posting, 4)) <= 1024


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("", 0),
        ("abc", 3),
        ("чай", 6),
        (True, 1),
        (None, 1),
        (0, 2),
        (7, 2),
        (100, 2),
        (123, 3),
        (-123, 4),
        (1234, 3),
        (12340, 4),
        ([], 3),
        (["a", 1], 3 + 1 + 1 + 1 + 2),
        ({}, 3),
        ({"key": "v"}, 3 + 1 + 3 + 1),
    ],
)
def test_sizes_are_what_dynamodb_counts(value: object, size: int) -> None:
    assert item_size({"a": to_wire(value)}) == 1 + size


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_rows_that_may_go_carry_the_second_they_may_go(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    late = a.NOW + timedelta(microseconds=1)
    store.put_push(a.push(seller=seller, received_at=late))
    store.commit([RememberResponse(a.response(seller=seller)), SpendCap(seller, "cancel", a.NOW.date(), 5)])
    store.commit([SavePosting(a.posting(seller=seller))])
    mine = [item for item in tables(engine).all_items() if seller in item["PK"]["S"]]
    lifetimes = {item["SK"]["S"].split("#")[0]: int(item.get("ttl", {"N": "0"})["N"]) for item in mine}
    assert lifetimes == {
        "PUSH": int((a.NOW + timedelta(days=30)).timestamp()) + 1,
        "IDEM": int((a.NOW + timedelta(days=30)).timestamp()),
        "CAP": int(datetime(2026, 3, 9, tzinfo=UTC).timestamp()),
        "POSTING": 0,
    }


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_every_item_says_its_schema(store: Store, engine: str, tables: Callable[[str], Table], seller: str) -> None:
    test_every_kind_of_record_comes_back_from_the_store(store, seller)
    store.save_report(seller, "proof", a.NOW.date(), {})
    mine = [item for item in tables(engine).all_items() if seller in item["PK"]["S"] + item["SK"]["S"]]
    assert len(mine) >= 13
    assert {item["schema"]["N"] for item in mine} == {"1", "2", "3"}


@given(some.times)
def test_microseconds_are_exact_both_ways(when: datetime) -> None:
    assert moment(micros(when)) == when


# Older and newer releases -----------------------------------------------------------------------------------------


def clocks_in_full(posting: Posting) -> dict[str, Any]:
    """As schema 1 and 2 wrote them: the kinds of clocks in full."""
    rungs = [
        [str(rung.kind), micros(rung.due), *([f"{rung.price.minor} RUB"] if rung.price else [])]
        for rung in posting.rungs
    ]
    fired = {str(kind): micros(due) for kind, due in posting.fired.items()}
    return {"rungs": to_wire(rungs), "fired": to_wire(fired)}


def test_every_clock_of_a_posting_is_written_short_and_read_back() -> None:
    rungs = tuple(a.rung(kind, a.NOW) for kind in RungKind)
    posting = a.posting(rungs=rungs, fired=dict.fromkeys(RungKind, a.NOW))
    item = posting_rows.posting_item(posting, 4)
    assert posting_rows.postings().read(item) == posting
    assert len({part["L"][0]["S"] for part in item["rungs"]["L"]}) == len(RungKind)
    assert {"cb", "sd", "gu"} <= set(item["fired"]["M"])


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_a_posting_of_schema_1_is_read_as_the_current_one(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    posting = a.posting(seller=seller)
    item = posting_rows.posting_item(posting, 4) | {"schema": {"N": "1"}} | clocks_in_full(posting)
    item["next_alarm"] = {"M": {"due": item.pop("alarm_at"), "kind": item.pop("alarm_kind")}}
    tables(engine).put(item)
    assert store.posting(seller, a.NUMBER) == posting
    without_alarm = a.posting(seller=seller, number="p2", next_alarm=None)
    tables(engine).put(
        posting_rows.posting_item(without_alarm, 4) | {"schema": {"N": "1"}} | clocks_in_full(without_alarm)
    )
    assert store.posting(seller, "p2") == without_alarm

    store.commit([SavePosting(replace(posting, version=2, stage=Stage.CONFIRMED))])
    (written,) = [i for i in tables(engine).all_items() if i["PK"]["S"] == f"SELLER#{seller}#POSTING#{a.NUMBER}"]
    assert written["schema"] == {"N": "3"}
    assert "next_alarm" not in written
    assert written["rungs"] != item["rungs"]


@pytest.mark.parametrize("engine", TABLES, indirect=True)
def test_an_item_of_a_newer_release_is_left_for_it(
    store: Store, engine: str, tables: Callable[[str], Table], seller: str
) -> None:
    tables(engine).put(posting_rows.posting_item(a.posting(seller=seller), 4) | {"schema": {"N": "4"}})
    with pytest.raises(StoreUnavailableError, match="schema 4"):
        store.posting(seller, a.NUMBER)


# Imports -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["inbox", "store"])
def test_importing_the_store_loads_no_heavy_library(module: str) -> None:
    code = f"import sys, shipby.adapters.dynamodb.{module}; print(*sorted(sys.modules), sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert f"shipby.adapters.dynamodb.{module}" in loaded
    assert not {"pydantic", "aws_lambda_powertools", "boto3", "botocore"}.intersection(loaded)


def test_the_webhooks_half_does_not_load_the_rest() -> None:
    code = "import sys, shipby.adapters.dynamodb.inbox; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("shipby.adapters.dynamodb.")} == {
        f"shipby.adapters.dynamodb.{name}"
        for name in ("client", "codec", "inbox", "keys", "rows", "rows.inbox", "rows.kind", "upcast", "values")
    }
    domain = {name.removeprefix("shipby.domain.") for name in loaded if name.startswith("shipby.domain.")}
    assert domain == {"errors", "events", "json_types", "money", "postings", "postings.inbox"}


def test_the_store_is_exported_by_its_package() -> None:
    assert DynamoDBStore.__module__ == "shipby.adapters.dynamodb.store"
