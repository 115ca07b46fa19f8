"""The control API's part for hand-over: reads the carriages, lets the carrier scan what the test wants it to scan."""

from __future__ import annotations

from shipby_local.simulator.desks.carriage_model import Carriage
from shipby_local.simulator.desks.carriages import CarriageDesk
from shipby_local.simulator.market import Market
from shipby_local.simulator.words import Json, stamp_or_null


class CarriageControl:
    """`GET carriages`, `GET carriages/{id}`, `POST carriages/{id}` with `act` scan, finish or document."""

    def __init__(self, market: Market) -> None:
        self._desk = CarriageDesk(market)
        self._world = market.world

    def all(self) -> Json:
        """Every carriage as the books hold it."""
        return {"carriages": {item.key: self.page(item) for item in self._world.carriages.all()}}

    def answer(self, method: str, key: str, body: Json) -> Json:
        """One carriage. Raises LookupError for an unknown one and ValueError for an unknown act."""
        carriage = self._world.carriages.get(key)
        if carriage is None:
            raise LookupError(f"no carriage {key}")
        if method == "GET":
            return self.page(carriage)
        match body.get("act"):
            case "scan":
                return self._scan(carriage, body)
            case "finish":
                return {"not_accepted": self._desk.finish(carriage), **self.page(carriage)}
            case "document":
                carriage.documents_at = self._world.now()
                self._world.carriages.put(carriage)
                return self.page(carriage)
        raise ValueError("unknown act; known: document, finish, scan")

    def page(self, carriage: Carriage) -> Json:
        """All about one carriage: what was asked, what the act names, what the carrier found."""
        return {
            "client_id": carriage.client_id,
            "status": carriage.status,
            "departure_date": carriage.departure_date,
            "partial_num": carriage.partial_num,
            "postings": carriage.postings,
            "removed": carriage.removed,
            "scanned": self._desk.scanned(carriage),
            "extra": carriage.extra,
            "approved_at": stamp_or_null(carriage.approved_at),
            "documents_at": stamp_or_null(carriage.documents_at),
            "closed_at": stamp_or_null(carriage.closed_at),
        }

    def _scan(self, carriage: Carriage, body: Json) -> Json:
        """`posting_numbers` (default: all of the act) without `except`, and `extra` that no act names."""
        left_out = {str(number) for number in body.get("except", ())}
        named = body.get("posting_numbers")
        wanted = [str(number) for number in (carriage.postings if named is None else named)]
        wanted = [number for number in wanted if number not in left_out]
        done = self._desk.scan(carriage, [*wanted, *(str(number) for number in body.get("extra", ()))])
        return {"refused": [number for number, ok in done.items() if not ok], **self.page(carriage)}
