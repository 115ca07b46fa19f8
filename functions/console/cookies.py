"""The two cookies: who is signed in, and in which language pages are.

`__Host-` and Secure everywhere. On this machine the console is plain http: browsers take 127.0.0.1 and localhost for
trustworthy and keep such cookies there all the same (held in Chromium by the console's tests).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Final

SESSION: Final = "__Host-shipby"
LANGUAGE: Final = "__Host-lang"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"


def session(token: str, life: timedelta) -> str:
    return f"{SESSION}={token}; Max-Age={max(int(life.total_seconds()), 0)}; {_ATTRIBUTES}"


def no_session() -> str:
    return f"{SESSION}=; Max-Age=0; {_ATTRIBUTES}"


def language(code: str) -> str:
    return f"{LANGUAGE}={code}; Max-Age=31536000; {_ATTRIBUTES}"


def csrf_of(token: str) -> str:
    """The word that forms of a session carry, which no other site can know."""
    return hmac.new(token.encode(), b"console form", hashlib.sha256).hexdigest()
