"""By schedule: hold the marketplace's lists against the store, watch the account, prove hourly and audit daily.

The schedule may tick every minute: a seller is visited every five, or every one while its pushes are unhealthy.
By hand, at once: {"task": "poll"}, {"task": "audit"}, {"task": "reasons"}, {"task": "proof", "seller": "…",
"window_hours": 24, "grace_seconds": 0}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from functions.marketplace_poll.wiring import parts
from shipby.adapters.aws_lambda.batch import Context, Event, TimeLeft
from shipby.adapters.ozon.switch_offs import ending
from shipby.application.polling.rounds import read_task, run_round
from shipby.domain.cases.watches import HEALTHY
from shipby.domain.json_types import Json
from shipby.observability import publish


def handler(event: Event, context: Context) -> dict[str, Json]:
    """A summary per seller, and the proofs that were made. Raises RoundFailedError naming the sellers that failed."""
    left, own = TimeLeft(context), parts()
    ends = ending(own.clock.now().date())
    for path, told in ends.items():
        own.log.warning("a method of the marketplace ends", extra={"method": path, "told": told})
    publish({"methods_ending": len(ends)})
    summary = run_round(read_task(event), own, lambda: left.short)
    publish(_counts(summary))
    return summary


def _counts(summary: Mapping[str, Json]) -> dict[str, int]:
    polls = list(cast("Mapping[str, Mapping[str, Json]]", summary["sellers"]).values())
    proofs = list(cast("Mapping[str, Mapping[str, Json]]", summary["proofs"]).values())
    states = [state for poll in polls for state in cast("list[str]", poll["push"])]
    return {
        "listed": sum(int(str(poll["listed"])) for poll in polls),
        "queued": sum(int(str(poll["queued"])) for poll in polls),
        "odd_entries": sum(int(str(poll["odd_entries"])) for poll in polls),
        "push_url_unhealthy": sum(state != HEALTHY for state in states),
        "key_rejected": len(cast("list[str]", summary["rejected"])),
        "proof_green": sum(proof["green"] is True for proof in proofs),
        "proof_red": sum(proof["green"] is False for proof in proofs),
    }
