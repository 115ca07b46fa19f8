"""Product cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.seller_api.operations import Call, IfMatch, Operation, read
from functions.seller_api.problems import invalid
from shipby.application.packing import product_cards
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import Paged
from shipby.contracts.products import ProductBody, ProductsBody, Sku
from shipby.domain.errors import InvalidInputError
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.splitting import sides


def _card(seller: str, sku: str, body: ProductBody) -> ProductCard:
    return ProductCard(
        seller=seller,
        sku=sku,
        version=1,
        bin=body.bin,
        barcodes=tuple(dict.fromkeys(body.barcodes)),
        marks=tuple(dict.fromkeys(body.marks)),
        inserts=tuple(dict.fromkeys(body.inserts)),
        inserts_in={str(language): tuple(dict.fromkeys(texts)) for language, texts in body.inserts_in.items()},
        note=body.note,
        product_type=body.product_type,
        supplier=body.supplier,
        offer_id=body.offer_id,
        weight_g=body.weight_g or 0,
        sides_mm=sides(body.sides_mm or ()),
    )


def _sku(text: object) -> str:
    try:
        return TypeAdapter(Sku).validate_python(text, strict=True)
    except ValidationError as error:
        raise InvalidInputError(
            "that is no SKU", errors=[("sku", "letters, digits, dots, dashes and underscores, at most 60")]
        ) from error


def put_product(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    card = _card(call.seller, _sku(call.path["sku"]), call.body_as(ProductBody))
    return product_cards.put_product(card, call.if_match, call.actor, call.remember, store=call.store, clock=call.clock)


def get_product(call: Call) -> Mapping[str, object]:
    return product_cards.get_product(call.seller, call.path["sku"], store=call.store)


def list_products(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    return product_cards.list_products(call.seller, limit=query.limit, cursor=query.cursor, store=call.store)


def _row(seller: str, sent: Mapping[str, Any]) -> product_cards.Row:
    shown = str(sent.get("sku", ""))[:60]
    try:
        sku = _sku(sent.get("sku"))
        # As JSON: in a strict model a mark is a text there, and an enum's member in Python.
        body = ProductBody.model_validate_json(json.dumps(sent))
    except ValidationError as error:
        return product_cards.Row(shown, None, _told(invalid(error, "card")))
    except InvalidInputError as error:
        return product_cards.Row(shown, None, _told(error))
    return product_cards.Row(sku, _card(seller, sku, body))


def _told(error: InvalidInputError) -> str:
    return "; ".join(f"{name}: {problem}" for name, problem in error.errors)


def import_products(call: Call) -> Answer:
    rows = [_row(call.seller, sent) for sent in call.body_as(ProductsBody).cards]
    return product_cards.import_products(rows, call.actor, call.remember, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/products",
        list_products,
        id="listProducts",
        summary="All product cards, by SKU",
        answers="Listing[ProductCardView]",
        query=Paged,
    ),
    Operation(
        id="importProducts",
        method="POST",
        path="/v1/products/import",
        summary="Create or replace many product cards, such as the rows of a spreadsheet",
        run=import_products,
        answers="ImportView",
        body=ProductsBody,
        description="Each card is a transaction of its own and has its own answer: a wrong one never stops another. "
        "The same import again changes nothing.",
    ),
    read(
        "/v1/products/{sku}",
        get_product,
        id="getProduct",
        summary="Where a product lies, what its barcodes are, how it is packed",
        answers="ProductCardView",
        etag=True,
    ),
    Operation(
        id="putProduct",
        method="PUT",
        path="/v1/products/{sku}",
        summary="Create or replace a product card",
        run=put_product,
        answers="ProductCardView",
        body=ProductBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description='If-Match: "0" creates it. Inserts with contact data are refused.',
    ),
)
