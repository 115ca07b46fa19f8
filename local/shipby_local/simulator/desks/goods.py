"""Goods on their way back to the seller (/v1/returns/list): what the buyer, the clock and the carrier do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import GoodsReturn, Posting
from shipby_local.simulator.words import Json

ON_APPROVAL: Final = "OnSellerApproval"
APPROVED: Final = "ApprovedByOzon"
STATES: Final[Mapping[str, tuple[int, str]]] = {
    # sys_name -> (id, title): names and titles are official, the ids are invented
    "MovingToSeller": (1, "Едет к продавцу"),
    ON_APPROVAL: (2, "На согласовании у продавца"),
    APPROVED: (3, "Заявка одобрена Ozon"),
    "Approved": (4, "Заявка одобрена продавцом"),
    "Rejected": (5, "Заявка отклонена"),
    "MovingToOzon": (11, "Едет на склад Ozon"),
    "ReturnedToOzon": (12, "На складе Ozon"),
    "ArrivedAtReturnPlace": (6, "В пункте выдачи"),
    "ReceivedBySeller": (7, "Продавец получил возврат"),
    "MoneyReturned": (8, "Покупателю вернули всю сумму"),
    "Utilizing": (9, "На утилизации"),
    "Utilized": (10, "Утилизирован"),
}


COMPENSATIONS: Final[Mapping[str, tuple[int, str]]] = {
    # sys_name -> (id, title), all official
    "Sent": (1, "Отправлено на компенсацию"),
    "Received": (2, "Вы получили компенсацию"),
    "Canceled": (3, "Компенсация отменена"),
    "DecompensationSent": (4, "Провели декомпенсацию"),
}


class GoodsDesk:
    """Opens and moves entries of /v1/returns/list. What is decided there, is decided in the cabinet."""

    def __init__(self, market: Market) -> None:
        self._market, self._world = market, market.world

    def open(self, posting: Posting, body: Json) -> list[GoodsReturn]:
        """Goods come back, or a buyer asks for it: `status` OnSellerApproval is a request with its clock."""
        made = self._market.send_back(posting, str(body["type"]), str(body.get("reason", "Не подошёл")))
        chosen = [item for item in made if body.get("sku") is None or item.line.sku == int(body["sku"])]
        for item in made:
            if item not in chosen:
                self._world.goods_returns.remove(item.key)
        if not chosen:
            raise LookupError(f"no product {body.get('sku')} in {posting.number}")
        for item in chosen:
            quantity = int(body.get("quantity", item.line.quantity))
            if not 0 < quantity <= item.line.quantity:
                raise ValueError(f"{posting.number} holds {item.line.quantity} of {item.line.sku}")
            item.line = replace(item.line, quantity=quantity)
            self.move(item, body)
        return chosen

    def move(self, item: GoodsReturn, body: Json) -> GoodsReturn:
        """Another state, a storage cost, a date of scrapping: each only where it is given."""
        if "status" in body:
            name = str(body["status"])
            if name not in STATES:
                raise ValueError(f"no state {name}; there are {', '.join(STATES)}")
            item.status_id, item.status_title = STATES[name]
            item.status_name, item.changed_at = name, self._world.now()
            if name == "ArrivedAtReturnPlace":
                item.arrived_at = self._world.now()
            if name == ON_APPROVAL:
                wait = self._world.settings.return_auto_approve_seconds
                self._world.schedule(self._world.later(wait), "approve_goods_return", item.key)
        if "compensation" in body:
            name = str(body["compensation"])
            if name not in COMPENSATIONS:
                raise ValueError(f"no compensation {name}; there are {', '.join(COMPENSATIONS)}")
            item.compensation, item.compensated_at = name, self._world.now()
        if "storage" in body:
            item.storage = words.cents(Decimal(str(body["storage"])))
        if "scrap_in_days" in body:
            item.scrapped_at = self._world.now() + timedelta(days=float(body["scrap_in_days"]))
        return self._world.goods_returns.put(item)

    def approve_by_itself(self, key: str) -> None:
        """Nobody decided in time: approved, and the goods go to the seller."""
        item = self._world.goods_returns.get(key)
        if item is not None and item.status_name == ON_APPROVAL:
            self.move(item, {"status": APPROVED})
