"""Whoever works in some warehouses acts in these only. Loaded for their calls alone: nobody else pays a read for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.seller_api.operations import Call
from shipby.application.ports.store import Store
from shipby.domain.errors import InvalidInputError, NotAllowedError

_BY_ID: Mapping[str, Callable[[Store, str, str], Any]] = {
    "returns": lambda store, seller, one: store.return_case(seller, one),
    "cancel-requests": lambda store, seller, one: store.cancel_request(seller, one),
    "claims": lambda store, seller, one: store.claim(seller, one),
    "carriages": lambda store, seller, one: store.carriage(seller, one),
    "intents": lambda store, seller, one: store.intent(seller, one),
    "refunds": lambda store, seller, one: store.intent(seller, one),
    "tracking-changes": lambda store, seller, one: store.intent(seller, one),
}
"""What `{id}` names, by the first word of its address: each has the number of its posting, or the numbers."""


def check_warehouses(call: Call, path: str, body: Any) -> None:
    """Raises NotAllowedError where the call names a posting or a warehouse that is none of the caller's, or, where it
    could name one, none at all. What does not exist is left to the operation, which says so."""
    own = call.key.warehouses
    for name in _texts(body, "warehouse", "warehouse_id"):
        if name and name not in own:
            raise NotAllowedError(f"you work in other warehouses: {', '.join(sorted(own))}")
    numbers = dict.fromkeys([*_of_address(call, path), *_texts(body, "posting_number", "posting_numbers")])
    chosen = isinstance(body, Mapping) and ("warehouse_id" in body or "warehouse" in body)
    if chosen and not numbers and not any(_texts(body, "warehouse", "warehouse_id")):
        raise NotAllowedError(f"name one of your warehouses: {', '.join(sorted(own))}")
    for number, posting in call.store.open_postings(call.seller, list(numbers)).items():
        if posting.warehouse_id not in own:
            raise NotAllowedError(f"posting {number} is in another warehouse than yours: {', '.join(sorted(own))}")


def _of_address(call: Call, path: str) -> Iterator[str]:
    if number := call.path.get("number"):
        yield number
    read = _BY_ID.get(path.removeprefix("/v1/").partition("/")[0])
    if read is not None and (identifier := call.path.get("id")):
        try:
            found = read(call.store, call.seller, identifier)
        except InvalidInputError:  # no id at all: the operation says so
            return
        if number := getattr(found, "posting_number", ""):
            yield number
        yield from getattr(found, "numbers", ())  # of a carriage


def _texts(value: Any, *names: str) -> Iterator[str]:
    """The texts in fields of these names, however deep."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in names and isinstance(inner, str):
                yield inner
            elif name in names and isinstance(inner, list):
                yield from (one for one in inner if isinstance(one, str))
            else:
                yield from _texts(inner, *names)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, *names)
