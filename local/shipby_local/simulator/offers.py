"""`available_actions`: what the marketplace offers for a posting in its present state."""

from __future__ import annotations

from datetime import datetime

from shipby_local.simulator import words
from shipby_local.simulator.model import Posting


def offered_actions(posting: Posting, now: datetime) -> list[str]:
    """Computed from scheme, integration and status; sorted, as in the official examples."""
    actions: set[str] = set()
    own_carrier = posting.integration == words.NON_INTEGRATED
    if posting.is_rfbs and posting.status not in words.TERMINAL:
        actions |= {"can_create_chat", "customer_phone_available"}
    if posting.status == words.AWAITING_PACKAGING:
        actions |= {"cancel", "has_barcode_for_printing"}
        # "After shipment_date neither the date nor the assembly will be possible": seller delivery only.
        expired = own_carrier and posting.cutoff is not None and now > posting.cutoff
        if posting.ship_in_process:
            actions.add("ship_async_in_process")
        elif not expired:
            actions |= {"ship", "ship_async", "product_cancel"}
            if posting.substatus == "ship_failed":
                actions.add("ship_async_retry")
        if own_carrier and not expired and not posting.ship_in_process:
            actions.add("set_cutoff")
    elif posting.status == words.AWAITING_REGISTRATION:
        actions.add("cancel")
    elif posting.status == words.AWAITING_DELIVER:
        actions |= {
            "cancel",
            "has_barcode_for_printing",
            "label_download",
            "label_download_big",
            "label_download_small",
        }
        if own_carrier:
            actions |= {"set_track_number", "non_int_delivering"} - {posting.report_in_process}
    elif posting.status == words.DELIVERING and own_carrier:
        actions |= {"set_track_number", "non_int_delivered", "cancel"}
        if posting.substatus != "posting_in_courier_service":
            actions.add("non_int_last_mile")
        # A report that is being carried out is not taken twice: ours, the marketplace does not say.
        actions -= {posting.report_in_process}
    elif posting.status == words.NOT_ACCEPTED:
        actions.add("arbitration")
    return sorted(actions)


def offered_reasons(posting: Posting) -> list[tuple[int, str, str]]:
    """Cancel reasons (id, title, type) that the seller may use now."""
    if "cancel" not in offered_actions(posting, posting.created_at):
        return []
    if posting.status == words.DELIVERING:
        return [(number, title, words.blame_of(number)) for number, title in words.LATE_REASONS.items()] + [
            (words.REASON_OTHER, words.SELLER_REASONS[words.REASON_OTHER], "seller")
        ]
    return [(number, title, "seller") for number, title in words.SELLER_REASONS.items()]
