"""The control API under `/_sim/`: makes sellers, postings and returns, acts as buyer, courier and marketplace, arms
faults, reads the books. It is ours; nothing of it exists at the real marketplace.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shipby_local.simulator import words
from shipby_local.simulator.books import books, posting_page
from shipby_local.simulator.control_carriages import CarriageControl
from shipby_local.simulator.desks.charges import charges
from shipby_local.simulator.desks.chats import OF_MARKETPLACE, SUPPORT, open_chat, open_own_chat, say
from shipby_local.simulator.desks.goods import GoodsDesk
from shipby_local.simulator.desks.stock_control import StockControl
from shipby_local.simulator.errors import ApiError
from shipby_local.simulator.faults import KINDS
from shipby_local.simulator.generate import PostingSpec
from shipby_local.simulator.model import Fault, Posting, SellerAccount
from shipby_local.simulator.parts import Parts
from shipby_local.simulator.pushes.health import judge_addresses, set_colour, switch
from shipby_local.simulator.pushes.model import Endpoint
from shipby_local.simulator.sellers import SellerSpec
from shipby_local.simulator.words import Json, stamp

_SELLER = TypeAdapter(SellerSpec)
_POSTING = TypeAdapter(PostingSpec)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON of a control call."""

    status: int
    value: Json


class Control:
    """Answers control calls. Problems are 400 or 404 with `{"error": text}`."""

    def __init__(self, rooms: Parts) -> None:
        self._rooms = rooms
        self._world = rooms.world
        self._carriages = CarriageControl(rooms.market)
        self._stocks = StockControl(rooms.market)
        self._acts: dict[str, Callable[[Posting, Json], Json]] = {
            "buyer_cancel": self._buyer_cancel,
            "buyer_withdraws": lambda posting, _: {"done": rooms.market.buyer_withdraws(posting)},
            "marketplace_cancel": self._marketplace_cancel,
            "hand_over": lambda posting, _: {"done": rooms.market.hand_over(posting)},
            "deliver": self._deliver,
            "not_accepted": self._not_accepted,
            "move_cutoff": self._move_cutoff,
            "clear_cutoff": self._clear_cutoff,
            "grace": self._grace,
            "move_delivery": self._move_delivery,
            "amend": self._amend,
        }

        self._calls: dict[str, Callable[[Json], Json]] = {
            "GET health": lambda _: {"ok": True, "now": stamp(self._world.now())},
            "GET books": lambda _: books(self._world),
            "GET charges": lambda _: {"sellers": charges(self._world)},
            "GET rating": lambda _: self._rating({}),
            "POST rating": self._rating,
            "POST keys": self._keys,
            "GET clock": lambda _: self._clock({}),
            "POST clock": self._clock,
            "GET sellers": lambda _: self._list_sellers(),
            "POST sellers": self._add_seller,
            "GET postings": lambda _: {"postings": list(books(self._world)["postings"])},
            "POST postings": self._add_postings,
            "GET carriages": lambda _: self._carriages.all(),
            "POST hand-over": self._hand_over,
            "POST returns": self._open_return,
            "POST goods-returns": self._move_goods,
            "POST chats": self._buyer_writes,
            "POST support-chats": self._marketplace_writes,
            "GET faults": lambda _: self._faults(),
            "POST faults": self._arm,
            "POST faults/clear": lambda _: self._clear_faults(),
            "POST push-health": self._push_health,
            "POST ping": self._ping,
            "GET stocks": lambda _: self._stocks.shown(),
            "POST stocks": self._stocks.change,
        }

    def answer(self, method: str, path: str, raw: bytes) -> Reply:
        """One control call."""
        self._rooms.engine.run_due()
        try:
            body = json.loads(raw) if raw else {}
            if not isinstance(body, dict):
                return Reply(400, {"error": "the body must be a JSON object"})
            parts = path.strip("/").split("/")[1:]
            with self._world.change():
                return Reply(200, self._route(method, parts, body))
        except LookupError as error:
            return Reply(404, {"error": str(error.args[0])})
        except ValidationError as error:
            return Reply(400, {"error": json.loads(error.json(include_url=False, include_context=False))})
        except ApiError as error:
            return Reply(400, {"error": error.message})
        except (ValueError, TypeError) as error:
            return Reply(400, {"error": str(error)})

    def _route(self, method: str, parts: list[str], body: Json) -> Json:
        call = f"{method} {'/'.join(parts)}"
        if call in self._calls:
            return self._calls[call](body)
        if len(parts) == 2 and parts[0] == "charges" and method == "GET":
            return dict(charges(self._world, self._seller(parts[1]).client_id)[parts[1]])
        if len(parts) == 2 and parts[0] == "carriages":
            return self._carriages.answer(method, parts[1], body)
        if len(parts) == 2 and parts[0] == "postings":
            posting = self._posting(parts[1])
            return posting_page(posting) if method == "GET" else self._act(posting, body)
        raise LookupError(f"no control call {method} /_sim/{'/'.join(parts)}; known: {', '.join(sorted(self._calls))}")

    def _clear_faults(self) -> Json:
        for fault in self._world.faults.all():
            self._world.faults.remove(fault.key)
        return self._faults()

    def _clock(self, body: Json) -> Json:
        seconds = float(body.get("advance_seconds", 0))
        if seconds < 0:
            raise ValueError("advance_seconds must not be negative")
        self._world.tally("clock_offset_ms", round(seconds * 1000))
        done = self._rooms.engine.run_due()
        return {
            "now": stamp(self._world.now()),
            "offset_seconds": self._world.count("clock_offset_ms") / 1000,
            "done": done,
        }

    def _list_sellers(self) -> Json:
        return {
            "sellers": [
                {
                    **asdict(seller),
                    "created_at": stamp(seller.created_at),
                    "key_expires_at": stamp(seller.key_expires_at),
                }
                for seller in self._world.sellers.all()
            ]
        }

    def _add_seller(self, body: Json) -> Json:
        seller = self._rooms.sellers.add(_SELLER.validate_python(body))
        return {
            "client_id": seller.client_id,
            "api_key": seller.api_key,
            "read_only_key": seller.read_only_key,
            "warehouse_id": seller.warehouse_id,
        }

    def _seller(self, client_id: str) -> SellerAccount:
        seller = self._world.sellers.get(client_id)
        if seller is None:
            raise LookupError(f"no seller {client_id}")
        return seller

    def _keys(self, body: Json) -> Json:
        client, seconds, active = str(_need(body, "client_id")), body.get("expires_in_seconds"), body.get("active")
        ends = None if seconds is None else self._world.later(float(seconds))
        seller = self._rooms.sellers.change_keys(
            client, expires_at=ends, active=None if active is None else bool(active)
        )
        return {"expires_at": stamp(seller.key_expires_at), "active": seller.key_active}

    def _rating(self, body: Json) -> Json:
        if "handled_before" in body:
            client = self._seller(str(_need(body, "client_id"))).client_id
            name, wanted = f"handled_before:{client}", int(body["handled_before"])
            if wanted < 0:
                raise ValueError("handled_before must not be negative")
            self._world.tally(name, wanted - self._world.count(name))
        desk, now = self._rooms.market.ratings, self._world.now()
        sellers = {}
        for seller in self._world.sellers.all():
            index = desk.index(seller.client_id, now)
            sellers[seller.client_id] = {
                "index": str(index),
                "charge_percent": str(desk.percent(index)),
                "errors": len(desk.errors(seller.client_id)),
                "handled_before": self._world.count(f"handled_before:{seller.client_id}"),
            }
        return {"sellers": sellers}

    def _add_postings(self, body: Json) -> Json:
        if "generate" in body:
            common = {key: value for key, value in body.items() if key not in {"generate", "client_ids"}}
            clients = body.get("client_ids") or [seller.client_id for seller in self._world.sellers.all()]
            if not clients:
                raise ValueError("make a seller first: POST /_sim/sellers")
            checked = _POSTING.validate_python({"client_id": str(clients[0]), **common})
            typed = {key: getattr(checked, key) for key in common}
            made = self._rooms.factory.make_many([str(client) for client in clients], int(body["generate"]), **typed)
        else:
            made = [self._rooms.factory.make(_POSTING.validate_python(body))]
        return {"postings": [posting.number for posting in made]}

    def _posting(self, number: str) -> Posting:
        posting = self._world.postings.get(number)
        if posting is None:
            raise LookupError(f"no posting {number}")
        return posting

    def _act(self, posting: Posting, body: Json) -> Json:
        act = self._acts.get(str(body.get("act")))
        if act is None:
            raise ValueError(f"unknown act; known: {', '.join(sorted(self._acts))}")
        outcome = act(posting, body)
        return {**outcome, "status": posting.status, "substatus": posting.substatus}

    def _buyer_cancel(self, posting: Posting, body: Json) -> Json:
        outcome = self._rooms.market.buyer_cancels(
            posting, str(body.get("message", "")), as_request=bool(body.get("as_request"))
        )
        return {"done": not outcome.startswith("refused"), "outcome": outcome}

    def _deliver(self, posting: Posting, _body: Json) -> Json:
        was_moving = posting.status == words.DELIVERING
        self._rooms.market.deliver(posting, "delivery")
        return {"done": was_moving and posting.status == words.DELIVERED}

    def _not_accepted(self, posting: Posting, _body: Json) -> Json:
        waiting = posting.status == words.AWAITING_DELIVER
        if waiting:
            self._rooms.market.become(posting, words.NOT_ACCEPTED, "posting_not_in_sort_center", "ozon")
        return {"done": waiting}

    def _marketplace_cancel(self, posting: Posting, body: Json) -> Json:
        by = str(body.get("by", "ozon"))
        if by not in {"ozon", "system", "delivery"}:
            raise ValueError("by is ozon, system or delivery")
        force, overdue = bool(body.get("force")), bool(body.get("overdue"))
        return {"done": self._rooms.market.marketplace_cancels(posting, force=force, overdue=overdue, by=by)}

    def _move_cutoff(self, posting: Posting, body: Json) -> Json:
        if body.get("to") is not None:
            to = words.instant(str(body["to"]))
        else:
            to = posting.shipment_date + timedelta(seconds=float(_need(body, "by_seconds")))
        self._rooms.market.move_cutoff(posting, to, "ozon")
        return {
            "done": True,
            "shipment_date": stamp(to),
            "shipment_date_without_delay": stamp(posting.shipment_date_without_delay),
        }

    def _clear_cutoff(self, posting: Posting, _body: Json) -> Json:
        self._rooms.market.clear_cutoff(posting, "ozon")
        return {"done": True, "shipment_date": None}

    def _grace(self, posting: Posting, body: Json) -> Json:
        self._rooms.market.ratings.forgive(posting, bool(body.get("on", True)))
        return {"done": True, "grace": posting.grace}

    def _move_delivery(self, posting: Posting, body: Json) -> Json:
        self._rooms.market.move_delivery(posting, timedelta(seconds=float(_need(body, "by_seconds"))))
        return {"done": True}

    def _amend(self, posting: Posting, body: Json) -> Json:
        wanted = body.get("quantities", {})
        if not isinstance(wanted, dict):
            raise ValueError("quantities is an object: SKU -> pieces")
        quantities = {int(sku): int(count) for sku, count in wanted.items()}
        self._rooms.market.amend(posting, quantities, str(body.get("address", "")))
        return {"done": True}

    def _hand_over(self, body: Json) -> Json:
        numbers = body.get("posting_numbers")
        if numbers is None:
            client = str(body.get("client_id", ""))
            numbers = [
                posting.number
                for posting in self._world.postings.all()
                if posting.status == words.AWAITING_DELIVER
                and not posting.is_rfbs
                and client in {"", posting.client_id}
            ]
        done = {str(number): self._rooms.market.hand_over(self._posting(str(number))) for number in numbers}
        return {
            "scanned": [number for number, ok in done.items() if ok],
            "refused": [n for n, ok in done.items() if not ok],
        }

    def _open_return(self, body: Json) -> Json:
        posting = self._posting(str(_need(body, "posting_number")))
        if body.get("type"):
            return {"ids": [entry.id for entry in GoodsDesk(self._rooms.market).open(posting, body)]}
        if not posting.is_rfbs:
            raise ValueError("rFBS postings only; for FBS goods on their way back give a `type` such as ClientReturn")
        if posting.status in {words.CANCELLED, words.SPLIT}:
            raise ValueError(f"{posting.number} is {posting.status}; there is nothing to return")
        sku = body.get("sku")
        line = next((line for line in posting.lines if sku is None or line.sku == int(sku)), None)
        if line is None:
            raise LookupError(f"no product {sku} in {posting.number}")
        opened = self._rooms.desk.open(
            posting, line, comment=str(body.get("comment", "")), is_defect=bool(body.get("is_defect"))
        )
        return {"return_id": opened.id}

    def _move_goods(self, body: Json) -> Json:
        item = self._world.goods_returns.get(str(_need(body, "id")))
        if item is None:
            raise LookupError(f"no goods return {body['id']}")
        return {"status": GoodsDesk(self._rooms.market).move(item, body).status_name}

    def _buyer_writes(self, body: Json) -> Json:
        chat = open_chat(self._rooms.market, self._posting(str(_need(body, "posting_number"))))
        message = say(self._rooms.market, chat, str(body.get("sender", "Customer")), str(_need(body, "text")))
        return {"chat_id": chat.id, "message_id": str(message.id)}

    def _marketplace_writes(self, body: Json) -> Json:
        kind = str(body.get("type", SUPPORT))
        if kind not in OF_MARKETPLACE:
            raise ValueError(f"type is one of {', '.join(OF_MARKETPLACE)}")
        seller = self._seller(str(_need(body, "client_id")))
        chat = open_own_chat(self._rooms.market, seller.client_id, kind)
        sender = str(body.get("sender", "Support" if kind == SUPPORT else "NotificationUser"))
        message = say(self._rooms.market, chat, sender, str(_need(body, "text")))
        return {"chat_id": chat.id, "message_id": str(message.id)}

    def _faults(self) -> Json:
        return {
            "kinds": KINDS,
            "armed": [asdict(fault) for fault in self._world.faults.all()],
            "push": asdict(self._rooms.outbox.faults),
        }

    def _arm(self, body: Json) -> Json:
        if "push" in body:
            self._rooms.outbox.set_faults(**{str(name): float(value) for name, value in body["push"].items()})
            return self._faults()
        known: dict[str, Any] = {key: body[key] for key in ("method", "message") if key in body}
        known |= {key: str(body[key]) for key in ("client_id", "posting_number") if key in body}
        number = self._world.next_id("fault")
        fault = Fault(
            number,
            str(body.get("kind")),
            left=int(body.get("times", 1)),
            status=int(body.get("status", 500)),
            seconds=float(body.get("seconds", 0)),
            **known,
        )
        return asdict(self._rooms.faults.arm(fault))

    def _push_health(self, body: Json) -> Json:
        colour = body.get("availability_status")
        if colour is None and "enabled" not in body:
            judge_addresses(self._world)
        for endpoint in self._addresses(body) if "client_id" in body else []:
            if colour is not None:
                set_colour(self._world, endpoint, str(colour), str(body.get("problematic_type", "")))
            if "enabled" in body:
                reason, details = str(body.get("disable_reason", "ADMIN")), str(body.get("reason_details", ""))
                switch(self._world, endpoint, on=bool(body["enabled"]), reason=reason, details=details)
        return {
            "addresses": [
                {
                    "id": endpoint.id,
                    "client_id": endpoint.client_id,
                    "status": endpoint.availability,
                    "on": endpoint.enabled,
                    "disable_reason": endpoint.disable_reason,
                }
                for endpoint in self._world.endpoints.all()
            ]
        }

    def _addresses(self, body: Json) -> list[Endpoint]:
        client, number = str(_need(body, "client_id")), body.get("id")
        return [
            item
            for item in self._world.endpoints.all()
            if item.client_id == client and (number is None or item.id == int(number))
        ]

    def _ping(self, body: Json) -> Json:
        chosen = self._addresses(body)
        for endpoint in chosen:
            self._rooms.outbox.ping(endpoint)
        return {"pinged": len(chosen)}


def _need(body: Json, name: str) -> Any:
    value = body.get(name)
    if value is None:
        raise ValueError(f"{name} is required")
    return value
