"""The doctor looks at the embedded stack by the same calls as at a deployment on AWS."""

import pytest

from shipby_local.doctor.look import examine
from shipby_local.doctor.verdicts import State, Verdict
from tests.integration.whole.whole_support import TEMPLATE, Shop, Whole
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


def looked(whole: Whole) -> dict[tuple[str, str], Verdict]:
    return {(one.check, one.what): one for one in examine(whole.deployment, TEMPLATE)}


def test_it_names_what_is_ill_and_sees_it_mended(whole: Whole, shop: Shop) -> None:
    whole.proof(shop)
    seen = looked(whole)
    assert seen["template", "resources"].state is State.WELL
    assert seen["clock", "this machine"].state is State.WELL
    assert seen["schedule", "DeadlineSweep"].state is State.WELL
    assert seen["key", shop.client_id].state is not State.ILL
    assert seen["proof", shop.client_id].state is State.WELL
    assert {what for check, what in seen if check == "queue"} >= {"SyncQueue", "IntentQueue"}

    sqs, url = whole.stack.client("sqs"), whole.stack.outputs["CopyDeadLettersUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    eventually(lambda: looked(whole)["dead letters", "CopyDeadLetters"].state is State.ILL, every=0.5)
    sqs.purge_queue(QueueUrl=url)
    eventually(lambda: looked(whole)["dead letters", "CopyDeadLetters"].state is State.WELL, every=0.5)
