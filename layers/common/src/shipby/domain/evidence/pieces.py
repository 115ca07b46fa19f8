"""Evidence of a posting: what was photographed, scanned, weighed and printed, in a list that cannot be rewritten.

Every item holds the hash of the one before it, so that a pack shows that nothing was taken out or put in afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm


class EvidenceKind(StrEnum):
    """What an item is."""

    PHOTO = "photo"
    VIDEO = "video"
    SCAN = "scan"
    WEIGHT = "weight"
    LABEL = "label"
    ACT = "act"
    CHAT = "chat"
    """An excerpt of a chat that a person chose; it may hold personal data and is kept only in the file store."""
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One piece. `sha256` is of the file where there is one, else of the canonical JSON of `data`."""

    seller: str
    posting_number: str
    sequence: int
    """1, 2, 3 … without gaps."""
    kind: EvidenceKind
    at: datetime
    """When it was added; the camera's own time, if any, is in `data`."""
    actor: str
    sha256: str
    previous: str
    """Hash of the item before; of the first one the empty text."""
    hash: str
    """Of this item with everything above."""
    key: str = ""
    """Place in the file store; empty where there is no file."""
    content_type: str = ""
    size: int = 0
    """Bytes."""
    data: Mapping[str, Json] = field(default_factory=dict)
    return_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceChain:
    """The head of a posting's list: `version` is how many items it has, `hash` that of the last one."""

    seller: str
    posting_number: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceUpload:
    """A file that was announced and may be sent to a signed address until `expires_at`."""

    seller: str
    id: str
    posting_number: str
    kind: EvidenceKind
    key: str
    content_type: str
    size: int
    sha256: str
    at: datetime
    actor: str
    expires_at: datetime
    return_id: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


class PackState(StrEnum):
    """WAITING until the worker has made the files."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePack:
    """The PDF and ZIP of a posting's evidence as it stood when asked for. `version` counts its changes."""

    seller: str
    id: str
    version: int
    posting_number: str
    state: PackState
    asked_at: datetime
    asked_by: str
    purpose: str = ""
    """What it is for, as the person put it."""
    claim_id: str = ""
    return_id: str = ""
    items: int = 0
    """How many items of the chain it holds."""
    chain_hash: str = ""
    posting_version: int = 0
    """Up to which version it tells the posting's history; 0 in rows of earlier releases: up to `asked_at`."""
    pdf_key: str = ""
    zip_key: str = ""
    pdf_sha256: str = ""
    zip_sha256: str = ""
    problem: str = ""
    next_alarm: Alarm | None = None
    ticket: str = ""
    """The words of the ticket that it goes with; they are in its archive."""
