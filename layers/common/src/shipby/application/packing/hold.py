"""What keeps a parcel from being packed though everything is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipby.domain.errors import BenchRefusedError
from shipby.domain.json_types import Json
from shipby.domain.packing.quality import find_inspection, lacks_inspection

if TYPE_CHECKING:
    from shipby.application.packing.bench_checks import Bench


def refuse_uninspected(bench: Bench) -> None:
    """Raises BenchRefusedError while an inspection is wanted, or the last one failed."""
    parcel, posting = bench.parcel, bench.parcel.posting
    wanted = find_inspection(posting.number, parcel.detail, parcel.cards, bench.settings.inspections)
    if not lacks_inspection(posting, wanted):
        return
    why = "a unit of it failed its inspection" if posting.reinspect else "the seller's rule wants it inspected"
    skus = f" (SKU {', '.join(wanted.skus)})" if wanted else ""
    raise BenchRefusedError(
        f"posting {posting.number} is not packed before it has passed an inspection: {why}{skus}; inspect it with POST "
        f"/v1/postings/{posting.number}/inspect",
        code="inspection_needed",
        offered=["inspect"],
    )


def inspection_view(bench: Bench) -> dict[str, Json] | None:
    """What of a parcel is to be inspected before it is packed; None where nothing is."""
    parcel, posting = bench.parcel, bench.parcel.posting
    wanted = find_inspection(posting.number, parcel.detail, parcel.cards, bench.settings.inspections)
    if wanted is None and not posting.reinspect:
        return None
    skus: list[Json] = list(wanted.skus) if wanted else []
    return {"skus": skus, "photo": bool(wanted and wanted.photo), "passed": not lacks_inspection(posting, wanted)}
