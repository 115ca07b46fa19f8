"""Which addresses a webhook may have, and which numbers a name may stand for: public ones, and no others.

On Lambda 127.0.0.1:9001 hands out the events of the function itself, and 169.254.169.254 may hand out credentials.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Final, TypeAlias
from urllib.parse import urlsplit

PORTS: Final = frozenset({443, 8443})
MOST_LETTERS: Final = 1000
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_WITH_V4_INSIDE: Final = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
"""NAT64 (RFC 6052, 8215) and IPv4-compatible addresses (RFC 4291): the last 32 bits are an IPv4 address."""
_NOT_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa")


def refused_by_its_text(url: str, *, on_this_machine: bool = False) -> str:
    """Why this address is never called, without looking its name up; "" if it may be.

    `on_this_machine`: the embedded stack, where a receiver may listen on 127.0.0.1 over plain http.
    """
    if len(url) > MOST_LETTERS or not url.isascii() or any(sign <= " " or sign in "\x7f\\" for sign in url):
        return f"it is no address of at most {MOST_LETTERS} plain ASCII characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it cannot be read"
    if "@" in parts.netloc:
        return "it holds a name or a password: check the signature instead"
    if parts.fragment:
        return "it has a fragment"
    if on_this_machine and parts.scheme == "http" and host == "127.0.0.1":
        return ""
    if parts.scheme != "https":
        return "it is not https"
    if (port or 443) not in PORTS:
        return f"its port is none of {', '.join(map(str, sorted(PORTS)))}"
    return _refused_host(host)


def _refused_host(host: str) -> str:
    try:
        return "" if is_public(ipaddress.ip_address(host.partition("%")[0])) else "it is no public address"
    except ValueError:
        pass
    name = host.rstrip(".").lower()
    # 0x7f.1, 2130706433 and the like are numbers to a resolver, and names to us.
    if name.rpartition(".")[2][:1].isdigit():
        return "its host is neither a name nor an address in the usual form"
    if "." not in name or name.endswith(_NOT_NAMES):
        return "its host is no public name"
    return ""


def is_public(address: _Address) -> bool:
    """Whether an address, and the IPv4 address inside it, lies in the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if any(address in network for network in _WITH_V4_INSIDE):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def resolved(host: str, port: int, *, on_this_machine: bool = False) -> str:
    """One public address that the host stands for now, to be called and no other.

    Raises OSError where there is none, or where any of them is not public: a name with both is a trap.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if on_this_machine and addresses and all(address.is_loopback for address in addresses):
        return str(addresses[0])
    if not addresses or not all(map(is_public, addresses)):
        raise OSError("its host lies in a private network")
    return str(addresses[0])
