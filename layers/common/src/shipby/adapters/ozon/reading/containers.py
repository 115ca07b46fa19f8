"""Cargo places of trusted acceptance (beta), as the `Containers` port wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.papers import paper, paper_of
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.entries import Fields, entries, or_noted
from shipby.adapters.ozon.requests import identifier, rfc3339
from shipby.adapters.ozon.transport import Transport, done
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.carriages import Container, ContainerSpec, ContainerTask, ContainerTaskState, PaperFile
from shipby.application.ports.pages import Page
from shipby.domain.errors import InvalidInputError, MarketplaceRefusedError


class OzonContainers:
    """Cargo places of one seller's account."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def create(self, spec: ContainerSpec) -> tuple[str, ...]:
        """/v1/carriage/container/create."""
        answer = self._api.act(
            methods.CONTAINER_CREATE,
            {
                "cargo_type": spec.cargo_type,
                "containers_count": spec.count,
                "sort_type": spec.sort_type,
                "warehouse_id": identifier(spec.warehouse_id, "warehouse_id"),
            },
            what=spec.warehouse_id,
        )
        return done(lambda: answer.texts("container_ids"), answer, spec.warehouse_id)

    def fill(self, container_id: str, numbers: Sequence[str]) -> ContainerTask:
        """/v1/carriage/container/fill."""
        payload = {"container_id": identifier(container_id, "container_id"), "posting_numbers": list(numbers)}
        answer = self._api.act(methods.CONTAINER_FILL, payload, what=container_id)
        return done(lambda: _task(answer, "error_postings", "posting_number"), answer, container_id)

    def approve(self, container_ids: Sequence[str]) -> ContainerTask:
        """/v1/carriage/container/approve."""
        what = ", ".join(container_ids)
        answer = self._api.act(methods.CONTAINER_APPROVE, _ids(container_ids), what=what)
        return done(lambda: _task(answer, "error_containers", "container_id"), answer, what)

    def task(self, task_id: str) -> ContainerTaskState:
        """/v1/carriage/container/task/info."""
        payload = {"task_id": identifier(task_id, "task_id")}
        answer = self._api.read(methods.CONTAINER_TASK, payload, what=task_id)
        return ContainerTaskState(state=answer.required("status"), error=answer.text("error_message"))

    def listed(
        self, *, since: datetime, to: datetime, sort_type: str, warehouse_id: str = "", cursor: str = ""
    ) -> Page[Container]:
        """/v1/carriage/container/list, 100 a page; an empty cursor of the answer ends it."""
        wanted: dict[str, object] = {
            "created_from": rfc3339(since),
            "created_to": rfc3339(to),
            "sort_type": sort_type,
        }
        if warehouse_id:
            wanted["warehouse_id"] = identifier(warehouse_id, "warehouse_id")
        answer = self._api.read(
            methods.CONTAINER_LIST,
            {"cursor": cursor, "filter": wanted, "limit": assumptions.CONTAINER_LIST_LIMIT, "sort_dir": "ASC"},
        )
        following = or_noted(Listed.CONTAINER, answer, lambda: answer.text("cursor"), "")
        items = entries(answer, "containers", Listed.CONTAINER, _container, name="container_id")
        return Page(items, following if following and following != cursor else None)

    def get(self, container_id: str) -> Container:
        """/v1/carriage/container/get."""
        payload = {"container_id": identifier(container_id, "container_id")}
        return _container(self._api.read(methods.CONTAINER_GET, payload, what=container_id))

    def statuses(self, container_ids: Sequence[str]) -> Mapping[str, str]:
        """/v1/carriage/container/status/get."""
        answer = self._api.read(methods.CONTAINER_STATUS, _ids(container_ids), what=", ".join(container_ids))
        return dict(entries(answer, "containers", Listed.CONTAINER, _status, name="container_id"))

    def labels(self, container_ids: Sequence[str]) -> PaperFile:
        """/v1/carriage/container/label/get: the file stands in `content`, what has none in `error_containers`."""
        what = ", ".join(container_ids)
        answer = self._api.read(methods.CONTAINER_LABELS, _ids(container_ids), what=what)
        if problems := _refused(answer, "error_containers", "container_id"):
            text = "; ".join(f"{one}: {why}" for one, why in problems.items())
            raise MarketplaceRefusedError(f"{methods.CONTAINER_LABELS.path}: {text}", text=text)
        return paper_of(answer.node("content"))

    def documents(self, container_ids: Sequence[str]) -> PaperFile:
        """/v1/carriage/container/document/get."""
        return paper(self._api, methods.CONTAINER_DOCUMENTS, _ids(container_ids), what=", ".join(container_ids))


def _ids(container_ids: Sequence[str]) -> dict[str, object]:
    """`container_ids` are int64 as text there. Raises InvalidInputError."""
    if not container_ids:
        raise InvalidInputError("name at least one container", errors=[("container_ids", "is empty")])
    return {"container_ids": [str(identifier(one, "container_id")) for one in container_ids]}


def _task(answer: Node, key: str, name: str) -> ContainerTask:
    return ContainerTask(id=answer.text("task_id"), refused=_refused(answer, key, name))


def _refused(answer: Node, key: str, name: str) -> dict[str, str]:
    return {one.text(name): one.text("error_message") or "refused without a text" for one in answer.nodes(key)}


def _container(node: Node) -> Container:
    identifier = node.int64("container_id")
    odd = Fields(node)
    maybe = odd.maybe
    found = Container(
        id=identifier,
        status=node.text("status"),
        number=maybe("number", lambda: node.integer("container_number"), 0),
        cargo_type=maybe("cargo_type", lambda: node.text("cargo_type"), ""),
        sort_type=maybe("sort_type", lambda: node.text("sort_type"), ""),
        warehouse_id=maybe("warehouse_id", lambda: node.text("warehouse_id"), ""),
        created_at=maybe("created_at", lambda: node.moment("created_at"), None),
        postings=entries(
            node,
            "postings",
            Listed.CARRIAGE_POSTING,
            lambda one: one.identifier("posting_number"),
            name="posting_number",
        ),
        actions=maybe("actions", lambda: tuple(sorted(set(node.texts("available_actions")) - {""})), ()),
    )
    odd.noted(Listed.CONTAINER, identifier)
    return found


def _status(node: Node) -> tuple[str, str]:
    return node.int64("container_id"), node.text("status")
