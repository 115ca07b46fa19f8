"""Rows of webhooks: in memory and in the table alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.dynamodb.webhooks.listening import Listening
from shipby.adapters.dynamodb.webhooks.rows import WebhookTable
from shipby.application.ports.webhooks.out import WebhookRows
from shipby.domain.events import Ref, posting_ref, stock_ref
from shipby.domain.webhooks.lane import Lane
from tests.support import builders as a
from tests.support.memory.webhooks import MemoryWebhooks

REF = posting_ref(a.NUMBER)
LATER = a.NOW + timedelta(days=1)


@pytest.fixture(params=["memory", "moto"])
def rows(request: pytest.FixtureRequest) -> Iterator[WebhookRows]:
    if request.param == "memory":
        yield MemoryWebhooks()
        return
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(**table_definition("shipby"))
        yield WebhookTable(client, "shipby")


def lane(**changes: object) -> Lane:
    made = Lane(seller=a.SELLER, endpoint="e1", ref=REF, number=1, version=3, index=0, gone_at=LATER)
    return replace(made, **changes)  # type: ignore[arg-type]  # whatever a test changes


def test_who_listens_is_known_and_no_seller_sees_anothers(rows: WebhookRows) -> None:
    rows.note_endpoint("s", "e1")
    rows.note_endpoint("s", "e1")
    rows.note_endpoint("s-2", "e2")
    assert rows.listening() == {"s", "s-2"}
    assert rows.endpoint_ids("s") == ["e1"]
    rows.drop_endpoint("s", "e1")
    assert rows.listening() == {"s-2"}
    assert rows.endpoint_ids("s") == []


def test_a_lane_comes_back_as_it_was_put(rows: WebhookRows) -> None:
    assert rows.lane(a.SELLER, "e1", REF) is None
    full = lane(leased_until=a.NOW, failing_since=a.NOW, again_at=LATER, attempts=2)
    assert rows.put_lane(full)
    assert rows.lane(a.SELLER, "e1", REF) == full
    plain = lane(number=2)
    assert rows.put_lane(plain)
    assert rows.lane(a.SELLER, "e1", REF) == plain


def test_of_two_who_take_a_lane_one_has_it(rows: WebhookRows) -> None:
    assert rows.put_lane(lane())
    assert not rows.put_lane(lane(version=9))
    assert [rows.put_lane(lane(number=2, version=version)) for version in (5, 6)] == [True, False]
    assert not rows.put_lane(lane(number=4))
    found = rows.lane(a.SELLER, "e1", REF)
    assert found is not None
    assert found.version == 5


def test_what_waits_is_marked_once_and_paged_in_order(rows: WebhookRows) -> None:
    refs = [posting_ref(str(number)) for number in range(60)] + [stock_ref("main", "a#b/c")]
    for ref in [*refs, *refs]:
        rows.mark(a.SELLER, "e1", ref, gone_at=LATER)
    found: list[Ref] = []
    cursor: str | None = None
    while True:
        page = rows.marked(a.SELLER, "e1", limit=25, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(found, key=str) == sorted(refs, key=str)
    rows.unmark(a.SELLER, "e1", refs[:60])
    assert rows.marked(a.SELLER, "e1", limit=25).items == (refs[60],)
    assert rows.marked(a.SELLER, "e2", limit=25).items == ()


def test_the_log_and_the_dead_letters_are_read_newest_first(rows: WebhookRows) -> None:
    for minute in range(3):
        at = a.NOW + timedelta(minutes=minute)
        rows.add_log(a.SELLER, "e1", at, [{"webhook_id": f"evt_{minute}", "status": None}], gone_at=LATER)
        rows.add_dead(a.SELLER, "e1", at, {"webhook_id": f"evt_{minute}"}, gone_at=LATER)
    page = rows.log(a.SELLER, "e1", limit=2)
    assert [row["entries"] for row in page.items] == [
        [{"webhook_id": "evt_2", "status": None}],
        [{"webhook_id": "evt_1", "status": None}],
    ]
    (last,) = rows.log(a.SELLER, "e1", limit=2, cursor=page.cursor).items
    assert last["at"] == a.NOW.isoformat()
    dead = rows.dead(a.SELLER, "e1", limit=5).items
    assert [row["webhook_id"] for row in dead] == ["evt_2", "evt_1", "evt_0"]


def test_the_router_asks_who_listens_once_in_half_a_minute() -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(**table_definition("shipby"))
        rows, time = WebhookTable(client, "shipby"), [0.0]
        listening = Listening("shipby", client=client, monotonic=lambda: time[0])
        listening.refresh()
        rows.note_endpoint(a.SELLER, "e1")
        listening.refresh()
        assert a.SELLER not in listening
        time[0] = 30.0
        listening.refresh()
        assert a.SELLER in listening
