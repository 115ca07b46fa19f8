"""The money of a decision on a return: how much, for which goods, and whether it may be given at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shipby.application.ports.postings import PostingReads
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.intents import Intent
from shipby.domain.money import Money
from shipby.domain.postings.lines import price_of_items, quantities
from shipby.domain.postings.posting import MarketplacePosting, Posting, Scheme
from shipby.domain.postings.rules import cancelled_before_delivery
from shipby.domain.refunds.ledger import EntryKind, MoneyLedger, Paid
from shipby.domain.refunds.payers import Circumstances, circumstances, who_pays
from shipby.domain.returns.return_case import COMPENSATE_ACTION, ReturnCase
from shipby.domain.sellers.settings import SellerSettings

_MOST_PIECES = 100
"""Of one article in one return; more are a matter for a person."""
_MOST_PRICES = 3
"""Different prices whose pieces are held in every number against what a return says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDecision:
    """What to do about a return: one of the actions the marketplace offers for it.

    `amount` is what the buyer gets: required for action 1020 (compensation) unless `pieces` price it, and for every
    other action that gives money back it is worked out from the goods. `comment` goes to the marketplace and is kept
    with the intent.
    """

    seller: str
    return_id: str
    action_id: int
    actor: str
    refund: bool
    """Whether this action gives the buyer money (accepting a refund or compensating)."""
    amount: Money | None = None
    pieces: Mapping[str, int] = field(default_factory=dict)
    """SKU -> pieces that are given back: they price a compensation without an amount, and it is booked on them."""
    postage: Money | None = None
    """The buyer's costs of sending the goods back, on top of the amount."""
    rejection_reason_id: int | None = None
    comment: str = ""
    reason: str = ""
    automatic: bool = False
    automated: str = ""
    """Which suggestion an automatic one carries out: it is noted with the return, so that it is made once."""
    if_match: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The money of a decision, worked out and checked."""

    ledger: MoneyLedger
    amount: Money
    lines: Mapping[str, int]
    kind: EntryKind
    postage: Money | None

    @property
    def total(self) -> Money:
        return self.amount + self.postage if self.postage else self.amount


def refund_of(
    case: ReturnCase,
    decision: ReturnDecision,
    posting: Posting | None,
    settings: SellerSettings,
    *,
    store: PostingReads,
) -> Refund:
    """Work the money of a decision out.

    Raises ActionNotOfferedError for a cancelled posting, InvalidInputError that names the field that is wrong.
    """
    number = case.posting_number
    ledger = store.money(decision.seller, number) if number else None
    detail = store.detail(decision.seller, number) if number else None
    if cancelled_before_delivery(posting, detail):
        raise ActionNotOfferedError(
            f"posting {case.posting_number} is cancelled: the marketplace pays the buyer back by itself, "
            "so no money may be given a second time"
        )
    full = full_amount(case, detail)
    if ledger is None or (full is None and decision.amount is None):
        raise InvalidInputError(
            f"what was paid for posting {case.posting_number} is not known yet: its money cannot be reserved"
        )
    if moved_away(case, ledger):
        raise ActionNotOfferedError(
            f"the goods of return {case.id} (SKU {case.sku}), and what was paid for them, moved into another posting "
            f"when {case.posting_number} was split: {', '.join(ledger.family)}"
        )
    compensates = decision.action_id == COMPENSATE_ACTION
    priced = _priced(case, decision, detail)
    if compensates:
        amount, lines = _part(case, decision, priced, ledger)
    else:
        told = case.price * case.quantity if case.price else None
        named = decision.amount not in (None, full, told)
        if full is not None and told and told.currency != ledger.currency and (named or full == told):
            full = _named(case, decision, told, detail, ledger)
        amount, lines = _whole(case, decision, priced, full, ledger)
    if amount.minor <= 0:
        raise InvalidInputError("an amount to refund is more than zero", errors=[("amount", "must be more than zero")])
    if amount.currency != ledger.currency:
        problem = f"the posting was paid in {ledger.currency}"
        raise InvalidInputError(f"{amount} cannot be given back: {problem}", errors=[("amount/currency", problem)])
    _check_postage(decision.postage, ledger, settings)
    kind = EntryKind.COMPENSATION if compensates else EntryKind.REFUND
    return Refund(ledger=ledger, amount=amount, lines=lines, kind=kind, postage=decision.postage)


def moved_away(case: ReturnCase, ledger: MoneyLedger) -> bool:
    """Whether a split took the goods of a return, and their money, out of its posting: nothing is given back here."""
    return bool(ledger.family) and bool(case.sku) and bool(ledger.lines) and case.sku not in ledger.lines


def left_for(case: ReturnCase, ledger: MoneyLedger) -> Money:
    """What may still be given back for a return: of its posting, and of the line that it is about."""
    left = max(ledger.available, 0)
    if moved_away(case, ledger):
        left = 0
    elif case.sku in ledger.lines:
        left = min(left, ledger.left_of_lines().get(case.sku, 0))
    return Money(left, ledger.currency)


def full_amount(case: ReturnCase, detail: MarketplacePosting | None) -> Money | None:
    """What the goods of a return cost, to the last minor unit.

    /v2/returns/rfbs/get gives whole currency units only (`price` is an int32), cut off or rounded; the posting's own
    line has the rest, where it is the same price apart from that. A return that is priced in another currency than the
    posting (the cabinet's) says nothing of what was paid: the lines of its SKU do, if they agree on a price or all of
    them come back. Pieces of several lines may be one return, and a return without a SKU may be of any line.
    """
    if case.price is None:
        return None
    told = case.price * case.quantity
    lines = [line for line in detail.lines if case.sku in (line.sku, "") and line.price is not None] if detail else []
    prices = [(line.price, line.quantity) for line in lines if line.price is not None]
    if prices and told.currency not in {price.currency for price, _ in prices}:
        sums = _sums(prices, case.quantity)
        return sums[0] if len(sums) == 1 else told
    unit = Money.parse(1, told.currency).minor
    if told.minor % unit:
        return told
    own = [(price, quantity) for price, quantity in prices if price.currency == told.currency]
    exact = [
        (count != case.quantity, abs(minor - told.minor), minor)
        for count, sums_of in _sums_by_count(own, own[0][1] if len(own) == 1 else _MOST_PIECES).items()
        for minor in sums_of
        if count and abs(minor - told.minor) < unit * (count if count == case.quantity else 1)
    ]
    # The pieces that it names, then any number of them: `price` may be of one piece or of all.
    return Money(min(exact)[2], told.currency) if exact else told


def _sums(prices: Sequence[tuple[Money, int]], pieces: int) -> list[Money]:
    """What so many pieces of lines with these prices may cost, lowest first; nothing in more than one currency."""
    if len({price.currency for price, _ in prices}) != 1 or not 0 < pieces <= _MOST_PIECES:
        return []
    found = _sums_by_count(prices, pieces).get(pieces, frozenset())
    return [Money(minor, prices[0][0].currency) for minor in sorted(found)]


def _sums_by_count(prices: Sequence[tuple[Money, int]], most: int) -> dict[int, frozenset[int]]:
    """Number of pieces, at most `most` -> what that many may cost, minor units.

    Of more than a few different prices only the pieces of one price, and all together: the rest are too many to tell
    apart.
    """
    counts: Counter[Money] = Counter()
    for price, quantity in prices:
        counts[price] += quantity
    found: dict[int, set[int]] = {0: {0}}
    if len(counts) > _MOST_PRICES:
        for price, quantity in counts.items():
            for count in range(1, min(quantity, most) + 1):
                found.setdefault(count, set()).add((price * count).minor)
        whole = sum(counts.values())
        if whole <= most:
            found.setdefault(whole, set()).add(sum((price * quantity).minor for price, quantity in counts.items()))
        counts.clear()
    for price, quantity in counts.items():
        taken: dict[int, set[int]] = {}
        for count, sums in found.items():
            for more in range(min(quantity, most - count) + 1):
                taken.setdefault(count + more, set()).update(minor + (price * more).minor for minor in sums)
        found = taken
    return {count: frozenset(sums) for count, sums in found.items()}


def _priced(case: ReturnCase, decision: ReturnDecision, detail: MarketplacePosting | None) -> dict[str, int]:
    """SKU -> minor units of the pieces that are named."""
    have = quantities(detail)
    problems: list[tuple[str, str]] = []
    found: dict[str, int] = {}
    for sku, count in decision.pieces.items():
        if sku not in have or (case.sku and sku != case.sku):
            problems.append((f"pieces/{sku}", f"this return is about SKU {case.sku}" if case.sku else "no such SKU"))
        elif not 0 < count <= have[sku]:
            problems.append((f"pieces/{sku}", f"the posting holds {have[sku]} of it"))
        else:
            worth = price_of_items(detail, {sku: count}) if detail else None
            if worth is None:
                problems.append((f"pieces/{sku}", "what was paid for it could not be read: a person has to refund it"))
            else:
                found[sku] = worth.minor
    if problems:
        raise InvalidInputError("these pieces cannot be given back", errors=problems)
    return found


def _part(
    case: ReturnCase, decision: ReturnDecision, priced: Mapping[str, int], ledger: MoneyLedger
) -> tuple[Money, Mapping[str, int]]:
    """The amount of a compensation and the lines it is booked on."""
    worth = sum(priced.values())
    amount = decision.amount or Money(worth, ledger.currency)
    if not priced:
        return amount, {case.sku: amount.minor} if case.sku in ledger.lines else {}
    if amount.minor > worth:
        problem = f"these pieces cost {Money(worth, ledger.currency)}"
        raise InvalidInputError(f"{amount} is more than the pieces cost", errors=[("amount", problem)])
    if amount.minor == worth:
        return amount, priced
    if len(priced) > 1:
        problem = "name one SKU, or leave the amount out"
        raise InvalidInputError(
            "a part of the price of several products cannot be told apart", errors=[("pieces", problem)]
        )
    return amount, dict.fromkeys(priced, amount.minor)


def _named(
    case: ReturnCase, decision: ReturnDecision, told: Money, detail: MarketplacePosting | None, ledger: MoneyLedger
) -> Money:
    """What goods cost that are priced in another currency, where the posting's lines do not agree: a person says it."""
    lines = [line for line in detail.lines if case.sku in (line.sku, "")] if detail else []
    prices = [(line.price, line.quantity) for line in lines if line.price is not None]
    # The marketplace names no number of pieces of an rFBS return: those it seems to hold first, then any.
    counts = (case.quantity, *range(1, min(sum(quantity for _, quantity in prices), _MOST_PIECES) + 1))
    choices = list(dict.fromkeys(amount for count in counts for amount in _sums(prices, count)))
    if decision.amount is not None and decision.amount in choices:
        return decision.amount
    offered = ", ".join(str(choice) for choice in choices[:5]) or "no line of the posting tells"
    problem = f"the posting was paid in {ledger.currency}, the return is priced at {told}: name one of {offered}"
    raise InvalidInputError(
        f"what the goods of return {case.id} cost is not known: {problem}", errors=[("amount", problem)]
    )


def _whole(
    case: ReturnCase, decision: ReturnDecision, priced: Mapping[str, int], full: Money | None, ledger: MoneyLedger
) -> tuple[Money, Mapping[str, int]]:
    """What an action gives back that takes no amount of its own."""
    if full is None:
        raise InvalidInputError(f"what the goods of return {case.id} cost is not known: its money cannot be reserved")
    told = case.price * case.quantity if case.price else full
    wrong = ["amount"] if decision.amount not in (None, full, told) else []
    if priced and sum(priced.values()) != full.minor:
        wrong.append("pieces")
    if wrong:
        problem = f"this action gives back {full}: leave it out"
        raise InvalidInputError(
            "only a compensation takes an amount of its own", errors=[(name, problem) for name in wrong]
        )
    return full, {case.sku: full.minor} if case.sku in ledger.lines else {}


def _check_postage(postage: Money | None, ledger: MoneyLedger, settings: SellerSettings) -> None:
    if postage is None:
        return
    limit = settings.postage_limit.get(postage.currency, 0)
    if postage.currency != ledger.currency:
        problem = f"the posting was paid in {ledger.currency}"
    elif postage.minor <= 0:
        problem = "must be more than zero"
    elif postage.minor > limit:
        problem = f"postage_limit allows {Money(limit, postage.currency)} for one return"
    else:
        return
    raise InvalidInputError(f"a return postage of {postage} cannot be paid", errors=[("postage", problem)])


def reserved(
    refund: Refund, intent: Intent, posting: Posting | None, store: PostingReads, now: datetime
) -> MoneyLedger:
    """The ledger with the money of a decision set aside. Raises OverRefundError, InvalidInputError."""

    detail = store.detail(intent.seller, intent.posting_number)

    def paid(kind: EntryKind) -> Paid:
        # Only rFBS returns are decided by our call.
        known = circumstances(kind, posting, detail) if posting else Circumstances(kind=kind, scheme=Scheme.RFBS)
        return who_pays(known).paid

    return refund.ledger.reserve(
        intent.id,
        refund.amount,
        lines=refund.lines,
        kind=refund.kind,
        at=now,
        paid_by=paid(refund.kind),
        postage=refund.postage,
        postage_paid_by=paid(EntryKind.POSTAGE),
    )
