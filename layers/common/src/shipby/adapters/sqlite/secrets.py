"""Sellers' secrets, encrypted with the machine's own: a file beside the database, or a passphrase."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from pathlib import Path

from shipby.adapters.sqlite.database import Database
from shipby.domain.errors import InvalidInputError

_SELLER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NONCE = 12
_BYTES = 32


class WrongSecretError(InvalidInputError):
    """The machine's secret is not the one that the database was written with."""


def machine_secret(folder: Path, passphrase: str = "") -> bytes:
    """32 bytes: of the passphrase, or of the file `secret` (mode 0600), which is made where there is none."""
    if passphrase:
        # The folder's salt makes two machines with one passphrase differ. Source of the cost: RFC 7914, section 2.
        salt = _kept(folder / "salt")
        return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=_BYTES)
    return _kept(folder / "secret")


def _kept(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) != _BYTES:
            raise WrongSecretError(f"{path} is not what was written there: restore it from the backup") from None
        return found
    with os.fdopen(descriptor, "wb") as file:
        made = os.urandom(_BYTES)
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


class SecretParameters:
    """A seller's parameters as JSON (`ozon`, `channels`), under AES-256-GCM; the name is sealed with the value."""

    def __init__(self, database: Database, secret: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._database = database
        self._box = AESGCM(hashlib.sha256(b"parameters" + secret).digest())
        self._check(secret)

    def _check(self, secret: bytes) -> None:
        mark = hmac.new(secret, b"shipby", "sha256").hexdigest()
        known = self._database.read("SELECT value FROM notes WHERE name = 'secret'")
        if known and known[0][0] != mark:
            raise WrongSecretError(
                "the keys in this folder were encrypted with another secret: give the same --passphrase-file, or put "
                "the file `secret` of this machine back"
            )
        if not known:
            insert = "INSERT INTO notes (name, value) VALUES ('secret', ?)"
            self._database.write(lambda connection: connection.execute(insert, (mark,)))

    def json(self, seller: str, name: str) -> object:
        """The value, or None if there is none. Raises InvalidInputError if the seller's name cannot be one."""
        if not _SELLER.fullmatch(seller):
            raise InvalidInputError(f"{seller[:64]!r} cannot be a seller's name")
        found = self._database.read("SELECT sealed FROM secrets WHERE seller = ? AND name = ?", (seller, name))
        if not found:
            return None
        sealed = bytes(found[0][0])
        return json.loads(self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(seller, name)))

    def put(self, seller: str, name: str, value: object) -> None:
        """Write or replace a value. Raises InvalidInputError if the seller's name cannot be one."""
        if not _SELLER.fullmatch(seller):
            raise InvalidInputError(f"{seller[:64]!r} cannot be a seller's name")
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._box.encrypt(nonce, json.dumps(value).encode(), _place(seller, name))
        insert = "INSERT OR REPLACE INTO secrets (seller, name, sealed) VALUES (?, ?, ?)"
        self._database.write(lambda connection: connection.execute(insert, (seller, name, sealed)))


def _place(seller: str, name: str) -> bytes:
    return f"{seller}/{name}".encode()
