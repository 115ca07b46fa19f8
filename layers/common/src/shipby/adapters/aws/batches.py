"""Batches that AWS takes: at most so many entries and so many bytes, and a repeat for the entries it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from shipby.domain.errors import StoreUnavailableError

T = TypeVar("T")

_ATTEMPTS = 3


def batches(items: Sequence[T], size: Callable[[T], int], *, count: int, total: int) -> Iterator[list[T]]:
    """Cut into lists of at most `count` items and `total` bytes, in order; an item over `total` goes alone."""
    batch: list[T] = []
    weight = 0
    for item in items:
        own = size(item)
        if batch and (len(batch) == count or weight + own > total):
            yield batch
            batch, weight = [], 0
        batch.append(item)
        weight += own
    if batch:
        yield batch


def send_all(batch: Sequence[T], send: Callable[[Sequence[T]], Sequence[tuple[T, str]]], *, what: str) -> None:
    """Send a batch and repeat what was refused; `send` returns (entry, reason) of the refused ones.

    Raises StoreUnavailableError if some are refused for good or AWS does not answer. What was taken stays taken.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # who calls AWS has loaded it

    left: Sequence[T] = batch
    refused: Sequence[tuple[T, str]] = ()
    for _ in range(_ATTEMPTS):
        try:
            refused = send(left)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailableError(f"{what} did not take {len(left)} entries: {error}") from error
        if not refused:
            return
        left = [entry for entry, _ in refused]
    reasons = ", ".join(sorted({reason for _, reason in refused}))
    raise StoreUnavailableError(f"{what} refused {len(left)} of {len(batch)} entries: {reasons}")
