"""Exemplars (экземпляры): data of single pieces, as the `Exemplars` port wants them.

No official example of these methods exists, only their description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shipby.adapters.ozon import methods
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.requests import identifier
from shipby.adapters.ozon.transport import Transport
from shipby.application.ports.exemplars import ExemplarSlots, ExemplarStatus
from shipby.domain.packing.cards import Exemplar

_MARK, _UIN, _IMEI = "mandatory_mark", "jw_uin", "imei"
_CHECKED = ("gtd", "rnpt", "weight")


class OzonExemplars:
    """Data of single pieces of one seller's postings. These methods call the SKU `product_id`."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def slots(self, number: str) -> ExemplarSlots:
        """/v6/fbs/posting/product/exemplar/create-or-get."""
        answer = self._api.read(methods.EXEMPLARS_GET, {"posting_number": number}, what=number)
        ids: dict[str, tuple[str, ...]] = {}
        for product in answer.nodes("products"):
            found = (exemplar.int64("exemplar_id") for exemplar in product.nodes("exemplars"))
            ids[product.int64("product_id")] = tuple(sorted(found, key=int))
        return ExemplarSlots(ids=ids, boxes=answer.integer("multi_box_qty"))

    def validate(self, number: str, pieces: Mapping[str, Sequence[Exemplar]]) -> tuple[str, ...]:
        """/v5/fbs/posting/product/exemplar/validate."""
        products = [
            {"product_id": identifier(sku, "sku"), "exemplars": [_told(exemplar) for exemplar in exemplars]}
            for sku, exemplars in pieces.items()
        ]
        answer = self._api.read(
            methods.EXEMPLARS_VALIDATE, {"posting_number": number, "products": products}, what=number
        )
        return tuple(line for product in answer.nodes("products") for line in _invalid(product))

    def set(self, number: str, pieces: Mapping[str, Mapping[str, Exemplar]], *, boxes: int = 0) -> None:
        """/v6/fbs/posting/product/exemplar/set; 200 has no body."""
        products = [
            {
                "product_id": identifier(sku, "sku"),
                "exemplars": [
                    {
                        "exemplar_id": identifier(exemplar_id, "exemplar_id"),
                        "is_gtd_absent": exemplar.gtd_absent,
                        "is_rnpt_absent": exemplar.rnpt_absent,
                        **_told(exemplar),
                    }
                    for exemplar_id, exemplar in exemplars.items()
                ],
            }
            for sku, exemplars in pieces.items()
        ]
        payload: dict[str, object] = {"posting_number": number, "products": products}
        if boxes:
            payload["multi_box_qty"] = boxes
        self._api.act(methods.EXEMPLARS_SET, payload, what=number, body_expected=False)

    def update(self, number: str) -> None:
        """/v1/fbs/posting/product/exemplar/update; 200 has no body."""
        self._api.act(methods.EXEMPLARS_UPDATE, {"posting_number": number}, what=number, body_expected=False)

    def status(self, number: str) -> ExemplarStatus:
        """/v5/fbs/posting/product/exemplar/status."""
        answer = self._api.read(methods.EXEMPLARS_STATUS, {"posting_number": number}, what=number)
        shown: dict[str, tuple[Exemplar, ...]] = {}
        states: set[str] = set()
        errors: list[str] = []
        for product in answer.nodes("products"):
            sku = product.int64("product_id")
            exemplars = product.nodes("exemplars")
            shown[sku] = tuple(_shown(exemplar) for exemplar in exemplars)
            for place, exemplar in enumerate(exemplars, 1):
                states |= set(_states(exemplar))
                errors += [f"SKU {sku} piece {place} {line}" for line in _errors(exemplar)]
        return ExemplarStatus(
            status=answer.required("status"),
            shown=shown,
            processing="processing" in states,
            failed="failed" in states,
            errors=tuple(errors),
        )


def _told(exemplar: Exemplar) -> dict[str, object]:
    """A piece as requests write it; what is not known is left out."""
    marks = [(exemplar.mark, _MARK), (exemplar.uin, _UIN), *((imei, _IMEI) for imei in exemplar.imei)]
    told: dict[str, object] = {"marks": [{"mark": mark, "mark_type": kind} for mark, kind in marks if mark]}
    if exemplar.gtd:
        told["gtd"] = exemplar.gtd
    if exemplar.rnpt:
        told["rnpt"] = exemplar.rnpt
    if exemplar.weight:
        told["weight"] = float(exemplar.weight)
    return told


def _shown(node: Node) -> Exemplar:
    marks = [(mark.text("mark"), mark.text("mark_type")) for mark in node.nodes("marks")]
    of = {kind: tuple(mark for mark, known in marks if known == kind) for kind in (_MARK, _UIN, _IMEI)}
    return Exemplar(
        mark=next(iter(of[_MARK]), ""),
        imei=of[_IMEI],
        uin=next(iter(of[_UIN]), ""),
        gtd=node.text("gtd"),
        gtd_absent=node.flag("is_gtd_absent"),
        rnpt=node.text("rnpt"),
        rnpt_absent=node.flag("is_rnpt_absent"),
        weight=node.text("weight") if "weight" in node else "",
    )


def _states(node: Node) -> Iterator[str]:
    yield from (mark.text("check_status") for mark in node.nodes("marks"))
    yield from (node.text(f"{name}_check_status") for name in _CHECKED)


def _errors(node: Node) -> Iterator[str]:
    for mark in node.nodes("marks"):
        yield from (f"{mark.text('mark_type')}: {code}" for code in mark.texts("error_codes"))
    for name in _CHECKED:
        yield from (f"{name}: {code}" for code in node.texts(f"{name}_error_codes"))


def _invalid(product: Node) -> Iterator[str]:
    sku = product.text("product_id")
    if error := product.text("error"):
        yield f"SKU {sku}: {error}"
    for place, exemplar in enumerate(product.nodes("exemplars"), 1):
        said = [*exemplar.texts("errors")]
        for mark in exemplar.nodes("marks"):
            said += [f"{mark.text('mark_type')}: {code}" for code in mark.texts("errors")]
            if "valid" in mark and not mark.flag("valid") and not mark.texts("errors"):
                said.append(f"{mark.text('mark_type')}: not valid")
        yield from (f"SKU {sku} piece {place} {code}" for code in said)
