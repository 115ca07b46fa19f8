"""The people at the desk: buyers' wishes to cancel, returned goods, refunds with a second word, a claim."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3
from PIL import Image, ImageDraw

from shipby_local.demo.api import SellerApi
from shipby_local.demo.people import People
from shipby_local.demo.plan import PlannedPosting
from shipby_local.simulator import Simulator
from shipby_local.stack.errors import StackError
from shipby_local.stack.stepping import STUCK_SECONDS

ACT = "/v1/returns/rfbs/action/set"
REFUND = "вернуть деньги"
ASK_GOODS = "запросить товар"
GOODS_RECEIVED = "товар получен"


@dataclass
class Desk:
    """Works what comes back. `managers` are second people, each with a key of their own."""

    simulator: Simulator
    apis: Mapping[str, SellerApi]
    managers: Mapping[str, SellerApi]
    kill_refund_worker: Callable[[], int]
    people: People
    folder: Path
    """Where evidence packs are put."""
    killed: int = 0
    """Workers that were killed while the marketplace was paying."""
    second_words: set[str] = field(default_factory=set)
    """Refunds that waited for a second person."""
    answered: set[str] = field(default_factory=set)
    """Buyers' wishes to cancel that we answered."""
    packs: dict[str, str] = field(default_factory=dict)
    """Claim -> what its evidence pack is, in words."""
    disposed: dict[str, str] = field(default_factory=dict)
    """Return -> what became of its goods."""

    def opened_return(self, posting: PlannedPosting) -> tuple[str, Any]:
        """The buyer wants to give the goods back; polling finds it."""
        answer = self.simulator.control("POST", "/_sim/returns", {"posting_number": posting.number})
        opened = str(answer["return_id"])
        what = f"return {opened} to be found by polling"
        return opened, self.apis[posting.client_id].wait_for(f"/v1/returns/{opened}", bool, what=what, about=opened)

    def decide(self, posting: PlannedPosting, opened: str, **body: object) -> str:
        """Ask for a decision; its intent."""
        decision = {"reason": "the buyer is right", **body}
        return str(self.apis[posting.client_id].post(f"/v1/returns/{opened}/decide", decision)["id"])

    def settled(self, posting: PlannedPosting, intent: str) -> Any:
        """Wait until the intent is CONFIRMED. Raises StackError if it was rejected."""
        done = self.apis[posting.client_id].wait_for(
            f"/v1/intents/{intent}",
            lambda view: view["state"] in ("CONFIRMED", "REJECTED"),
            what=f"intent {intent} to be settled",
            # A call's id begins with the kind and the id of what it belongs to: a posting or a return.
            about=intent.split(".")[1],
        )
        if done["state"] != "CONFIRMED":
            raise StackError(f"intent {intent} was rejected: {done['outcome']}")
        return done

    def compensate(self, posting: PlannedPosting) -> None:
        """A part of the price, which is above the seller's limit: a second person has to approve it."""
        opened, case = self.opened_return(posting)
        amount = {"amount": "300.00", "currency": case["price"]["currency"]}
        self._approved(posting, self.decide(posting, opened, action_id=1020, refund=True, amount=amount))

    def _approved(self, posting: PlannedPosting, intent: str) -> None:
        waiting = self.apis[posting.client_id].get(f"/v1/intents/{intent}")
        if waiting["state"] != "PROPOSED":
            raise StackError(f"intent {intent} should wait for a second person; it is {waiting['state']}")
        self.managers[posting.client_id].post(f"/v1/refunds/{intent}/approve", {"reason": "seen the photos"})
        self.settled(posting, intent)
        self.second_words.add(intent)

    def refund(self, posting: PlannedPosting) -> None:
        """The whole price of what came back, above the seller's limit too."""
        opened, case = self.opened_return(posting)
        self._approved(posting, self.decide(posting, opened, action_id=offered(case, REFUND), refund=True))

    def refund_through_a_crash(self, posting: PlannedPosting) -> None:
        """The worker is killed after the marketplace paid and before it heard so."""
        opened, case = self.opened_return(posting)
        held = {"kind": "timeout_after_success", "seconds": STUCK_SECONDS, "times": 1}
        self.simulator.control("POST", "/_sim/faults", {**held, "method": ACT, "client_id": posting.client_id})
        intent = self.decide(posting, opened, action_id=offered(case, REFUND), refund=True)
        # Real time, for the worker hangs in the middle of its call and the clock stands still.
        deadline = time.monotonic() + STUCK_SECONDS
        while not self.simulator.books()["returns"][opened]["actions"]:
            if time.monotonic() > deadline:
                raise StackError(f"the marketplace was never asked for the refund of {opened}")
            time.sleep(0.05)
        self.killed += self.kill_refund_worker()
        self.settled(posting, intent)

    def take_back(self, posting: PlannedPosting, *, shipped_back: datetime) -> None:
        """Ask for the goods, scan them in when they are there, look at them, put them on the shelf, then pay."""
        opened, case = self.opened_return(posting)
        path, api = f"/v1/returns/{opened}", self.apis[posting.client_id]
        self.settled(posting, self.decide(posting, opened, action_id=offered(case, ASK_GOODS), refund=False))
        case = self._offers(posting, opened, GOODS_RECEIVED)
        self.people.until(shipped_back)
        scanned = api.post("/v1/returns/scan", {"code": posting.number})
        if scanned["result"] != "received" or scanned["return"]["id"] != opened:
            raise StackError(f"return {opened} was not found by its posting's number: {scanned['result']}")
        self.settled(posting, self.decide(posting, opened, action_id=offered(case, GOODS_RECEIVED), refund=False))
        case = self._offers(posting, opened, REFUND)
        api.post(f"{path}/inspect", {"condition": "opened", "note": "complete, box torn"})
        self.disposed[opened] = api.post(f"{path}/disposition", {"disposition": "restock"})["disposition"]
        self.settled(posting, self.decide(posting, opened, action_id=offered(case, REFUND), refund=True))

    def _offers(self, posting: PlannedPosting, opened: str, words: str) -> Any:
        return self.apis[posting.client_id].wait_for(
            f"/v1/returns/{opened}",
            lambda case: any(words in action["name"].lower() for action in case["available_actions"]),
            what=f"return {opened} to offer {words}",
            about=opened,
        )

    def answer_wish(self, posting: PlannedPosting, *, approve: bool) -> None:
        """The buyer asks to cancel what is on its way."""
        self.simulator.control("POST", f"/_sim/postings/{posting.number}", {"act": "buyer_cancel"})
        api = self.apis[posting.client_id]

        def of_posting(page: Any) -> bool:
            return any(item["posting_number"] == posting.number for item in page["items"])

        page = api.wait_for("/v1/cancel-requests", of_posting, what=f"the wish to cancel {posting.number}")
        [request] = [item for item in page["items"] if item["posting_number"] == posting.number]
        body = {"comment": "" if approve else "The parcel is with the carrier.", "reason": "decided at the desk"}
        path = f"/v1/cancel-requests/{request['id']}/{'approve' if approve else 'reject'}"
        self.settled(posting, api.post(path, body)["id"])
        self.answered.add(str(request["id"]))

    def prove_packing(self, posting: PlannedPosting) -> None:
        """The marketplace wants proof of the packing: a photo and the weight are there, one call makes the pack."""
        api, path = self.apis[posting.client_id], f"/v1/postings/{posting.number}/evidence"
        picture = photo(posting.number)
        digest = hashlib.sha256(picture).hexdigest()
        body = {"kind": "photo", "content_type": "image/png", "size": len(picture), "sha256": digest}
        announced = api.post(path, {**body, "data": {"about": "packing"}})
        upload = announced["upload"]
        sent = urllib3.request(upload["method"], upload["url"], body=picture, headers=upload["headers"], retries=False)
        if sent.status != 200:
            raise StackError(f"the photo of {posting.number} was answered {sent.status}")
        api.post(f"{path}/{announced['id']}/complete")
        api.post(path, {"kind": "weight", "data": {"grams": 412}})
        claim = api.post("/v1/claims", {"posting_number": posting.number, "note": "the buyer says a piece is missing"})
        asked = api.post(f"{path}-packs", {"purpose": "Запрос упаковки", "claim_id": claim["id"]})
        pack = api.wait_for(
            f"/v1/evidence-packs/{asked['id']}",
            lambda view: view["state"] != "waiting",
            what=f"the evidence pack of {posting.number}",
        )
        if pack["state"] != "ready":
            raise StackError(f"the evidence pack of {posting.number} is {pack['state']}: {pack['problem']}")
        for kind in ("pdf", "zip"):
            content = urllib3.request("GET", pack[f"{kind}_link"], retries=False).data
            if hashlib.sha256(content).hexdigest() != pack[f"{kind}_sha256"]:
                raise StackError(f"the {kind} of the pack of {posting.number} is not what was made")
            (self.folder / f"evidence-{posting.number}.{kind}").write_bytes(content)
        shown = api.get(path)
        answered = api.post(f"/v1/claims/{claim['id']}/answer", {"pack_id": asked["id"]})
        intact = "intact" if shown["intact"] else f"broken at {shown['broken_at']}"
        self.packs[claim["id"]] = f"{answered['state']}, {shown['count']} pieces, {intact}"


def photo(number: str) -> bytes:
    """A picture of a packed parcel, drawn: the demo has no camera."""
    image = Image.new("RGB", (640, 480), "tan")
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 100, 560, 420), fill="peru", outline="saddlebrown", width=6)
    draw.line((80, 260, 560, 260), fill="wheat", width=40)
    draw.text((240, 330), number, fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def offered(case: Mapping[str, Any], words: str) -> int:
    """The id of the action whose name holds these words: ids are the marketplace's own and are never guessed."""
    found = [int(action["id"]) for action in case["available_actions"] if words in action["name"].lower()]
    if len(found) != 1:
        raise StackError(f"return {case['id']} does not offer {words}: {case['available_actions']}")
    return found[0]
