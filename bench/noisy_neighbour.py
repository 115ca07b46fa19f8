"""One seller's marketplace hangs, floods or fails: how late is another seller's message, queue by queue?

Run: `.venv/bin/python -m bench.noisy_neighbour [--write]`. A simulation of queues and workers, not a measurement. Exit
code 1 if a message of the quiet seller is done more than 60 s after it was sent, in any queue, by the product's rules.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from bench.parts.neighbours import EVERY, QUIET_MESSAGES, Neighbour, Rules, Shop, worst_delay
from bench.parts.report import arguments, publish, table
from shipby.adapters.ozon import assumptions
from shipby.adapters.ozon.breaker import PAUSES
from shipby.settings import READ_WITHIN
from tests.infra.sam_template import template

LIMIT = 60.0
LONGEST_READ = assumptions.READ_BUDGET_SECONDS + assumptions.READ_SECONDS
"""A repeat of a read may begin shortly before its budget ends."""
QUEUES: Mapping[str, tuple[str, str, float, float]] = {
    # queue -> (function, its event source, seconds of a good message, seconds of a call that hangs)
    "sync": ("PostingSync", "SyncQueueMessages", 0.4, READ_WITHIN),
    "labels": (
        "LabelGeneration",
        "LabelQueueMessages",
        2.0,
        assumptions.READ_BUDGET_SECONDS + assumptions.READ_SECONDS,
    ),
    "intents": ("Refunds", "IntentQueueMessages", 1.0, LONGEST_READ),
    "notices": ("Notifications", "NotifyQueueMessages", 0.5, READ_WITHIN),
}
"""The times of good messages are assumptions: reads of the marketplace of a fifth of a second, pages of 65 ms."""
RULES = (
    Rules(name="plain queue", fair=False, pauses=False),
    Rules(name="fair queue", fair=True, pauses=False),
    Rules(name="fair queue and a pause for the account: the product", fair=True, pauses=True),
)
NEIGHBOURS = (Neighbour.HANGS, Neighbour.FLOODS, Neighbour.FAILS)


def shop_of(queue: str) -> Shop:
    """Workers, batches and times of a queue, from infra/template.yaml."""
    name, source, good, hang = QUEUES[queue]
    resources, common = template()["Resources"], template()["Globals"]["Function"]
    function = common | resources[name]["Properties"]
    event = function["Events"][source]["Properties"]
    return Shop(
        workers=event["ScalingConfig"]["MaximumConcurrency"],
        batch=event["BatchSize"],
        timeout=float(function["Timeout"]),
        good=good,
        hang=min(hang, float(function["Timeout"])),
        pauses=PAUSES,
    )


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, default=400, help="of the noisy seller")
    chosen = parser.parse_args()
    rows, worst = [], 0.0
    for queue in QUEUES:
        for neighbour in NEIGHBOURS:
            found = [worst_delay(shop_of(queue), rules, neighbour, noisy=chosen.messages) for rules in RULES]
            worst = max(worst, found[-1])
            rows.append((queue, neighbour.value, *(f"{delay:.0f} s" for delay in found)))
    about = (
        f"Model: {chosen.messages:,} messages of one seller, then {QUIET_MESSAGES} of another every {EVERY} s; "
        "workers, batches and time limits of the template, the adapter's own limits of a call, "
        f"pauses of {', '.join(f'{pause:.0f}' for pause in PAUSES)} s."
    )
    head = ("queue", "the other seller's marketplace", *(rules.name for rules in RULES))
    met = "met" if worst <= LIMIT else "MISSED"
    verdict = f"Worst delay by the product: **{worst:.0f} s** (target ≤ {LIMIT:.0f} s, {met})."
    publish("noisy_neighbour", [about, table(head, rows), verdict], write=chosen.write)
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
