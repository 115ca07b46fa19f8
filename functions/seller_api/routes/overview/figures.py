"""What all work adds up to: boards, warehouses, delivery methods, the morning."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.figures import boards
from shipby.application.figures.morning import morning


def get_boards(call: Call) -> Mapping[str, object]:
    return boards.boards(call.seller, store=call.store)


def list_warehouses(call: Call) -> Mapping[str, object]:
    return boards.warehouses(call.seller, store=call.store)


def list_delivery_methods(call: Call) -> Mapping[str, object]:
    return boards.delivery_methods(call.seller, store=call.store)


def get_morning(call: Call) -> Mapping[str, object]:
    return morning(call.seller, store=call.store, clock=call.clock)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/boards",
        get_boards,
        id="getBoards",
        summary="How much stands on each board, each with the address that lists it",
        answers="BoardsView",
        description="Open postings by stage, next action, warehouse, delivery method and scheme, and all other boards.",
    ),
    read(
        "/v1/warehouses",
        list_warehouses,
        id="listWarehouses",
        summary="The warehouses of open postings, with what is open and late in each",
        answers="Listing[WarehouseView]",
    ),
    read(
        "/v1/delivery-methods",
        list_delivery_methods,
        id="listDeliveryMethods",
        summary="The delivery methods of open postings, with what is open and late in each",
        answers="Listing[DeliveryMethodView]",
    ),
    read(
        "/v1/reports/morning",
        get_morning,
        id="getMorning",
        summary="The eight figures of the morning, with yesterday's, and the rows that make each",
        answers="MorningView",
        description="Each part of a figure has the address that lists exactly its rows. `yesterday` is what the poll "
        "kept at the beginning of the day before (UTC).",
    ),
)
