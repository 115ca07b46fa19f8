"""What is pushed: bodies equal to the official samples, one document per address, faults decided by the seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby_local.simulator import words
from shipby_local.simulator.desks.stock_model import Stock
from shipby_local.simulator.model import Chat, Message, Posting
from shipby_local.simulator.pushes.model import Endpoint, Push
from shipby_local.simulator.words import Json, stamp, stamp_or_null
from shipby_local.simulator.world import World


@dataclass(frozen=True, slots=True)
class PushFaults:
    """Fractions 0..1 of pushes that are doubled, sent out of order, lost; seconds added to each."""

    duplicate_fraction: float
    reorder_fraction: float
    loss_fraction: float
    extra_delay: float


class Outbox:
    """Writes pushes down, inside the batch of the change they tell of; the sender takes them after it."""

    def __init__(self, world: World) -> None:
        self._world = world
        settings = world.settings
        self.faults = PushFaults(
            settings.push_duplicate_fraction,
            settings.push_reorder_fraction,
            settings.push_loss_fraction,
            settings.push_extra_delay,
        )
        self.on_push: list[Push] = []

    def set_faults(self, **changes: float) -> None:
        """Changes some of the fractions from now on."""
        self.faults = replace(self.faults, **changes)

    def take_new(self) -> list[Push]:
        """Pushes written since the last call; for the sender."""
        fresh, self.on_push = self.on_push, []
        return fresh

    def new_posting(self, posting: Posting) -> None:
        self._write(
            posting.client_id,
            posting.number,
            {
                "message_type": "TYPE_NEW_POSTING",
                "posting_number": posting.number,
                "products": [
                    {"sku": line.sku, "offer_id": line.offer_id, "quantity": line.quantity} for line in posting.lines
                ],
                "in_process_at": stamp(posting.in_process_at),
                "warehouse_id": posting.warehouse_id,
                "shipment_date": stamp(posting.shipment_date),
                "tpl_integration_type": posting.integration,
                "is_express": posting.is_express,
                "tracking_number": posting.tracking_number,
                "delivery_date_begin": stamp(posting.delivery_begin),
                "delivery_date_end": stamp(posting.delivery_end),
                "seller_id": int(posting.client_id),
            },
        )

    def state_changed(self, posting: Posting, at: datetime) -> None:
        self._write(
            posting.client_id,
            posting.number,
            {
                "message_type": "TYPE_STATE_CHANGED",
                "posting_number": posting.number,
                "new_state": posting.substatus,
                "changed_state_date": stamp(at),
                "warehouse_id": posting.warehouse_id,
                "seller_id": int(posting.client_id),
            },
        )

    def cancelled(self, posting: Posting, old_state: str, at: datetime) -> None:
        self._write(
            posting.client_id,
            posting.number,
            {
                "message_type": "TYPE_POSTING_CANCELLED",
                "posting_number": posting.number,
                "products": [{"sku": line.sku, "quantity": line.quantity} for line in posting.lines],
                "old_state": old_state,
                "new_state": "posting_canceled",
                "changed_state_date": stamp(at),
                "reason": {"id": posting.cancellation.reason_id, "message": posting.cancellation.reason},
                "warehouse_id": posting.warehouse_id,
                "seller_id": int(posting.client_id),
            },
        )

    def cutoff_changed(self, posting: Posting, old: datetime | None) -> None:
        """Either date may be empty: the marketplace took it back and names another one later."""
        self._write(
            posting.client_id,
            posting.number,
            {
                "message_type": "TYPE_CUTOFF_DATE_CHANGED",
                "posting_number": posting.number,
                "new_cutoff_date": stamp_or_null(posting.cutoff) or "",
                "old_cutoff_date": stamp_or_null(old) or "",
                "warehouse_id": posting.warehouse_id,
                "seller_id": int(posting.client_id),
            },
        )

    def delivery_date_changed(self, posting: Posting, old_begin: datetime, old_end: datetime) -> None:
        self._write(
            posting.client_id,
            posting.number,
            {
                "message_type": "TYPE_DELIVERY_DATE_CHANGED",
                "posting_number": posting.number,
                "new_delivery_date_begin": stamp(posting.delivery_begin),
                "new_delivery_date_end": stamp(posting.delivery_end),
                "old_delivery_date_begin": stamp(old_begin),
                "old_delivery_date_end": stamp(old_end),
                "warehouse_id": posting.warehouse_id,
                "seller_id": int(posting.client_id),
            },
        )

    def new_message(self, chat: Chat, message: Message) -> None:
        sender = words.CYRILLIC_CUSTOMER if message.sender == "Customer" else message.sender
        self._write(
            chat.client_id,
            chat.id,
            {
                "message_type": "TYPE_NEW_MESSAGE",
                "chat_id": chat.id,
                "chat_type": "_".join(part.capitalize() for part in chat.type.split("_")),
                "message_id": str(message.id),
                "created_at": stamp(message.at),
                "user": {"id": str(abs(hash_number(chat.id)) % 1_000_000), "type": sender},
                "data": [message.text],
                "seller_id": chat.client_id,
            },
        )

    def stock_changed(self, stock: Stock) -> None:
        self._write(
            stock.client_id,
            f"stock {stock.offer_id}",
            {
                "message_type": "TYPE_STOCKS_CHANGED",
                "seller_id": int(stock.client_id),
                "items": [
                    {
                        "product_id": stock.product_id,
                        "sku": stock.sku,
                        "updated_at": stamp(stock.updated_at),
                        "stocks": [
                            {
                                "warehouse_id": stock.warehouse_id,
                                "present": stock.present,
                                "reserved": stock.reserved,
                            }
                        ],
                    }
                ],
            },
        )

    def ping(self, endpoint: Endpoint) -> None:
        """The health question of a connection; never doubled, reordered or lost on purpose."""
        body: Json = {"message_type": "TYPE_PING", "time": stamp(self._world.now())}
        self._enqueue(endpoint, "PING", body, self._world.now())

    def _write(self, client_id: str, subject: str, body: Json) -> None:
        world = self._world
        kind = body["message_type"]
        for endpoint in world.endpoints.all():
            if endpoint.client_id != client_id or kind not in endpoint.types:
                continue
            world.tally(f"push:addressed:{client_id}")
            if not endpoint.enabled:
                world.tally(f"push:not_sent_disabled:{client_id}")
                continue
            self._address(endpoint, subject, body)

    def _address(self, endpoint: Endpoint, subject: str, body: Json) -> None:
        world, faults = self._world, self.faults
        occurrence = world.next_id(f"push:{endpoint.id}:{body['message_type']}:{subject}")
        identity = f"{world.settings.seed}:{endpoint.id}:{body['message_type']}:{subject}:{occurrence}"
        due = world.later(faults.extra_delay)
        posting = world.postings.get(subject)
        unheard = posting is not None and posting.unheard and body["message_type"] != "TYPE_NEW_POSTING"
        if unheard or chance(identity, "loss") < faults.loss_fraction:
            push = self._enqueue(endpoint, subject, body, due)
            push.state = "lost"
            return
        reordered = chance(identity, "reorder") < faults.reorder_fraction
        if reordered:
            due += timedelta(seconds=world.settings.push_reorder_delay)
        self._enqueue(endpoint, subject, body, due).reordered = reordered
        if chance(identity, "duplicate") < faults.duplicate_fraction:
            self._enqueue(endpoint, subject, body, due).copy = True

    def _enqueue(self, endpoint: Endpoint, subject: str, body: Json, due: datetime) -> Push:
        world = self._world
        number = world.next_id("push")
        push = Push(number, endpoint.client_id, endpoint.id, body["message_type"], subject, body, world.now(), due)
        self.on_push.append(world.pushes.put(push))
        return push


def hash_number(text: str) -> int:
    """A number that depends on the text only (Python's own `hash` differs between processes)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def chance(identity: str, what: str) -> float:
    """A number in [0, 1) that depends on the arguments only, so a seed decides what a fraction hits."""
    return hash_number(f"{identity}:{what}") / 2**64
