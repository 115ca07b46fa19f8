"""The papers of the demo day: cards, waves, labels in pick order, reprints, pages that were refused, closing the day.

What is printed is read back from its picture, as a scanner would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import urllib3

from shipby.adapters.pdf import PdfLabelPapers
from shipby_local.demo.api import ApiProblemError, SellerApi
from shipby_local.demo.people import People
from shipby_local.demo.plan import BEGINS
from shipby_local.simulator import Simulator
from shipby_local.stack.errors import StackError

_AISLES = "ABC"


def bin_of(sku: int) -> str:
    """Where the demo's warehouse keeps a product."""
    return f"{_AISLES[sku % 3]}-{sku % 7 + 1}-{sku % 5 + 1}"


def item_code(sku: int) -> str:
    """What the demo's scanners read off a product."""
    return f"46{sku:011d}"


def _names_only(number: str, difference: Any) -> bool:
    return [item["posting_number"] for item in difference["items"]] == [number]


@dataclass(frozen=True, slots=True)
class Carriage:
    """A closed carriage: at our API, at the simulator's control API, and the parcel that is missed at first."""

    seller: str
    path: str
    control: str
    left_behind: str


@dataclass
class Papers:
    """Prints and checks papers of a day; counts what it saw for the report."""

    simulator: Simulator
    apis: Mapping[str, SellerApi]
    folder: Path
    people: People
    printed: list[Path] = field(default_factory=list)
    in_order: set[str] = field(default_factory=set)
    """Postings whose label was read back from the batch's PDF in the place of the pick order."""
    reprinted: set[str] = field(default_factory=set)
    """Postings printed a second time, after the API refused to do so without a reason."""
    told_apart: set[str] = field(default_factory=set)
    """Own labels of which a scan said that the first copy is void and the second current."""
    personal: list[tuple[str, str]] = field(default_factory=list)
    """Seller and id of print jobs whose file shows a person."""
    missed: set[str] = field(default_factory=set)
    """Parcels that the carrier left at the ramp at first, as the three-way difference named them."""
    acts: dict[str, int] = field(default_factory=dict)
    """Carriage at the marketplace -> parcels scanned into it."""

    # Cards and waves -------------------------------------------------------------------------------------------------

    def load_cards(self, seller: str, numbers: Sequence[str]) -> None:
        """A card with bin and barcode for every product of these postings, as from a spreadsheet."""
        skus = sorted({line.sku for number in numbers for line in self.simulator.posting(number).lines})
        cards = [
            {
                "sku": str(sku),
                "bin": bin_of(sku),
                "barcodes": [item_code(sku)],
                "marks": ["fragile"] if sku % 4 == 0 else [],
                "inserts": ["инструкция"],
            }
            for sku in skus
        ]
        done = self.apis[seller].post("/v1/products/import", {"cards": cards})
        if done["problems"]:
            raise StackError(f"product cards of {seller} were refused: {done['items']}")

    def ship_wave(self, seller: str, numbers: Sequence[str]) -> None:
        """Assemble a wave in one call: one intent per posting."""
        done = self.apis[seller].post("/v1/waves", {"posting_numbers": list(numbers)})
        refused = [item for item in done["items"] if not item["intent"]]
        if refused:
            raise StackError(f"the wave of {seller} left postings out: {refused}")

    # Printing --------------------------------------------------------------------------------------------------------

    def print_wave(self, seller: str, numbers: Sequence[str]) -> None:
        """The pick list, then all labels in its order with their slips; every label is read back in its place."""
        walk = self._job(seller, "/v1/pick-lists", {"posting_numbers": list(numbers)}, f"pick-list-{seller}.pdf")
        if walk["problems"]:
            raise StackError(f"the pick list of {seller} lacks {walk['problems']}")
        wish = {"posting_numbers": list(numbers), "order": "pick", "slips": True}
        job = self._job(seller, "/v1/labels", wish, f"labels-{seller}.pdf")
        if job["problems"]:
            raise StackError(f"the labels of {seller} were not all printed: {job['problems']}")
        wanted = sorted(numbers, key=self._place)
        if job["posting_numbers"] != wanted:
            raise StackError(f"the labels of {seller} are not in pick order: {job['posting_numbers']}, not {wanted}")
        self.in_order |= self._read_back(seller, self.printed[-1].read_bytes(), wanted)

    def _place(self, number: str) -> tuple[str, datetime, str]:
        posting = self.simulator.posting(number)
        return min(bin_of(line.sku) for line in posting.lines), posting.shipment_date, number

    def _read_back(self, seller: str, content: bytes, wanted: Sequence[str]) -> set[str]:
        """Postings whose label is the next one in the file. A label and its slip name the same posting."""
        names = {code: number for number in wanted for code in (number, *self._barcodes(seller, number))}
        said = []
        for page in PdfLabelPapers().pages(content):
            found = {names[code] for code in (*page.barcodes, *page.texts) if code in names}
            if len(found) == 1:
                said.append(found.pop())
        order = list(dict.fromkeys(said))
        return {number for number, place in zip(wanted, order, strict=False) if number == place}

    def _barcodes(self, seller: str, number: str) -> list[str]:
        kept = self.apis[seller].get(f"/v1/postings/{number}/labels")["items"]
        return [code for label in kept for code in label["barcodes"]]

    def barcode(self, seller: str, number: str) -> str:
        """What the packer's scanner reads off the marketplace's label."""
        return self._barcodes(seller, number)[0]

    def reprint(self, seller: str, number: str) -> None:
        """A second copy of a label: refused without a reason, logged with one, and the first copy is void."""
        api = self.apis[seller]
        try:
            api.post("/v1/labels", {"posting_numbers": [number]})
        except ApiProblemError as problem:
            if problem.status != 400:
                raise
        else:
            raise StackError(f"the label of {number} was printed again without a reason")
        wish = {"posting_numbers": [number], "reason": "the first one tore"}
        job = self._job(seller, "/v1/labels", wish, f"reprint-{number}.pdf")
        log = api.get(f"/v1/postings/{number}/prints")["items"]
        current = [entry["copy"] for entry in log if entry["current"]]
        if job["copies"] != {number: 2} or current != [2] or len(log) != 2:
            raise StackError(f"the reprint log of {number} is wrong: {log}")
        self.reprinted.add(number)

    def own_label(self, seller: str, number: str) -> None:
        """Our own label for the seller's carrier, printed twice; a scan tells the copies apart."""
        codes: list[str] = []
        for wish in ({}, {"reason": "smudged"}):
            name = f"own-label-{number}-{len(codes) + 1}.pdf"
            job = self._job(seller, "/v1/labels", {"posting_numbers": [number], "source": "own", **wish}, name)
            if not job["personal"] or not job["expires_at"]:
                raise StackError(f"the label of {number} shows its recipient, and its file has no end")
            self.personal.append((seller, job["id"]))
            [page] = PdfLabelPapers().pages(self.printed[-1].read_bytes())
            codes.append(next(code for code in page.barcodes if code.startswith("SB:")))
        said = [self.apis[seller].get(f"/v1/labels/scan/{code}") for code in codes]
        if [(scan["posting_number"], scan["current"]) for scan in said] == [(number, False), (number, True)]:
            self.told_apart.add(number)

    def allow(self, seller: str, number: str) -> None:
        """A person looked at a label that could not be read back, and lets it print."""
        path = f"/v1/postings/{number}/labels/label/override"
        self.apis[seller].post(path, {"reason": "compared with the cabinet: it is the right one"})
        job = self._job(seller, "/v1/labels", {"posting_numbers": [number]}, f"unread-label-{number}.pdf")
        if job["problems"]:
            raise StackError(f"the overridden label of {number} was not printed: {job['problems']}")

    def _job(self, seller: str, path: str, wish: Mapping[str, object], name: str) -> Any:
        """Ask for a print, wait for its file and keep it."""
        api = self.apis[seller]
        asked = api.post(path, wish)
        job = api.wait_for(
            f"/v1/labels/{asked['id']}", lambda view: view["state"] != "waiting", what=f"{name} to be made"
        )
        if not job["link"]:
            raise StackError(f"{name} was not made: {job['problems']}")
        self._keep(job["link"], name)
        return job

    def _keep(self, link: str, name: str) -> None:
        answer = urllib3.request("GET", link, retries=False)
        if answer.status != 200:
            raise StackError(f"the signed link of {name} answered {answer.status}")
        target = self.folder / name
        target.write_bytes(answer.data)
        self.printed.append(target)

    # Bench and ramp --------------------------------------------------------------------------------------------------

    def pack_by_scanning(self, seller: str, number: str) -> None:
        """Scan every piece; the last one packs the parcel and unlocks the label, which is already there."""
        path = f"/v1/postings/{number}/scans"
        check: Any = None
        for line in self.simulator.posting(number).lines:
            for _ in range(line.quantity):
                check = self.apis[seller].post(path, {"code": item_code(line.sku)})
        if not check["complete"] or check["stage"] != "packed" or not check["label"]["link"]:
            raise StackError(f"the last scan of {number} did not unlock its label: {check}")

    def close_day(self, seller: str, numbers: Sequence[str]) -> list[Carriage]:
        """A carriage for each delivery method: scan the parcels in, approve, keep the act."""
        by_method: dict[str, list[str]] = {}
        for number in numbers:
            by_method.setdefault(str(self.simulator.posting(number).warehouse_id), []).append(number)
        return [self._carriage(seller, method, leaving) for method, leaving in sorted(by_method.items())]

    def _carriage(self, seller: str, method: str, numbers: Sequence[str]) -> Carriage:
        api = self.apis[seller]
        wish = {
            "delivery_method_id": method,
            "departure": f"{self.people.now().date()}",
            "posting_numbers": list(numbers),
        }
        path = f"/v1/carriages/{api.post('/v1/carriages', wish)['id']}"
        api.wait_for(path, lambda view: view["state"] == "open", what=f"a carriage of {seller}")
        for number in numbers:
            api.post(f"{path}/scans", {"code": self.barcode(seller, number)})
        api.post(f"{path}/approve")
        closed = api.wait_for(path, lambda view: view["state"] == "documented", what=f"the act of {seller}")
        for document in closed["documents"]:
            if document["name"] == "act":
                self._keep(document["link"], f"act-{seller}-{method}.pdf")
        self.acts[str(closed["marketplace_id"])] = closed["scanned"]
        return Carriage(seller, path, f"/_sim/carriages/{closed['marketplace_id']}", numbers[-1])

    def courier_comes(self, carriages: Sequence[Carriage]) -> None:
        """The carrier misses one parcel of each carriage; the three-way difference names it."""
        for one in carriages:
            self.simulator.control("POST", one.control, {"act": "scan", "except": [one.left_behind]})
        for one in carriages:
            said = self.apis[one.seller].wait_for(
                f"{one.path}/difference",
                partial(_names_only, one.left_behind),
                what=f"the difference of {one.seller} to name {one.left_behind}",
            )
            self.missed |= {item["posting_number"] for item in said["items"]}

    def courier_comes_again(self, carriages: Sequence[Carriage]) -> None:
        """Called back, the courier takes that one too, before the cut-off."""
        for one in carriages:
            self.simulator.control("POST", one.control, {"act": "scan"})
        for one in carriages:
            self.apis[one.seller].wait_for(
                f"{one.path}/difference", lambda view: view["agrees"], what="the three lists to agree"
            )

    # For the report --------------------------------------------------------------------------------------------------

    def refused_pages(self) -> int:
        """Pages that were proven wrong and set aside, as the API lists them."""
        listed = [api.get(f"/v1/labels/refused-pages?date={BEGINS.date()}")["items"] for api in self.apis.values()]
        return sum(page["verdict"] in ("foreign", "double", "mismatch") for pages in listed for page in pages)

    def deleted(self) -> int:
        """Printed files that showed a person and are gone."""
        views = [self.apis[seller].get(f"/v1/labels/{job}") for seller, job in self.personal]
        return sum(view["state"] == "expired" and view["link"] is None for view in views)
