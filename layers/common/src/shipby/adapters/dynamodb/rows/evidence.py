"""Claims, evidence, uploads and packs."""

import functools
from datetime import timedelta

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.index_keys import alarm_columns
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.events import AggregateKind
from shipby.domain.evidence.claims import Claim
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload

UPLOAD_KEPT = timedelta(days=1)


@functools.cache
def claims() -> Kind[Claim]:
    return Kind("CLAIM", Record(Claim, flat_alarm=True))


@functools.cache
def chains() -> Kind[EvidenceChain]:
    return Kind("EVIDENCE", Record(EvidenceChain))


@functools.cache
def evidence() -> Kind[EvidenceItem]:
    return Kind("PIECE", Record(EvidenceItem))


@functools.cache
def uploads() -> Kind[EvidenceUpload]:
    return Kind("UPLOAD", Record(EvidenceUpload))


@functools.cache
def packs() -> Kind[EvidencePack]:
    return Kind("PACK", Record(EvidencePack, flat_alarm=True))


def claim_item(claim: Claim, shards: int) -> Item:
    key = keys.claim(claim.seller, claim.id)
    columns = index_keys.claims(claim.seller, claim.answer_by, claim.id, is_open=claim.open)
    return claims().item(key, claim, columns | alarm_columns(key, claim.next_alarm, shards))


def chain_item(chain: EvidenceChain) -> Item:
    return chains().item(keys.evidence_chain(chain.seller, chain.posting_number), chain)


def evidence_item(piece: EvidenceItem) -> Item:
    return evidence().item(keys.evidence(piece.seller, piece.posting_number, piece.sequence), piece)


def upload_item(upload: EvidenceUpload) -> Item:
    key = keys.evidence_upload(upload.seller, upload.posting_number, upload.id)
    return uploads().item(key, upload, {"ttl": ttl(upload.expires_at + UPLOAD_KEPT)})


def pack_item(pack: EvidencePack, shards: int) -> Item:
    key = keys.evidence_pack(pack.seller, pack.id)
    columns = index_keys.asked(pack.seller, AggregateKind.EVIDENCE_PACK, pack.asked_at, pack.id)
    return packs().item(key, pack, columns | alarm_columns(key, pack.next_alarm, shards))
