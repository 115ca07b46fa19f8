"""Packing without the last scan: with a reason by somebody who may, or after the packaging was confirmed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.packing.bench_checks import Bench, load_bench
from shipby.application.packing.hold import refuse_uninspected
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import check_version
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.workflow import Command, carry_out
from shipby.domain.errors import BenchRefusedError, InvalidInputError, RoleNeededError
from shipby.domain.events import posting_ref
from shipby.domain.json_types import Json
from shipby.domain.packing.exemplars import check_duties
from shipby.domain.packing.packaging import find_packaging
from shipby.domain.packing.scanning import is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class PackWish:
    """Pack it. `may_skip`: the caller may pack what was not scanned, with a reason."""

    seller: str
    number: str
    actor: str
    may_skip: bool
    reason: str = ""
    packaging: str = ""
    """The token of the packaging rules that the packer has seen and followed."""
    if_match: int | None = None


def pack_posting(wish: PackWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Pack a posting in one transaction with its event, which says what was not scanned.

    Raises NotFoundError, PreconditionFailedError, StageMismatchError, ActionNotOfferedError (blocked, expired),
    DutyNeededError (marks and the like), RoleNeededError or InvalidInputError (nothing was scanned, and the key may not
    skip that, or gives no reason), BenchRefusedError (`short`: something is missing; `inspection_needed`;
    `packaging_needed`).
    """

    def once() -> Answer:
        bench = load_bench(store, wish.seller, wish.number)
        parcel, posting = bench.parcel, bench.parcel.posting
        check_version(posting, wish.if_match)
        step = carry_out(posting, Command.PACK, at=clock.now(), actor=wish.actor, reason=wish.reason)
        refuse_uninspected(bench)
        if parcel.detail and parcel.detail.requirements and posting.assembled_at is None:
            check_duties(wish.number, parcel.detail, parcel.sheet, entered=True)
        data = _scans(bench, wish) | _packaging(bench, wish)
        [event] = step.events
        told = replace(event, data={**event.data, **data})
        answer = Answer(200, posting_view(step.posting))
        appended = AppendEvents(wish.seller, posting_ref(wish.number), step.posting.version, (told,))
        store.commit([SavePosting(step.posting), appended, *remember(answer)])
        return answer

    return decide_anew(once)


def _scans(bench: Bench, wish: PackWish) -> dict[str, Json]:
    """Whether every piece was scanned. Raises where it was not and may not be skipped."""
    items = bench.parcel.items
    if items and is_complete(items):
        return {}
    scanned, expected = sum(item.scanned for item in items), sum(item.expected for item in items)
    if wish.may_skip and wish.reason.strip():
        return {"without_scans": True, "scanned": scanned, "expected": expected}
    if scanned:
        raise BenchRefusedError(
            f"short: {scanned} of {expected} pieces of posting {wish.number} were scanned; scan the rest, or an owner, "
            "manager or integration key packs it with a reason",
            code="short",
            offered=[item.offer_id or item.sku for item in items if item.missing],
        )
    if not wish.may_skip:
        raise RoleNeededError(
            f"nothing of posting {wish.number} was scanned: scan its pieces, or an owner, manager or integration key "
            "packs it with a reason"
        )
    raise InvalidInputError(
        f"nothing of posting {wish.number} was scanned: packing it all the same needs a reason",
        errors=[("reason", "say why it is packed without scans")],
    )


def _packaging(bench: Bench, wish: PackWish) -> dict[str, Json]:
    """Raises BenchRefusedError unless the packer has confirmed what the rules say now."""
    packaging = find_packaging(bench.parcel.detail, bench.parcel.cards, bench.settings.packaging)
    if packaging is None:
        return {}
    if wish.packaging != packaging.token:
        raise BenchRefusedError(
            f"posting {wish.number} is packed by rule ({', '.join(rule.name for rule in packaging.rules)}): do what "
            f"GET /v1/postings/{wish.number}/scans shows as packaging, and confirm it with its token",
            code="packaging_needed",
            offered=[packaging.token],
        )
    return {"packaging": [rule.name for rule in packaging.rules], "box": packaging.box}
