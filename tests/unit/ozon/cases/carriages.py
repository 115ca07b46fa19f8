"""What each hand-over method sends, and an answer to it shaped by the published description."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.ports.carriages import ContainerSpec

ID, METHOD, DAY = "24276481394", "1020005003107121", date(2026, 11, 22)
NUMBERS = ["24219509-0020-1", "24219509-0020-2"]
PDF = b"%PDF-1.7\n\xe2\xe3"
PNG = b"\x89PNG\r\n\x1a\n\x00\x01"
BOX = "9900001"
CONTAINER = {
    "container_id": 9900001,
    "container_number": 3,
    "status": "new",
    "cargo_type": "box",
    "sort_type": "sort",
    "warehouse_id": 17,
    "created_at": "2026-11-22T10:00:00Z",
    "available_actions": ["approve"],
    "postings": [{"posting_number": NUMBERS[0]}],
}

Case = tuple[methods.Method, object, Callable[[OzonClient], Any], dict[str, Any]]
CARRIAGE_CASES: list[Case] = [
    (
        methods.CARRIAGE_LIST,
        {"methods": [], "has_next": False, "cursor": ""},
        lambda c: c.carriages.listed(METHOD, DAY),
        {
            "cursor": "",
            "filter": {"delivery_method_id": 1020005003107121, "departure_date": "2026-11-22"},
            "limit": 100,
        },
    ),
    (
        methods.CARRIAGE_CREATE,
        {"carriage_id": 24276481394},
        lambda c: c.carriages.create(METHOD, DAY),
        {"delivery_method_id": 1020005003107121, "departure_date": "2026-11-22T00:00:00Z"},
    ),
    (
        methods.CARRIAGE_SET,
        {"result": [{"posting_number": NUMBERS[0], "result": True, "error": ""}]},
        lambda c: c.carriages.set_postings(ID, NUMBERS),
        {"carriage_id": 24276481394, "posting_numbers": NUMBERS},
    ),
    (methods.CARRIAGE_APPROVE, {}, lambda c: c.carriages.approve(ID), {"carriage_id": 24276481394}),
    (
        methods.CARRIAGE_APPROVE,
        {},
        lambda c: c.carriages.approve(ID, containers=2),
        {"carriage_id": 24276481394, "containers_count": 2},
    ),
    (
        methods.CARRIAGE_CANCEL,
        {"error": "", "carriage_status": "cancelled"},
        lambda c: c.carriages.cancel(ID),
        {"carriage_id": 24276481394},
    ),
    (methods.CARRIAGE_GET, {"status": "new"}, lambda c: c.carriages.get(ID), {"carriage_id": 24276481394}),
    (methods.CARRIAGE_DISCREPANCY, PDF, lambda c: c.carriages.discrepancy_act(ID), {"carriage_id": 24276481394}),
    (methods.ACT_POSTINGS, {"result": []}, lambda c: c.carriages.postings(ID), {"id": ID}),
    (
        methods.ACT_STATUS,
        {"result": {"status": "in_process"}},
        lambda c: c.carriages.act_status(ID),
        {"id": 24276481394},
    ),
    (methods.ACT_PDF, PDF, lambda c: c.carriages.act(ID), {"id": 24276481394}),
    (methods.ACT_BARCODE, PNG, lambda c: c.carriages.barcode(ID), {"id": 24276481394}),
    (
        methods.ACT_BARCODE_TEXT,
        {"result": "%303%24276481394"},
        lambda c: c.carriages.barcode_text(ID),
        {"id": 24276481394},
    ),
    (methods.ACT_CONTAINER_LABELS, PDF, lambda c: c.carriages.container_labels(ID), {"id": 24276481394}),
    (
        methods.CONTAINER_CREATE,
        {"container_ids": ["9900001"]},
        lambda c: c.containers.create(ContainerSpec(warehouse_id="17", count=1)),
        {"cargo_type": "box", "containers_count": 1, "sort_type": "sort", "warehouse_id": 17},
    ),
    (
        methods.CONTAINER_FILL,
        {"error_postings": [], "task_id": 5},
        lambda c: c.containers.fill(BOX, NUMBERS),
        {"container_id": 9900001, "posting_numbers": NUMBERS},
    ),
    (
        methods.CONTAINER_APPROVE,
        {"error_containers": [], "task_id": 6},
        lambda c: c.containers.approve([BOX]),
        {"container_ids": [BOX]},
    ),
    (
        methods.CONTAINER_LIST,
        {"containers": [CONTAINER], "cursor": ""},
        lambda c: c.containers.listed(
            since=datetime(2026, 11, 22, tzinfo=UTC), to=datetime(2026, 11, 23, tzinfo=UTC), sort_type="sort"
        ),
        {
            "cursor": "",
            "filter": {
                "created_from": "2026-11-22T00:00:00.000Z",
                "created_to": "2026-11-23T00:00:00.000Z",
                "sort_type": "sort",
            },
            "limit": 100,
            "sort_dir": "ASC",
        },
    ),
    (methods.CONTAINER_GET, CONTAINER, lambda c: c.containers.get(BOX), {"container_id": 9900001}),
    (
        methods.CONTAINER_STATUS,
        {"containers": [{"container_id": 9900001, "status": "formed"}]},
        lambda c: c.containers.statuses([BOX]),
        {"container_ids": [BOX]},
    ),
    (
        methods.CONTAINER_LABELS,
        {"content": {"file_content": base64.b64encode(PDF).decode()}, "error_containers": []},
        lambda c: c.containers.labels([BOX]),
        {"container_ids": [BOX]},
    ),
    (
        methods.CONTAINER_DOCUMENTS,
        {"file_content": base64.b64encode(PDF).decode()},
        lambda c: c.containers.documents([BOX]),
        {"container_ids": [BOX]},
    ),
    (methods.CONTAINER_TASK, {"status": "completed"}, lambda c: c.containers.task("5"), {"task_id": 5}),
]
