"""Messages that several subjects send."""

from __future__ import annotations

from datetime import datetime

from shipby.application.ports.messages import QueueMessage


def sync_message(
    seller: str, number: str, *, hinted_at: datetime | None, why: str, delay_seconds: int = 0, schema: str = ""
) -> QueueMessage:
    """Ask for a posting to be read from the marketplace; `schema` is what only a list tells of it."""
    hint = hinted_at.isoformat() if hinted_at else None
    told = {"delivery_schema": schema} if schema else {}
    return QueueMessage(
        body={"seller": seller, "posting": number, "hinted_at": hint, "why": why, **told},
        group=seller,
        delay_seconds=delay_seconds,
    )
