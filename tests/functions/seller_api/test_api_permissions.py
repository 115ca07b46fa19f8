"""The table of permissions, cell by cell: what docs/permissions.md says is what the API does."""

from __future__ import annotations

import re

import pytest

from functions.seller_api.permissions import PERMISSIONS
from functions.seller_api.routes import OPERATIONS
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import Caller
from tools.permissions import DOCUMENT, rendered

EXAMPLES = {"number": "24219509-0020-2", "id": "1", "job": "1", "code": "1", "sku": "1", "pool": "main"}
_ROW = re.compile(r"\| `(?P<id>\w+)` \| `(?P<method>[A-Z]+) (?P<path>\S+)` \| (?P<cells>.*) \|")


def cells() -> list[tuple[str, str, str, Role, str]]:
    """Operation, method, path, role and what the handbook says of them."""
    found = []
    for row in _ROW.finditer(DOCUMENT.read_text("utf-8")):
        said = [cell.strip() for cell in row["cells"].split("|")]
        assert len(said) == len(Role)
        path = re.sub(r"\{(\w+)\}", lambda name: EXAMPLES[name[1]], row["path"])
        found += [(row["id"], row["method"], path, role, cell) for role, cell in zip(Role, said, strict=True)]
    return found


@pytest.mark.parametrize(("operation", "method", "path", "role", "cell"), cells())
def test_each_role_may_call_each_operation_exactly_as_the_table_says(
    api: Caller, operation: str, method: str, path: str, role: Role, cell: str
) -> None:
    reply = api.as_role(role).call(method, path, "not json")

    if cell:
        assert reply.status != 403
        return
    assert (reply.status, reply.code) == (403, "forbidden")
    assert not api.store.people(api.seller).items


def test_the_handbook_has_every_operation_and_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text("utf-8") == rendered(), "run .venv/bin/python -m tools.permissions"
    assert {each.id for each in OPERATIONS} == {cell[0] for cell in cells()}


def test_the_table_has_no_row_that_is_no_operation() -> None:
    assert set(PERMISSIONS) == {each.id for each in OPERATIONS}


def test_an_operation_is_public_only_where_everybody_may_look() -> None:
    assert {name for name, roles in PERMISSIONS.items() if not roles} == {"getHealth", "getOpenApi"}


def test_what_decides_over_people_money_and_policy_is_owners_and_managers_alone() -> None:
    alone = {"putSettings", "approveRefund", "rejectRefund", "approveTrackingNumber", "settleIntent", "makeKey"}
    alone |= {"addPerson", "putPerson", "removePerson", "revokeKey", "rotateKey", "setPin", "giveBadge"}
    assert {name for name in alone if PERMISSIONS[name] != {Role.OWNER, Role.MANAGER}} == set()


def test_a_benchs_key_signs_in_and_nothing_else() -> None:
    assert {name for name, roles in PERMISSIONS.items() if Role.STATION in roles} == {"getMe", "openSession"}
