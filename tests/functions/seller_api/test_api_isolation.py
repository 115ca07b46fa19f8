"""Nothing leaks between shops: every route, called by another shop's owner with this shop's ids."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from functions.seller_api.operations import Operation
from functions.seller_api.routes import OPERATIONS
from shipby.adapters.dynamodb.keys import Key
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    SaveAccess,
    SaveDetail,
    SaveDocument,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SavePrintJob,
    SaveReturn,
    SaveSettings,
    Write,
)
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.people.account import Account
from shipby.domain.pointers import LABEL, TRACKING
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import OTHER, Caller, http_event
from tests.support import builders as a

MARK = "QXZV"
"""In every text of one shop, in none of its ids."""
PERSON, KEY, JOB = "0" * 15 + "1", "a" * 16, "job-1"
IDS = (a.NUMBER, a.RETURN_ID, a.intent().id, PERSON, KEY, JOB, "code-1", "100", "error-index")
BODIES: tuple[dict[str, Any], ...] = (
    {},
    {"reason": "x"},
    {"pin": "2580"},
    {"name": "x", "role": "packer"},
    {"name": "x", "person": PERSON},
    {"name": "x", "role": "packer", "id": PERSON},
    {"posting_numbers": [a.NUMBER]},
    {"posting_number": a.NUMBER},
    {"happened": True, "reason": "x"},
    {"tracking_number": "RB123456785CN", "carrier": "x", "reason": "x"},
    {"code": "code-1"},
    {"seller": a.SELLER},
)


def of_everything(seller: str, mark: str) -> list[Write]:
    """Rows of each kind that a route could show or change."""
    told = a.event(reason=mark, data={"text": mark})
    line = a.line(name=mark, offer_id=mark)
    refs = (posting_ref(a.NUMBER), return_ref(a.RETURN_ID))
    return [
        SaveSettings(a.settings(seller=seller, owners={"packed": mark})),
        SavePosting(a.posting(seller=seller, status=mark)),
        SaveDetail(seller, a.detail(lines=(line,))),
        SaveReturn(replace(a.return_case(seller=seller), state_name=mark)),
        SaveIntent(a.intent(seller=seller, actor=mark)),
        SaveMoney(a.ledger(seller=seller)),
        SaveDocument(a.document(seller=seller, problem=mark)),
        SavePrintJob(a.print_job(seller=seller, id=JOB, asked_by=mark)),
        AppendTracking(a.tracking_change(seller=seller, reason=mark)),
        SaveAccess(a.person(seller=seller, id=PERSON, name=mark, role=Role.OWNER)),
        SaveAccess(a.api_key(seller=seller, id=KEY if seller == a.SELLER else KEY[::-1] + "b", name=mark)),
        ClaimPointer(seller, LABEL, "code-1", a.NUMBER),
        ClaimPointer(seller, TRACKING, "code-1", a.NUMBER),
        *(AppendEvents(seller, ref, 1, (told,)) for ref in refs),
    ]


@pytest.fixture
def shop(api: Caller) -> Caller:
    """A shop with everything, and a key of its owner's."""
    api.has(*of_everything(a.SELLER, MARK))
    api.has(SaveAccess(Account(id=PERSON, version=1, sellers=(a.SELLER,))))
    api.store.save_report(a.SELLER, "proof", a.NOW.date(), {"text": MARK})
    # Who looks over the fence is an owner with a live key of their own.
    api.has(SaveAccess(a.api_key(seller=OTHER, id="b" * 16, role=Role.OWNER)))
    return api


def rows_of(caller: Caller, seller: str) -> dict[Key, Any]:
    """Every row of a shop, with its keys, pointers, and the shops of its people."""
    rows: dict[Key, Any] = caller.store._rows  # type: ignore[attr-defined]  # the store in memory
    own = (f"SELLER#{seller}", f"FIND#{seller}", f"APIKEY#{KEY}", f"PERSON#{PERSON}")
    return {key: row for key, row in rows.items() if f"{key.pk}#".startswith(tuple(f"{one}#" for one in own))}


def replies(caller: Caller, operation: Operation, seller: str, key_id: str) -> list[str]:
    """Whatever an operation answers to a shop's owner, for every id and body."""
    context = {"seller": seller, "role": "owner", "key_id": key_id}
    paths = {re.sub(r"\{\w+\}", one, operation.path) for one in IDS}
    texts = []
    for path in sorted(paths):
        for body in BODIES if operation.unsafe else (None,):
            headers = {"If-Match": '"1"'} if operation.if_match else {}
            text = None if body is None else json.dumps(body)
            event = http_event(operation.method, path, body=text, headers=headers, context=context)
            texts.append(str(caller._api(event)["body"]))
    return texts


WITH_KEY = [operation for operation in OPERATIONS if operation.roles]


@pytest.mark.parametrize("operation", WITH_KEY, ids=lambda operation: operation.id)
@pytest.mark.parametrize("same_ids", [False, True], ids=["nothing of its own", "the same numbers"])
def test_another_shops_owner_sees_and_changes_nothing(shop: Caller, operation: Operation, same_ids: bool) -> None:
    if same_ids:
        shop.has(*of_everything(OTHER, "own"))
    before = rows_of(shop, a.SELLER)

    for text in replies(shop, operation, OTHER, "b" * 16):
        assert MARK not in text

    assert rows_of(shop, a.SELLER) == before


def test_its_own_owner_sees_and_changes_much_of_it(shop: Caller) -> None:
    """Else the test above could not fail."""
    shop.has(SaveAccess(a.api_key(seller=a.SELLER, id="c" * 16, role=Role.OWNER)))
    shown, changed = set(), set()
    for operation in WITH_KEY:
        before = rows_of(shop, a.SELLER)
        if any(MARK in text for text in replies(shop, operation, a.SELLER, "c" * 16)):
            shown.add(operation.id)
        if rows_of(shop, a.SELLER) != before:
            changed.add(operation.id)
    assert {"getPosting", "listPostingEvents", "listPeople", "listKeys", "getSettings", "getReturn"} <= shown
    assert {"confirmPosting", "setPin", "giveBadge", "revokeKey", "printLabels", "addPerson"} <= changed
    assert len(shown) > 15, sorted(shown)
    assert len(changed) > 10, sorted(changed)
