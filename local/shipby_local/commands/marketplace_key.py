"""A seller's own key for commands that read the marketplace without any deployment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from shipby_local.stack.errors import StackError

MARKETPLACE = "https://api-seller.ozon.ru"


def credentials() -> tuple[str, str]:
    """From the environment only: what stands on a command line can be read by every user of the machine."""
    client_id, key = os.environ.get("OZON_CLIENT_ID", ""), os.environ.get("OZON_API_KEY", "")
    if not client_id or not key:
        missing = " and ".join(
            name for name, value in (("OZON_CLIENT_ID", client_id), ("OZON_API_KEY", key)) if not value
        )
        raise StackError(
            f"{missing} is not set. Make a read-only key in the seller's cabinet and put both into the environment."
        )
    return client_id, key


def check_address(base_url: str) -> None:
    """The key travels in a header: never unencrypted but to this machine."""
    parts = urlsplit(base_url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise StackError(f"--base-url {base_url!r} is no address; write it like {MARKETPLACE}")
    if parts.scheme == "http" and not local:
        raise StackError(f"--base-url {base_url!r} would send the key unencrypted; use https")
