"""PINs, kept as a slow hash (scrypt, RFC 7914), and badges, whose codes are too long to be guessed."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from itertools import pairwise

from shipby.domain.errors import InvalidInputError

_PIN = re.compile(r"[0-9]{4,12}")
_LOG_N, _R, _P = 14, 8, 1
"""2^14, 8 and 1: 16 MB and a tenth of a second, what the author of scrypt recommends where somebody waits. Stored with
each hash. It slows down whoever has the table; those who have not are stopped by `tries`."""
_BADGE = re.compile(r"SHB[0-9A-Z]{26}")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: what every scanner reads off a Code 128 and nobody mistakes."""


def pin_hash(pin: str) -> str:
    """What is stored of a PIN. Raises InvalidInputError for what is no PIN, or one that everybody tries first."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)} if _PIN.fullmatch(pin) else {0}
    if steps in ({0}, {1}, {-1}):
        problem = "must have 4 to 12 digits, not all the same and not in a row"
        raise InvalidInputError(f"the PIN {problem}", errors=[("pin", problem)])
    salt = secrets.token_bytes(16)
    digest = _scrypt(pin, salt, _LOG_N, _R, _P)
    return f"scrypt${_LOG_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def pin_is(pin: str, stored: str) -> bool:
    """Whether it is the PIN of a stored hash; without one it takes as long and is never right."""
    known = stored or f"scrypt${_LOG_N}${_R}${_P}${b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
    _, log_n, r, p, salt, digest = known.split("$")
    found = _scrypt(pin, b64decode(salt), int(log_n), int(r), int(p))
    return hmac.compare_digest(found, b64decode(digest)) and bool(stored)


def _scrypt(pin: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**log_n, r=r, p=p, maxmem=2**27, dklen=32)


def new_badge() -> str:
    """The code of a new badge, 130 random bits: printed as a barcode, shown once."""
    return "SHB" + "".join(secrets.choice(_LETTERS) for _ in range(26))


def badge_hash(code: str) -> str:
    """What is stored of a badge. Raises InvalidInputError for what is no code of a badge."""
    text = code.strip().upper()
    if not _BADGE.fullmatch(text):
        raise InvalidInputError("that is not the code of a badge", errors=[("badge", "scan the badge itself")])
    return hashlib.sha256(text.encode()).hexdigest()
