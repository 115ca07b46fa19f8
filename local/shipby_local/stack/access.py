"""Sessions with the rights of one role, to prove what that role may not do."""

import json
from dataclasses import dataclass
from typing import Any

from shipby_local.stack.emulation.emulator import ACCOUNT, Emulator


@dataclass(frozen=True, slots=True)
class RoleSession:
    """Temporary credentials of one role."""

    emulator: Emulator
    key: str
    secret: str
    token: str

    def client(self, service: str) -> Any:
        """A boto3 client whose calls are checked against the role's policies."""
        return self.emulator.client(service, key=self.key, secret=self.secret, token=self.token)


def assume_role(emulator: Emulator, role_name: str) -> RoleSession:
    """Credentials of the role, as its function's worker has them.

    A function's role trusts only the Lambda service. The administrator therefore adds itself to the trust for the
    moment of the call; permissions are never touched.
    """
    iam, sts = emulator.client("iam"), emulator.client("sts")
    role = iam.get_role(RoleName=role_name)["Role"]
    trust = role["AssumeRolePolicyDocument"]
    administrator = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    }
    _set_trust(iam, role_name, {**trust, "Statement": [*trust["Statement"], administrator]})
    try:
        credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="shipby-check")["Credentials"]
    finally:
        _set_trust(iam, role_name, trust)
    return RoleSession(
        emulator, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


def _set_trust(iam: Any, role_name: str, document: dict[str, Any]) -> None:
    iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(document))
