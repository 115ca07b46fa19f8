"""Names beside actors: in every answer, of everybody, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from functions.seller_api.document import answer_model
from functions.seller_api.routes import OPERATIONS
from shipby.application.people.keys import NewKey
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.shared.people import ACTOR_FIELDS, Names, with_names
from shipby.domain.events import posting_ref
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.people.people_support import Shop
from tests.support import builders as a


def models(hint: Any) -> Iterator[type[BaseModel]]:
    """Every model within a type."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
        for field in hint.model_fields.values():
            yield from models(field.annotation)
    for inner in get_args(hint):
        yield from models(inner)


def test_every_field_that_says_who_has_a_name_beside_it() -> None:
    seen = {model for operation in OPERATIONS for model in models(answer_model(operation.answers))}
    fields = {(model, name) for model in seen for name in model.model_fields if name in ACTOR_FIELDS}
    told = {(model, name) for model, name in fields if model.model_fields[name].annotation in (str, str | None)}
    assert len(told) > 15
    assert [(model.__name__, name) for model, name in told if f"{name}_name" not in model.model_fields] == []


def test_a_history_shows_people_old_keys_and_who_was_removed() -> None:
    shop = Shop()
    pia = shop.joins("Пия", Role.PACKER)
    shop.joins("Ольга", Role.OWNER)
    old = shop.key_of("old", NewKey(name="планшет 2", role=Role.PACKER))
    shop.store.commit([SavePosting(a.posting()), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),))])
    path = f"/v1/postings/{a.NUMBER}"
    assert shop.post("Пия", f"{path}/confirm").status == 200
    assert shop.post("old", f"{path}/pick").status == 200
    shop.post("Ольга", f"/v1/people/{pia}/remove", {"reason": "left"})
    items = shop.get("Ольга", f"{path}/events").body["items"]
    told = [(each["actor"], each.get("actor_name")) for each in items]
    assert told == [("marketplace", None), (f"person:{pia}", "Пия"), (f"key:{old}", "планшет 2")]


def test_the_names_of_many_are_one_query_and_of_few_one_read_each(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    ids = [shop.joins(f"p{n}", Role.PACKER) for n in range(6)]
    read: list[str] = []
    for name in ("person", "people"):
        real = getattr(shop.store, name)

        def counted(*told: object, name: str = name, real: object = real, **more: object) -> object:
            read.append(name)
            return real(*told, **more)  # type: ignore[operator]  # the store's own

        monkeypatch.setattr(shop.store, name, counted)
    many = {"items": [{"actor": f"person:{each}", "n": {"by": f"person:{each}"}} for each in ids * 3]}
    found = with_names(many, Names(a.SELLER, shop.store))
    assert read == ["people"]
    assert [each["actor_name"] for each in found["items"]][:6] == [f"p{n}" for n in range(6)]  # type: ignore[call-overload,index,union-attr]  # JSON
    read.clear()
    with_names({"items": [{"actor": f"person:{ids[0]}"}] * 5}, Names(a.SELLER, shop.store))
    assert read == ["person"]
    read.clear()
    body = {"actor": "system:returns", "by": "marketplace", "seller": "x"}
    assert with_names(body, Names(a.SELLER, shop.store)) == body
    assert read == []


def test_a_person_or_key_of_another_shop_has_no_name_here() -> None:
    shop = Shop()
    other = shop.joins("Nina", Role.OWNER, seller="seller-2")
    key = shop.key_of("theirs", NewKey(name="их ключ", role=Role.PACKER), seller="seller-2")
    body = {"items": [{"actor": f"person:{other}"}, {"actor": f"key:{key}"}, {"actor": "key:"}, {"actor": "person:"}]}
    found = with_names(body, Names(a.SELLER, shop.store))
    assert "Nina" not in str(found)
    assert "их ключ" not in str(found)
