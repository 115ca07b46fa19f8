"""Telegram, WeCom, DingTalk, Feishu, e-mail, Slack …: Apprise URLs in the parameter `sellers/<seller>/channels`.

Only those of `allowed.py` are used: no files, no private networks, no redirects.

The parameter is a JSON object of names and URLs; of a plain list of URLs the names are "1", "2", … in its order. URLs
hold tokens: only names are ever logged.

A message counts as told as soon as one of the channels it is meant for has taken it. Those that did not are logged by
name and not tried again: repeating it would tell it again on the channels that work, for as long as one is broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shipby.adapters.aws.parameters import SellerParameters
from shipby.adapters.messengers.allowed import refused_by_its_host, refused_by_its_text
from shipby.domain.errors import InvalidInputError, RetryableError
from shipby.observability import logger

if TYPE_CHECKING:
    import apprise

NAME = "channels"


class AppriseChannels:
    """Implements `SellerChannels`."""

    def __init__(
        self, prefix: str, *, parameters: SellerParameters | None = None, on_this_machine: bool = False
    ) -> None:
        """`on_this_machine`: the embedded stack, where a messenger may listen on 127.0.0.1."""
        self._parameters = parameters or SellerParameters(prefix)
        self._on_this_machine = on_this_machine

    def send(self, seller: str, title: str, body: str, *, names: Sequence[str] = ()) -> bool:
        """True if at least one channel took it; False if the seller has none, or none of the named.

        Raises RetryableError if all channels failed or SSM did not answer, InvalidInputError if the parameter holds no
        usable Apprise URLs.
        """
        urls = self._urls(seller)
        unknown = [name for name in names if name not in urls]
        if unknown:
            logger().warning("no such channel", extra={"seller": seller, "channels": unknown})
        wanted = {name: urls[name] for name in names if name in urls} if names else urls
        if not wanted:
            return False
        usable, refused = self._made(wanted)
        if refused:
            logger().warning("channels that may not be used", extra={"seller": seller, "refused": refused})
        if not usable:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
            raise InvalidInputError(
                f"none of the {len(wanted)} channels of seller {seller} is usable ({reasons}); store others"
            )
        taken = [name for name, target in usable.items() if _tell(target, title, body)]
        if not taken:
            raise RetryableError(
                f"none of the {len(usable)} channels of seller {seller} took the message; try again later"
            )
        missed = [name for name in wanted if name not in taken]
        if missed:
            logger().warning("channels that took no message", extra={"seller": seller, "channels": missed})
        return True

    def _made(self, urls: Mapping[str, str]) -> tuple[dict[str, apprise.NotifyBase], dict[str, str]]:
        """The channels that may be used, and of the others why not; both by name."""
        import apprise  # imported late: it takes a quarter of a second, and most calls of a process come later

        # A redirect would lead past the check of the host; nothing is kept on disk, no plugin is loaded from there.
        asset = apprise.AppriseAsset(
            http_redirects=False, plugin_paths=[], storage_mode=apprise.PersistentStoreMode.MEMORY
        )
        usable: dict[str, apprise.NotifyBase] = {}
        refused: dict[str, str] = {}
        for name, url in urls.items():
            reason = refused_by_its_text(url, on_this_machine=self._on_this_machine)
            target = None if reason else apprise.Apprise.instantiate(url, asset=asset)
            if target is None:
                refused[name] = reason or "it is no Apprise URL"
                continue
            reason = refused_by_its_host(target, on_this_machine=self._on_this_machine)
            if reason:
                refused[name] = reason
            else:
                usable[name] = target
        return usable, refused

    def _urls(self, seller: str) -> Mapping[str, str]:
        value = self._parameters.json(seller, NAME)
        if value is None:
            return {}
        if isinstance(value, list):
            value = {str(number): url for number, url in enumerate(value, start=1)}
        if not isinstance(value, dict) or not all(isinstance(url, str) for url in value.values()):
            raise InvalidInputError(
                f"the channels of seller {seller} are neither an object of names and Apprise URLs nor a list of URLs; "
                "store them again"
            )
        return value


def _tell(target: apprise.NotifyBase, title: str, body: str) -> bool:
    import apprise

    if target.overflow_mode is apprise.OverflowMode.UPSTREAM:
        # Some services take little (WeCom 2048 characters): in parts rather than refused, unless the URL says else.
        target.overflow_mode = apprise.OverflowMode.SPLIT
    channel = apprise.Apprise()
    channel.add(target)
    # Without the format Apprise takes the text for markup, and a "<" of a reason makes Telegram refuse it.
    return bool(channel.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
