"""IAM is enforced: a function has the rights of its role and no others."""

import pytest
from botocore.exceptions import ClientError

from shipby_local.stack import Stack
from tests.support.waiting import LONGEST

pytestmark = pytest.mark.stack
KEY = {"PK": {"S": "ROW"}, "SK": {"S": "roles"}}


def test_a_worker_calls_with_its_roles_credentials_and_is_denied_what_the_role_does_not_allow(shop: Stack) -> None:
    assert shop.invoke("Echo", {"forbidden": True}).payload == {"denied": "AccessDeniedException"}


def test_an_assumed_role_may_do_what_its_policy_says_and_nothing_else(shop: Stack) -> None:
    table = shop.outputs["TableName"]
    role = shop.assume("EchoRole")
    assert "Item" not in role.client("dynamodb").get_item(TableName=table, Key=KEY)
    with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:PutItem"):
        role.client("dynamodb").put_item(TableName=table, Item=KEY)
    with pytest.raises(ClientError, match="AccessDenied"):
        role.client("sqs").send_message(QueueUrl=shop.resources["Queue"], MessageBody="x")


def test_assuming_a_role_leaves_its_trust_as_the_template_has_it(shop: Stack) -> None:
    shop.assume("RouterRole")
    role = shop.client("iam").get_role(RoleName=shop.resources["RouterRole"])["Role"]
    assert [entry["Principal"] for entry in role["AssumeRolePolicyDocument"]["Statement"]] == [
        {"Service": "lambda.amazonaws.com"}
    ]


def test_a_role_may_write_to_its_own_queue_but_not_to_another(shop: Stack) -> None:
    sqs = shop.assume("RouterRole").client("sqs")
    sqs.send_message(QueueUrl=shop.resources["Queue"], MessageBody='{"name": "allowed"}')
    # On AWS the action of the single call allows the batch call.
    batch = sqs.send_message_batch(
        QueueUrl=shop.resources["Queue"], Entries=[{"Id": "1", "MessageBody": '{"name": "allowed-batch"}'}]
    )
    assert len(batch["Successful"]) == 1
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=shop.resources["StreamDeadLetters"], MessageBody="x")
    shop.drain(LONGEST)
