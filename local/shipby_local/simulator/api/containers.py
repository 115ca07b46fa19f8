"""Cargo places (грузоместа) of trusted acceptance: boxes and pallets that hold postings. A beta of the marketplace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Download, Method
from shipby_local.simulator.desks import carriage_papers as papers
from shipby_local.simulator.desks.carriage_model import CargoPlace
from shipby_local.simulator.desks.carriages import CarriageDesk
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.words import Json, stamp

_MOST: Final = 100


def create(call: Call) -> Json:
    kind, sort, count = call.body.text("cargo_type"), call.body.text("sort_type"), call.body.integer("containers_count")
    warehouse, world = call.body.integer("warehouse_id"), call.world
    if kind not in {"box", "pallet"} or sort not in {"sort", "non-sort"} or not 1 <= count <= _MOST:
        raise invalid("Request validation error: invalid CarriageContainerCreateRequest")
    if warehouse != call.seller.warehouse_id:
        raise invalid("WAREHOUSE_NOT_FOUND")
    made = []
    for _ in range(count):
        number = world.next_id(f"place:{call.seller.client_id}")
        client, key = call.seller.client_id, world.next_id("cargo_place", 9_900_001)
        made.append(world.cargo_places.put(CargoPlace(key, client, warehouse, kind, sort, number, world.now())))
    return {"container_ids": [str(place.id) for place in made]}


def fill(call: Call) -> Json:
    place, desk, numbers = _place(call), _desk(call), call.body.texts("posting_numbers")
    if place.status != "new":
        raise invalid("CONTAINER_IS_NOT_NEW")
    own = {posting.number: posting for posting in call.own_postings()}
    loaded, problems = desk.loaded(call.seller.client_id), {}
    for number in numbers:
        posting = own.get(number)
        if posting is None:
            problems[number] = "POSTING_NOT_FOUND"
        elif posting.status != words.AWAITING_DELIVER:
            problems[number] = "HAS_INCORRECT_STATUS"
        elif number in loaded:
            problems[number] = "POSTING_ALREADY_IN_CONTAINER"
    good = [number for number in numbers if number not in problems]
    job = desk.start_job(call.seller.client_id, "fill", [place.id], good)
    errors = [{"error_message": problem, "posting_number": number} for number, problem in problems.items()]
    return {"error_postings": errors, "task_id": job.id}


def approve(call: Call) -> Json:
    places, errors = _places(call)
    fresh = [place for place in places if place.status == "new" and place.postings]
    errors += [_error(place.id, "CONTAINER_IS_EMPTY_OR_NOT_NEW") for place in places if place not in fresh]
    for place in fresh:
        place.status = "approve_enqueued"
        call.world.cargo_places.put(place)
    job = _desk(call).start_job(call.seller.client_id, "approve", [place.id for place in fresh])
    return {"error_containers": errors, "task_id": job.id}


def list_all(call: Call) -> Json:
    filters = call.body.part("filter")
    since, to = filters.when("created_from"), filters.when("created_to")
    if since is None or to is None:
        raise invalid("Request validation error: invalid Filter: created_from and created_to are required")
    kind, sort, states = filters.text("cargo_type", ""), filters.text("sort_type"), set(filters.texts("statuses"))
    warehouse, after = filters.integer("warehouse_id", 0), int(call.body.text("cursor", "") or 0)
    found = [
        place
        for place in call.world.cargo_places.all()
        if place.client_id == call.seller.client_id
        and since <= place.created_at <= to
        and place.sort_type == sort
        and kind in {"", place.cargo_type}
        and (not states or place.status in states)
        and warehouse in {0, place.warehouse_id}
    ]
    if call.body.text("sort_dir", "ASC") == "DESC":
        found.reverse()
    limit = call.body.limit(1000, 100)
    more = len(found) > after + limit
    rows = [{**_summary(call, place), "related_containers": []} for place in found[after : after + limit]]
    return {"containers": rows, "cursor": str(after + limit) if more else ""}


def get(call: Call) -> Json:
    place = _place(call)
    return {
        **_summary(call, place),
        "parent_container_id": 0,
        "related_container_ids": [],
        "postings": [
            {
                "available_actions": ["remove_posting_from_container"] if place.status == "new" else [],
                "in_process_at": stamp(posting.in_process_at),
                "posting_number": posting.number,
                "products": [
                    {
                        "sku": line.sku,
                        "name": line.name,
                        "offer_id": line.offer_id,
                        "quantity": line.quantity,
                        "picture_url": "",
                        "product_color": "",
                        "product_size_manufacturer": "",
                        "product_size_russian": "",
                    }
                    for line in posting.lines
                ],
                "sort_type": place.sort_type,
                "weight": sum(line.weight_kg * line.quantity for line in posting.lines),
            }
            for posting in (call.posting(number) for number in place.postings)
        ],
    }


def label(call: Call) -> Json:
    places, errors = _places(call)
    approved = _approved(places, errors)
    data = papers.place_labels(approved) if approved else b""
    content = {
        "content_type": "application/pdf",
        "file_content": Download(data, "", "").base64,
        "file_name": "container_labels.pdf" if approved else "",
    }
    return {"content": content, "error_containers": errors}


def document(call: Call) -> Json:
    places, errors = _places(call)
    approved = _approved(places, errors)
    if errors:
        raise invalid(str(errors[0]["error_message"]))
    return {
        "content_type": "application/pdf",
        "file_content": Download(papers.place_papers(approved), "", "").base64,
        "file_name": "containers.pdf",
    }


def task_info(call: Call) -> Json:
    job = call.world.cargo_jobs.get(str(call.body.integer("task_id")))
    if job is None or job.client_id != call.seller.client_id:
        raise not_found("TASK_NOT_FOUND")
    return {"error_message": job.error, "status": job.status}


def statuses(call: Call) -> Json:
    places, _ = _places(call)
    return {"containers": [{"container_id": place.id, "status": place.status} for place in places]}


def _desk(call: Call) -> CarriageDesk:
    return CarriageDesk(call.market)


def _place(call: Call) -> CargoPlace:
    place = _desk(call).place(call.seller.client_id, call.body.integer("container_id"))
    if place is None:
        raise not_found("CONTAINER_NOT_FOUND")
    return place


def _places(call: Call) -> tuple[list[CargoPlace], list[Json]]:
    """The seller's cargo places that the call names, and an error for each that is none."""
    places, errors = [], []
    for number in call.body.integers("container_ids"):
        place = _desk(call).place(call.seller.client_id, number)
        if place is None:
            errors.append(_error(number, "CONTAINER_NOT_FOUND"))
        else:
            places.append(place)
    return places, errors


def _approved(places: Sequence[CargoPlace], errors: list[Json]) -> list[CargoPlace]:
    errors += [_error(place.id, "CONTAINER_IS_NOT_APPROVED") for place in places if place.status != "approved"]
    return [place for place in places if place.status == "approved"]


def _error(number: int, message: str) -> Json:
    return {"container_id": number, "error_message": message}


def _summary(call: Call, place: CargoPlace) -> Json:
    actions = {"new": ["approve"], "approved": ["get_label_container", "get_documents"]}
    held = [call.posting(number) for number in place.postings]
    return {
        "available_actions": actions.get(place.status, []),
        "cargo_type": place.cargo_type,
        "container_id": place.id,
        "container_number": place.number,
        "count_of_postings": len(held),
        "created_at": stamp(place.created_at),
        "sort_type": place.sort_type,
        "status": place.status,
        "warehouse_date": place.created_at.date().isoformat(),
        "warehouse_id": place.warehouse_id,
        "warehouse_name": "Склад Софьино",
        "weight": sum(line.weight_kg * line.quantity for posting in held for line in posting.lines),
    }


METHODS: dict[str, Method] = {
    "/v1/carriage/container/create": create,
    "/v1/carriage/container/fill": fill,
    "/v1/carriage/container/approve": approve,
    "/v1/carriage/container/list": list_all,
    "/v1/carriage/container/get": get,
    "/v1/carriage/container/label/get": label,
    "/v1/carriage/container/document/get": document,
    "/v1/carriage/container/task/info": task_info,
    "/v1/carriage/container/status/get": statuses,
}
