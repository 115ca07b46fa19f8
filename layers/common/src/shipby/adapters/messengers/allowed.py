"""Which Apprise URLs are used: messengers of a list, over TLS, without local files, and never into a private network.

A channel's URL comes from a seller. Apprise knows 200 kinds of them, some of which read files of the machine or call
whatever host is named; on Lambda 127.0.0.1:9001 hands out the events of the function itself.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import apprise

_ITS_OWN_SERVICE: Final = frozenset(
    {"dingtalk", "discord", "feishu", "gchat", "lark", "line", "pover", "slack", "tgram", "viber", "wecombot", "zoom"}
)
"""The URL holds tokens, and the library knows the service's host."""
_NAMES_A_HOST: Final = frozenset({"gotifys", "jsons", "mailto", "mailtos", "mmosts", "ntfys", "rockets"})
"""The URL names a host. Not Matrix: it asks that host for another one."""
SCHEMES: Final = _ITS_OWN_SERVICE | _NAMES_A_HOST
_ARGUMENTS = """
    bcc botname cc channel channels cto detect emojis footer format from image key lang mode name overflow priority rto
    secret silent smtp sound thread to token topic tz workspace xtags
"""
ARGUMENTS: Final = frozenset(_ARGUMENTS.split())
"""What may stand behind the `?`. Left out on purpose: what names a file or another address (`template`, `attach`,
`pgppub`, `pgpprv`, `avatar_url`), switches the certificate off (`verify`) or follows redirects (`redirect`)."""


def refused_by_its_text(url: str, *, on_this_machine: bool) -> str:
    """Why this URL is not even made into a channel, without any part of it but its scheme; "" if it may be.

    `on_this_machine`: the embedded stack, which also tells a messenger at 127.0.0.1 over plain http (`json://`).
    """
    from apprise.utils.parse import parse_url

    scheme = url.partition("://")[0].strip().lower()
    if "://" not in url or scheme not in (SCHEMES | {"json"} if on_this_machine else SCHEMES):
        return f"its scheme is none of {', '.join(sorted(SCHEMES))}"
    parts = parse_url(url, verify_host=False)  # type: ignore[no-untyped-call]  # it publishes no types
    if not parts:
        return "it cannot be read"
    if any(parts.get(kind) for kind in ("qsd+", "qsd-", "qsd:")):
        return "it sets headers or fields"
    extra = sorted(set(parts["qsd"]) - ARGUMENTS)
    return f"its argument {extra[0]} is not allowed" if extra else ""


def refused_by_its_host(target: apprise.NotifyBase, *, on_this_machine: bool) -> str:
    """Why the host of this channel is not called; "" if it may be. Looks the host up."""
    scheme = str(target.url()).partition("://")[0].lower()  # type: ignore[no-untyped-call]  # as above
    if scheme in _ITS_OWN_SERVICE:
        return ""
    if getattr(target, "mode", "") == "cloud":  # ntfy's own service; the host is a topic
        return ""
    host = str(getattr(target, "smtp_host", "") or target.host or "")
    addresses = _addresses(host)
    if on_this_machine and addresses and all(address.is_loopback for address in addresses):
        return ""
    if not target.secure:
        return "it is not encrypted"
    if not addresses:
        return "its host has no address"
    if not all(_is_public(address) for address in addresses):
        return "its host lies in a private network"
    return ""


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """What the name stands for now; nothing if it is unknown."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052), which AWS offers: the last 32 bits are an IPv4 address."""


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast
