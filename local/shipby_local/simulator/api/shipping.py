"""Assembly and labels: ship v4 (whole, split, partial), label jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Body, Call, Method
from shipby_local.simulator.api.exemplars import check_pieces, exemplars_ready, move_pieces
from shipby_local.simulator.errors import ApiError, invalid, not_found
from shipby_local.simulator.labels.drawing import why_not
from shipby_local.simulator.model import LabelTask, Posting
from shipby_local.simulator.offers import offered_actions
from shipby_local.simulator.words import Json, plain


def ship(call: Call) -> Json:
    posting = shippable(call)
    packages = [goods_of(package.parts("products")) for package in call.body.parts("packages")]
    if not packages or not all(packages):
        raise invalid("Request validation error: invalid Packages: value must contain at least 1 item(s)")
    have = Counter({line.sku: line.quantity for line in posting.lines})
    total: Counter[int] = Counter()
    for package in packages:
        total.update(package)
    if set(total) - set(have):
        raise invalid("UNKNOWN_PRODUCT_DEFINED")
    if total != have:
        raise invalid("HAS_INCORRECT_PRODUCT_QUANTITY")
    call.market.note(posting, call.path, packages=[{str(sku): n for sku, n in goods.items()} for goods in packages])
    shipped = [posting] if len(packages) == 1 else call.market.split(posting, packages)
    for part in shipped:
        call.market.accept_shipping(part)
    wanted = call.body.part("with").flag("additional_data")
    return {
        "additional_data": [_additional(part) for part in shipped] if wanted else [],
        "result": [part.number for part in shipped],
    }


def ship_package(call: Call) -> Json:
    posting = shippable(call)
    goods = goods_of(call.body.parts("products"))
    have = {line.sku: line.quantity for line in posting.lines}
    if not goods or set(goods) - set(have):
        raise invalid("UNKNOWN_PRODUCT_DEFINED")
    if any(quantity > have[sku] for sku, quantity in goods.items()):
        raise invalid("HAS_INCORRECT_PRODUCT_QUANTITY")
    named = {product.integer("product_id"): product.integers("exemplarsIds") for product in call.body.parts("products")}
    check_pieces(posting, named)
    call.market.note(posting, call.path, products={str(sku): n for sku, n in goods.items()})
    if goods == have:
        call.market.accept_shipping(posting)
        return {"result": posting.number}
    part = call.market.split_off(posting, goods)
    move_pieces(posting, part, named)
    call.market.accept_shipping(part)
    return {"result": part.number}


def create_labels(call: Call) -> Json:
    numbers = call.body.texts("posting_numbers")
    if not 1 <= len(numbers) <= 1000:
        raise invalid("Request validation error: invalid PostingNumbers: value must contain between 1 and 1000 items")
    world = call.world
    own = {posting.number: posting for posting in call.own_postings() if posting.number in set(numbers)}
    if len(own) != len(set(numbers)):
        raise invalid("POSTING_NUMBERS_IS_INCORRECT_FOR_COMPANY")
    unready = [
        number
        for number, posting in own.items()
        if posting.status == words.AWAITING_DELIVER
        and (posting.label_ready_at is None or world.now() < posting.label_ready_at)
    ]
    refused = {"label_refused_as_error"}
    fault = (
        call.market.faults.take(refused, client_id=call.seller.client_id, text=" ".join(unready)) if unready else None
    )
    if fault is not None:
        text = f"{words.NOT_READY}: {', '.join(unready)}"
        raise ApiError(409, 6, text) if fault.status == 409 else invalid(text)
    if len(own) == 1 and next(iter(own.values())).status == words.DELIVERED:
        raise invalid(why_not(call.market, next(iter(own.values()))))
    tasks = []
    for kind in ("big_label", "small_label"):
        task = LabelTask(
            world.next_id("label_task", 5_819_327_210_248), call.seller.client_id, kind, numbers, world.now()
        )
        world.label_tasks.put(task)
        world.schedule(world.later(world.settings.label_task_delay), "label_task", task.key)
        tasks.append({"task_id": task.id, "task_type": kind})
    return {"tasks": tasks}


def get_labels(call: Call) -> Json:
    task = call.world.label_tasks.get(str(call.body.integer("task_id")))
    if task is None or task.client_id != call.seller.client_id:
        raise not_found("TASK_NOT_FOUND")
    answer: Json = {
        "status": {
            "code": task.code if task.finished_at else "in_progress",
            "postings_count": len(task.postings),
            "printed_postings_count": len(task.printed),
            "unprinted_postings": [
                {"posting_number": number, "message": message} for number, message in task.unprinted.items()
            ],
        },
        "file_url": f"{call.base_url}/_files/labels/{task.id}.pdf" if task.printed else "",
    }
    if task.error:
        answer["error"] = {"code": "INTERNAL", "message": task.error}
    return answer


def shippable(call: Call, *, pieces: bool = True) -> Posting:
    """The posting that a call names, if it can be assembled now; `pieces`: what is wanted of them must be there."""
    posting = call.posting(call.body.text("posting_number"))
    if posting.status in {words.CANCELLED, words.SPLIT}:
        raise invalid("POSTING_ALREADY_CANCELLED")
    if posting.ship_in_process or posting.assembled_at is not None:
        raise invalid("POSTING_ALREADY_SHIPPED")
    if pieces and not exemplars_ready(posting, call.world.now()):
        raise invalid("EXEMPLAR_INFO_NOT_FILLED_COMPLETELY")
    if "ship" not in offered_actions(posting, call.world.now()):
        raise invalid("HAS_INCORRECT_STATUS")
    return posting


def goods_of(products: Iterable[Body]) -> dict[int, int]:
    """SKU -> pieces of a list of products."""
    goods: dict[int, int] = {}
    for product in products:
        sku, quantity = product.integer("product_id"), product.integer("quantity")
        if quantity < 1:
            raise _wrong_quantity()
        goods[sku] = goods.get(sku, 0) + quantity
    return goods


def _wrong_quantity() -> ApiError:
    return invalid("HAS_INCORRECT_PRODUCT_QUANTITY")


def _additional(posting: Posting) -> Json:
    return {
        "posting_number": posting.number,
        "products": [
            {
                "currency_code": posting.currency,
                "mandatory_mark": [],
                "name": line.name,
                "offer_id": line.offer_id,
                "price": plain(line.price),
                "quantity": line.quantity,
                "sku": line.sku,
            }
            for line in posting.lines
        ],
    }


METHODS: dict[str, Method] = {
    "/v4/posting/fbs/ship": ship,
    "/v4/posting/fbs/ship/package": ship_package,
    "/v3/posting/fbs/package-label/create": create_labels,
    "/v2/posting/fbs/package-label/get": get_labels,
}
