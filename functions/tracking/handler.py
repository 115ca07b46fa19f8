"""The tracking queue: carry out together what the marketplace takes for 20 postings in one call, bring jobs of many
tracking numbers on, and tell what is for sale. POST /tracking/push/{seller}: what a tracking service pushes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from functions.tracking.wiring import parts, services
from shipby.adapters.aws_lambda.batch import Context, Event, Outcome, PartialResponse
from shipby.adapters.aws_lambda.messages import Message
from shipby.adapters.aws_lambda.worker import Parts
from shipby.application.cases.odd_entries import keeping
from shipby.application.settling.settle import Settled, settle_together
from shipby.domain.errors import CredentialsRejectedError, RetryableError
from shipby.domain.intents import IntentAction, IntentState
from shipby.observability import logger

if TYPE_CHECKING:
    from shipby.application.availability.wishes import Pooled

_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "numbers": ("job",),
    "stock_free": ("pool", "sku"),
    "stock_tell": (),
    "stock_compare": (),
}
"""Task -> what of a message names its work; a message without a task names an intent."""

Work = tuple[str, str, tuple[str, ...]]


def handler(event: Event, context: Context) -> PartialResponse | Mapping[str, object]:
    """Reports the messages that have to come again. An UNKNOWN intent is settled by its own alarm, not by a repeat.
    Of a push its answer."""
    if "requestContext" in event:
        from functions.tracking.pushes import take

        return take(event)
    return parts().batch.grouped(event, context, _together, _work)


def _together(message: Message) -> Work:
    """Seller, task and what it is about, done once however often its message came; the intents of a seller are carried
    out together."""
    task = str(message.body.get("task", ""))
    if task in _NAMED_BY:
        return message.seller, task, tuple(message.text(name) for name in _NAMED_BY[task])
    message.text("intent")  # a message without one must not spoil its seller's batch
    return message.seller, "", ()


def _work(group: Work, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    seller, task, about = group
    if not task:
        return _settle(seller, messages)
    return dict.fromkeys((message.id for message in messages), _TASKS[task](seller, *about))


def _numbers(seller: str, job: str) -> str:
    from shipby.application.tracking.work_numbers import work_numbers

    own = parts()
    return f"numbers_{work_numbers(seller, job, store=own.store, clock=own.clock).state}"


def _tell(seller: str) -> str:
    from shipby.application.availability.telling import tell_offers

    own = parts()
    with keeping(seller, store=own.store, clock=own.clock):
        step = tell_offers(seller, store=own.store, stocks=own.marketplaces.of(seller).stocks, clock=own.clock)
    return f"stock_{step.state}"


@lru_cache(maxsize=1)
def _pooled(own: Parts) -> Pooled:
    """What is free, and which warehouses shops have: lives as long as the process."""
    from shipby.application.availability.ledger_stock import LedgerStock
    from shipby.application.availability.wishes import OwnWarehouses, Pooled

    warehouses = OwnWarehouses(lambda shop: own.marketplaces.of(shop).stocks, own.clock)
    return Pooled(stock=LedgerStock(own.store), warehouses=warehouses)


def _compare(seller: str) -> str:
    from shipby.application.availability.compare import compare

    own = parts()
    with keeping(seller, store=own.store, clock=own.clock):
        stocks = own.marketplaces.of(seller).stocks
        found = compare(seller, pooled=_pooled(own), store=own.store, stocks=stocks, clock=own.clock)
    return f"stock_{found}"


def _free(owner: str, pool: str, sku: str) -> str:
    from shipby.application.availability.wishes import wish_free

    own = parts()
    changed = wish_free(owner, pool, sku, pooled=_pooled(own), store=own.store, clock=own.clock)
    return "stock_wished" if changed else "stock_unchanged"


def _settle(seller: str, messages: Sequence[Message]) -> Mapping[str, Outcome]:
    own = parts()
    marketplace = own.marketplaces.of(seller)
    wanted = {message.id: message.text("intent") for message in messages}
    with keeping(seller, store=own.store, clock=own.clock):
        intents = list(wanted.values())
        settled = settle_together(seller, intents, store=own.store, marketplace=marketplace, clock=own.clock)
    failed = _follow(seller, settled)
    return {identifier: failed.get(intent) or _outcome(settled[intent]) for identifier, intent in wanted.items()}


def _follow(seller: str, settled: Mapping[str, Settled | Exception]) -> Mapping[str, Exception]:
    """Have the numbers that were just set followed by the seller's tracking service, if there is one; those that have
    to be tried again."""
    done = {
        intent: result.intent
        for intent, result in settled.items()
        if isinstance(result, Settled)
        and result.intent.action is IntentAction.SET_TRACKING
        and result.intent.state is IntentState.CONFIRMED
    }
    if not done:
        return {}
    from shipby.application.tracking.following.follow import follow_settled

    try:
        refused = follow_settled(seller, done.values(), store=parts().store, services=services())
    except RetryableError as error:
        return dict.fromkeys(done, error)
    except CredentialsRejectedError as error:
        logger().error("numbers are not followed", extra={"seller": seller, "reason": str(error)})
        return {}
    for number, why in refused.items():
        logger().warning("a number is not followed", extra={"seller": seller, "number": number, "reason": why})
    return {}


def _outcome(result: Settled | Exception) -> Outcome:
    return f"intent_{result.intent.state.lower()}" if isinstance(result, Settled) else result


_TASKS: Mapping[str, Callable[..., str]] = {
    "numbers": _numbers,
    "stock_free": _free,
    "stock_tell": _tell,
    "stock_compare": _compare,
}
