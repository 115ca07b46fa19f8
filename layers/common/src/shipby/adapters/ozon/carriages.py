"""Carriages (отгрузки) and their papers, as the `Carriages` port wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.papers import paper
from shipby.adapters.ozon.reading.answers import Node, following
from shipby.adapters.ozon.reading.entries import Fields, entries, or_noted, texts_of
from shipby.adapters.ozon.refusals import item_error
from shipby.adapters.ozon.requests import identifier
from shipby.adapters.ozon.transport import Transport, done
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.carriages import ActPosting, ActStatus, CarriageFacts, ListedCarriage, PaperFile
from shipby.domain.errors import InvalidInputError, MarketplaceRefusedError


class OzonCarriages:
    """Carriages of one seller's account."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def listed(self, delivery_method_id: str, departure: date) -> tuple[ListedCarriage, ...]:
        """/v2/carriage/delivery/list, all pages; an entry with id 0 is one that could be made, not one that is."""
        method_id = identifier(delivery_method_id, "delivery_method_id")
        wanted = {"delivery_method_id": method_id, "departure_date": departure.isoformat()}
        found: list[ListedCarriage] = []
        cursor = ""
        while True:
            answer = self._api.read(
                methods.CARRIAGE_LIST,
                {"cursor": cursor, "filter": wanted, "limit": assumptions.CARRIAGE_LIST_LIMIT},
                what=delivery_method_id,
            )
            for carriages in entries(
                answer,
                "methods",
                Listed.CARRIAGE,
                lambda entry: _carriages(entry, delivery_method_id),
                name="delivery_method_id",
            ):
                found += carriages
            upcoming = or_noted(Listed.CARRIAGE, answer, partial(following, answer, cursor), None)
            if upcoming is None:
                return tuple(found)
            cursor = upcoming

    def create(self, delivery_method_id: str, departure: date) -> str:
        """/v1/carriage/create."""
        answer = self._api.act(
            methods.CARRIAGE_CREATE,
            {
                "delivery_method_id": identifier(delivery_method_id, "delivery_method_id"),
                "departure_date": departure.isoformat() + assumptions.DEPARTURE_TIME,
            },
            what=delivery_method_id,
        )
        return done(lambda: answer.required("carriage_id"), answer, delivery_method_id)

    def set_postings(self, carriage_id: str, numbers: Sequence[str]) -> Mapping[str, str]:
        """/v1/carriage/set-postings; answers per posting."""
        if not numbers:
            raise InvalidInputError("a carriage needs at least one posting", errors=[("posting_numbers", "is empty")])
        answer = self._api.act(
            methods.CARRIAGE_SET, {**_carriage(carriage_id), "posting_numbers": list(numbers)}, what=carriage_id
        )
        return done(
            lambda: {
                entry.text("posting_number"): item_error(entry) or "refused without a text"
                for entry in answer.nodes("result")
                if not entry.flag("result")
            },
            answer,
            carriage_id,
        )

    def approve(self, carriage_id: str, *, containers: int = 0) -> None:
        """/v1/carriage/approve; 200 has an empty object."""
        payload = _carriage(carriage_id) | ({"containers_count": containers} if containers else {})
        self._api.act(methods.CARRIAGE_APPROVE, payload, what=carriage_id, body_expected=False)

    def cancel(self, carriage_id: str) -> None:
        """/v1/carriage/cancel; a text in `error` is a refusal."""
        answer = self._api.act(methods.CARRIAGE_CANCEL, _carriage(carriage_id), what=carriage_id)
        if problem := done(lambda: answer.text("error"), answer, carriage_id):
            raise MarketplaceRefusedError(f"{methods.CARRIAGE_CANCEL.path} {carriage_id}: {problem}", text=problem)

    def get(self, carriage_id: str) -> CarriageFacts:
        """/v1/carriage/get."""
        answer = self._api.read(methods.CARRIAGE_GET, _carriage(carriage_id), what=carriage_id)
        odd = Fields(answer)
        maybe = odd.maybe
        found = CarriageFacts(
            id=answer.text("carriage_id") or carriage_id,
            status=answer.required("status"),
            delivery_method_id=maybe("delivery_method_id", lambda: answer.text("delivery_method_id"), ""),
            warehouse_id=maybe("warehouse_id", lambda: answer.text("warehouse_id"), ""),
            departure=maybe("departure", lambda: answer.text("departure_date"), ""),
            actions=maybe("actions", lambda: tuple(sorted(set(answer.texts("available_actions")) - {""})), ()),
            containers=maybe("containers", lambda: answer.integer("containers_count"), 0),
            more=maybe("more", lambda: answer.flag("has_postings_for_next_carriage"), unknown=False),
        )
        odd.noted(Listed.CARRIAGE, carriage_id)
        return found

    def postings(self, carriage_id: str) -> tuple[ActPosting, ...]:
        """/v2/posting/fbs/act/get-postings: also of a carriage that is not approved yet."""
        # The one method here whose id is int64 as text.
        payload = {"id": str(identifier(carriage_id, "carriage_id"))}
        answer = self._api.read(methods.ACT_POSTINGS, payload, what=carriage_id)
        return entries(answer, "result", Listed.CARRIAGE_POSTING, _act_posting, name="posting_number")

    def act_status(self, carriage_id: str) -> ActStatus:
        """/v2/posting/fbs/act/check-status."""
        answer = self._api.read(methods.ACT_STATUS, _act(carriage_id), what=carriage_id).node("result")
        return ActStatus(
            state=answer.required("status"),
            added=texts_of(answer, "added_to_act", Listed.CARRIAGE_POSTING),
            removed=texts_of(answer, "removed_from_act", Listed.CARRIAGE_POSTING),
        )

    def act(self, carriage_id: str) -> PaperFile:
        """/v2/posting/fbs/act/get-pdf."""
        return paper(self._api, methods.ACT_PDF, _act(carriage_id), what=carriage_id)

    def barcode(self, carriage_id: str) -> PaperFile:
        """/v2/posting/fbs/act/get-barcode."""
        return paper(self._api, methods.ACT_BARCODE, _act(carriage_id), what=carriage_id)

    def barcode_text(self, carriage_id: str) -> str:
        """/v2/posting/fbs/act/get-barcode/text."""
        return self._api.read(methods.ACT_BARCODE_TEXT, _act(carriage_id), what=carriage_id).required("result")

    def container_labels(self, carriage_id: str) -> PaperFile:
        """/v2/posting/fbs/act/get-container-labels."""
        return paper(self._api, methods.ACT_CONTAINER_LABELS, _act(carriage_id), what=carriage_id)

    def discrepancy_act(self, carriage_id: str) -> PaperFile:
        """/v1/carriage/act-discrepancy/pdf."""
        return paper(self._api, methods.CARRIAGE_DISCREPANCY, _carriage(carriage_id), what=carriage_id)


def _carriage(carriage_id: str) -> dict[str, object]:
    return {"carriage_id": identifier(carriage_id, "carriage_id")}


def _act(carriage_id: str) -> dict[str, object]:
    return {"id": identifier(carriage_id, "carriage_id")}


def _carriages(entry: Node, delivery_method_id: str) -> tuple[ListedCarriage, ...]:
    if entry.text("delivery_method_id") not in ("", delivery_method_id):
        return ()
    found = entries(entry, "carriages", Listed.CARRIAGE, _listed, name="id")
    return tuple(one for one in found if one is not None)


def _listed(node: Node) -> ListedCarriage | None:
    """None for a carriage that could be made, not one that is."""
    if not node.integer("id"):
        return None
    odd = Fields(node)
    found = ListedCarriage(
        id=node.int64("id"),
        status=node.text("status"),
        postings=odd.maybe("postings", lambda: node.integer("postings_count"), 0),
    )
    odd.noted(Listed.CARRIAGE, found.id)
    return found


def _act_posting(node: Node) -> ActPosting:
    return ActPosting(number=node.identifier("posting_number"), status=node.text("status"))
