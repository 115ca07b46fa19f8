"""A parcel that is late or lost, with all that a person needs: letters to carrier and buyer, the claim's deadline,
documents, money, what each remedy costs; and the one decision between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.carriers.directory import carriers_of
from shipby.application.cases.opening import find_open_case, opening
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases, EvidenceReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase, Write
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import money_view, time_text
from shipby.application.tracking.choosing.kept import learned_limits
from shipby.application.tracking.ways import journeys, silence_of, under_way_since
from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.directory import find
from shipby.domain.carriers.numbers import judge
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter, restated
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.events import case_ref
from shipby.domain.evidence.pieces import EvidenceKind
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.exceptions import Remedy, Silent, claim_by, to_buyer, to_carrier
from shipby.domain.tracking.silence import Heard, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which remedy a person chose, and why. `instead` says that an earlier decision is taken back by it."""

    seller: str
    number: str
    remedy: Remedy
    actor: str
    reason: str
    instead: bool = False


@dataclass(frozen=True, slots=True)
class _Scene:
    posting: Posting
    detail: MarketplacePosting | None
    told: Heard
    carrier: Carrier | None
    last_words: str
    settings: SellerSettings
    case: Case | None


def exception_card(
    seller: str, number: str, *, grams: int | None, language: str, store: Store, clock: Clock
) -> dict[str, Json]:
    """The card of a parcel whose silence asks for something. Raises NotFoundError, ActionNotOfferedError where it is
    fine, not under way, or another carrier's than the seller's own.
    """
    return _view(_scene(seller, number, store, clock.now()), grams, language, store, clock.now())


def decide_exception(decision: Decision, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Keep the decision in the parcel's case. The same again changes nothing, the other one needs the word `instead`.

    Raises what `exception_card` raises, ActionNotOfferedError where the other remedy was chosen before.
    """

    def once() -> Answer:
        now = clock.now()
        scene = _scene(decision.seller, decision.number, store, now)
        before = scene.case.data.get("remedy") if scene.case else None
        if before == decision.remedy:
            answer = Answer(200, _view(scene, None, "", store, now))
            if told := remember(answer):
                store.commit(told)
            return answer
        if before is not None and not decision.instead:
            raise ActionNotOfferedError(
                f"{before} was chosen for posting {decision.number} already: both at once pay twice; send `instead` to "
                "take that back",
                offered=["instead"],
            )
        case, writes = _decided(scene, decision, store, now)
        answer = Answer(200, _view(replace(scene, case=case), None, "", store, now))
        store.commit([*writes, *remember(answer)])
        return answer

    return decide_anew(once)


def note_received(
    seller: str, number: str, money: Money, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Note what the carrier has paid on a claim, in the parcel's open case; a later word replaces an earlier one.

    Raises NotFoundError, ActionNotOfferedError where no compensation was chosen, or the parcel is fine again.
    """

    def once() -> Answer:
        now = clock.now()
        scene = _scene(seller, number, store, now)
        if scene.case is None or scene.case.data.get("remedy") != Remedy.COMPENSATION:
            raise ActionNotOfferedError(f"nobody chose compensation for posting {number}: decide first")
        reason = f"{scene.posting.tracking_number}: the carrier paid {money}; close it if that is all"
        owner = owner_of(scene.posting, scene.settings)
        case, event = restated(scene.case, reason=reason, owner=owner, at=now, actor=actor)
        paid: dict[str, Json] = {"amount": money.amount, "currency": money.currency}
        kept = replace(case, data={**case.data, "received": paid})
        answer = Answer(200, _view(replace(scene, case=kept), None, "", store, now))
        told = AppendEvents(case.seller, case_ref(case.id), case.version, (event,))
        store.commit([SaveCase(kept), told, *remember(answer)])
        return answer

    return decide_anew(once)


def _decided(scene: _Scene, decision: Decision, store: Cases, now: datetime) -> tuple[Case, list[Write]]:
    posting = scene.posting
    data: dict[str, Json] = {
        "remedy": decision.remedy,
        "by": decision.actor,
        "at": now.isoformat(),
        "reason": decision.reason,
        "tracking_number": posting.tracking_number,
    }
    next_step = (
        "claim it from the carrier and have the buyer paid back"
        if decision.remedy is Remedy.COMPENSATION
        else "send it again and set the new number with kind lost_and_sent_again; the first parcel may still arrive"
    )
    reason = f"{posting.tracking_number} is {scene.told.silence}: a person chose {decision.remedy} ({decision.reason})"
    reason = f"{reason}: {next_step}"[:1500]
    owner = owner_of(posting, scene.settings)
    if scene.case is not None:
        case, event = restated(scene.case, reason=reason, owner=owner, at=now, actor=decision.actor)
        kept = replace(case, data=data)
        return kept, [SaveCase(kept), AppendEvents(case.seller, case_ref(case.id), case.version, (event,))]
    _, writes = opening(
        store,
        seller=posting.seller,
        kind=CaseKind.SILENT_PARCEL,
        subject=posting.number,
        reason=reason,
        owner=owner,
        now=now,
        actor=decision.actor,
    )
    [opened] = [one.case for one in writes if isinstance(one, SaveCase)]
    kept = replace(opened, data=data)
    return kept, [SaveCase(kept) if isinstance(one, SaveCase) else one for one in writes]


def _scene(seller: str, number: str, store: Store, now: datetime) -> _Scene:
    posting = load_posting(store, seller, number)
    found = journeys(seller, posting.tracking_number, store) if posting.tracking_number else ()
    told = silence_of(posting, found, now, store, learned_limits(seller, store=store, now=now))
    if told is None or told.silence is Silence.FINE:
        state = "heard of in time" if told else f"{posting.stage} and not under way with your own carrier"
        raise ActionNotOfferedError(f"posting {number} is {state}: nothing has to be decided")
    carriers = carriers_of(seller, store)
    detail = store.detail(seller, number)
    of_this = [change for change in store.tracking_history(seller, number) if change.new == posting.tracking_number]
    named = next((change.carrier for change in reversed(of_this) if change.carrier), detail.carrier if detail else "")
    carrier = find(named, carriers) if named else None
    scans = found[-1].scans if found else ()
    return _Scene(
        posting=posting,
        detail=detail,
        told=told,
        carrier=carrier or carriers.get(judge(posting.tracking_number, carriers).carrier),
        last_words=scans[-1].words if scans else "",
        settings=store.settings(seller) or SellerSettings(seller=seller),
        case=find_open_case(store, Matter(seller=seller, kind=CaseKind.SILENT_PARCEL, subject=number)),
    )


def _view(scene: _Scene, grams: int | None, language: str, store: Store, now: datetime) -> dict[str, Json]:
    posting, told = scene.posting, scene.told
    posted_on = under_way_since(posting, store).date()
    silent = Silent(
        posting_number=posting.number,
        tracking_number=posting.tracking_number,
        says=told.silence,
        since=told.since.date(),
        posted_on=posted_on,
        last_words=scene.last_words,
    )
    read_by = language or scene.settings.language
    subject, text = to_carrier(silent, read_by)
    claim = claim_by(scene.carrier.code, posted_on) if scene.carrier else None
    paid = scene.detail.paid if scene.detail else None
    postage = scene.carrier.price(grams, now.date()) if scene.carrier and grams is not None else None
    return {
        "posting_number": posting.number,
        "tracking_number": posting.tracking_number,
        "says": told.silence,
        "since": time_text(told.since),
        "lost_at": time_text(told.lost_at),
        "carrier": scene.carrier.code if scene.carrier else None,
        "contacts": dict(scene.carrier.contacts) if scene.carrier else {},
        "to_carrier": {"subject": subject, "text": text},
        "to_buyer": to_buyer(silent, language or "ru"),
        "claim_by": claim[0].isoformat() if claim else None,
        "claim_by_source": claim[1] if claim else None,
        "documents": _documents(scene, store),
        "expected": money_view(paid),
        "received": money_view(_received(scene.case)),
        "remedies": [
            {
                "remedy": Remedy.COMPENSATION,
                "cost": money_view(paid),
                "note": "the buyer is paid back; the claim may cover it",
            },
            {
                "remedy": Remedy.RESHIP,
                "cost": money_view(postage),
                "note": "postage alone, as far as it is known; the goods a second time come on top",
            },
        ],
        "decision": _decision_view(scene.case),
        "case": scene.case.id if scene.case else None,
    }


def _documents(scene: _Scene, store: EvidenceReads) -> list[Json]:
    """What a claim is proven with, and what of it is there."""
    items = store.evidence(scene.posting.seller, scene.posting.number)
    kinds = {item.kind for item in items}
    there = {
        "tracking_number": True,
        "price_of_goods": bool(scene.detail and scene.detail.paid),
        "photos_of_content": EvidenceKind.PHOTO in kinds,
        "weight": EvidenceKind.WEIGHT in kinds,
        "handed_over": scene.posting.handed_over_at is not None,
    }
    return [{"document": name, "there": has} for name, has in there.items()]


def _received(case: Case | None) -> Money | None:
    """What the carrier has paid, as a person noted it; None where nobody did."""
    found = case.data.get("received") if case else None
    return Money.parse(str(found["amount"]), str(found["currency"])) if isinstance(found, Mapping) else None


def _decision_view(case: Case | None) -> Json:
    if case is None or "remedy" not in case.data:
        return None
    return {name: case.data[name] for name in ("remedy", "by", "at", "reason", "tracking_number")}
