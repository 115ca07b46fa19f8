"""Whatever is sent: an answer of the contract, or a problem; never an error of ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.seller_api.routes import OPERATIONS
from shipby.application.ports.writes import SaveIntent, SaveMoney, SaveReturn
from tests.functions.seller_api.api_support import new_caller
from tests.support import builders as a

FIELDS = sorted(
    {
        name
        for operation in OPERATIONS
        for model in (operation.query, operation.body)
        if model is not None
        for name in model.model_fields
    }
)
WORDS = st.sampled_from(
    f"|x|#|0|-1|1020|true|null|RUB|12.50|received|PENDING|PT2H|P999999999D|given|ladder|{a.NUMBER}"
    "|2026-03-05T10:00:00Z|0001-01-01T00:00:00Z|9999-12-31T23:59:59-14:00".split("|")
)
TEXT = WORDS | st.text(max_size=20)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
BODIES = (
    st.none()
    | st.text(max_size=30)
    | VALUES.map(json.dumps)
    | st.dictionaries(st.sampled_from(FIELDS) | TEXT, VALUES, max_size=6).map(json.dumps)
)
PARTS = st.sampled_from([a.NUMBER, a.RETURN_ID, "p.24219509-0020-2.cancel.1", "r..return_action.1"]) | st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=30
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    operation=st.sampled_from([each for each in OPERATIONS if each.roles]),
    part=PARTS,
    query=st.dictionaries(st.sampled_from(FIELDS), TEXT, max_size=3),
    body=BODIES,
    headers=st.fixed_dictionaries({}, optional={"If-Match": st.just('"1"') | TEXT, "Idempotency-Key": TEXT}),
)
def test_no_call_brings_the_api_down(
    operation: Any, part: str, query: dict[str, str], body: str | None, headers: dict[str, str]
) -> None:
    api = new_caller()
    api.has_posting(detail=a.detail(requirements={}, actions=("cancel", "ship", "set_cutoff", "set_track_number")))
    api.has(SaveReturn(a.return_case()), SaveMoney(a.ledger()), SaveIntent(a.intent()))
    path = "/".join(part if piece.startswith("{") else piece for piece in operation.path.split("/"))

    # The caller itself holds each answer against the contract.
    assert api.call(operation.method, path, body, query=query, headers=headers).status != 500
