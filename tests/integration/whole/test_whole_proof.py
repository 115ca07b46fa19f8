"""The nothing-lost proof is green after honest work and red when anybody deletes a row by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.whole.whole_support import Shop, Whole
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def worked(whole: Whole) -> tuple[Shop, str, str]:
    """A seller of its own with one shipped posting: the seller, the posting, its intent."""
    shop = whole.open_shop()
    number = whole.arrived(shop)
    shop.api.post(f"/v1/postings/{number}/confirm")
    intent = str(shop.api.post(f"/v1/postings/{number}/ship")["id"])
    assert whole.settled(shop, intent)["state"] == "CONFIRMED"
    whole.until(shop, number, lambda view: view["assembled_at"] is not None, "to be assembled")
    whole.simulator.wait_for_pushes()
    whole.drained()
    eventually(lambda: bool(whole.proof(shop)["green"]), "the proof to be green", every=0.5)
    return shop, number, intent


@contextmanager
def deleted(whole: Whole, seller: str, number: str, sort: str) -> Iterator[None]:
    """One row of a posting is away; afterwards it is back as it was."""
    dynamodb, table = whole.stack.client("dynamodb"), whole.stack.outputs["TableName"]
    key = {"PK": {"S": f"SELLER#{seller}#POSTING#{number}"}, "SK": {"S": sort}}
    row = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    dynamodb.delete_item(TableName=table, Key=key)
    try:
        yield
    finally:
        dynamodb.put_item(TableName=table, Item=row)


def test_after_honest_work_the_proof_is_green_and_counts_what_there_is(
    whole: Whole, worked: tuple[Shop, str, str]
) -> None:
    shop, number, _ = worked
    # Read before the proof: the marketplace may go on with the posting at any time.
    posting, pushes = whole.store.posting(shop.client_id, number), len(whole.pushes(shop))
    assert posting is not None
    proof = whole.proof(shop)
    assert (proof["green"], proof["findings"]) == (True, [])
    assert proof["counts"]["our_postings"] == proof["counts"]["marketplace_postings"] == 1
    assert proof["counts"]["intents"] == 1
    assert proof["counts"]["events"] >= posting.version
    assert pushes <= proof["counts"]["pushes_received"] <= len(whole.pushes(shop))
    # The API shows the newest proof that was made.
    assert shop.api.get("/v1/proof")["green"] is True


@pytest.mark.parametrize(
    ("sort", "check", "named"),
    [
        ("POSTING", "posting_missing", "posting"),
        ("EVENT#00000001#00", "event_missing", "posting"),
        ("INTENT#{intent}", "intent_missing", "intent"),
        ("MONEY", "money", "posting"),
    ],
)
def test_a_row_deleted_by_hand_turns_the_proof_red_and_its_return_turns_it_green(
    whole: Whole, worked: tuple[Shop, str, str], sort: str, check: str, named: str
) -> None:
    shop, number, intent = worked
    wanted = intent if named == "intent" else number
    with deleted(whole, shop.client_id, number, sort.format(intent=intent)):
        red = whole.proof(shop)
    assert red["green"] is False
    assert (check, wanted) in {(finding["check"], finding["id"]) for finding in red["findings"]}
    assert all(finding["problem"] for finding in red["findings"])
    whole.drained()
    green = whole.proof(shop)
    assert green["green"], green["findings"]


def test_every_event_row_that_is_missing_is_found_the_last_one_too(whole: Whole, worked: tuple[Shop, str, str]) -> None:
    shop, number, _ = worked
    table = whole.stack.outputs["TableName"]
    rows = whole.stack.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="PK = :pk AND begins_with(SK, :event)",
        ExpressionAttributeValues={
            ":pk": {"S": f"SELLER#{shop.client_id}#POSTING#{number}"},
            ":event": {"S": "EVENT#"},
        },
    )["Items"]
    assert len(rows) >= 4
    for row in rows:
        with deleted(whole, shop.client_id, number, row["SK"]["S"]):
            proof = whole.proof(shop)
        assert ("event_missing", number) in {(one["check"], one["id"]) for one in proof["findings"]}, row["SK"]
    whole.drained()
