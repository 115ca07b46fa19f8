"""Telegram, WeCom, DingTalk, Feishu, e-mail, Slack …: Apprise URLs in the parameter `sellers/<seller>/channels`."""

from __future__ import annotations

from shipby.adapters.aws.parameters import SellerParameters
from shipby.domain.errors import InvalidInputError, RetryableError

NAME = "channels"


class AppriseChannels:
    """Implements `SellerChannels`. The URLs hold tokens: they are in no message."""

    def __init__(self, prefix: str, *, parameters: SellerParameters | None = None) -> None:
        self._parameters = parameters or SellerParameters(prefix)

    def send(self, seller: str, title: str, body: str) -> bool:
        """True if at least one channel took it; False if the seller has none.

        Raises RetryableError if all channels failed or SSM did not answer, InvalidInputError if the parameter is no
        list of usable Apprise URLs.
        """
        urls = self._urls(seller)
        if not urls:
            return False
        import apprise  # imported late: it takes a quarter of a second, and most calls of a process come later

        targets = [apprise.Apprise.instantiate(url) for url in urls]
        usable = [target for target in targets if target is not None]
        if not usable:
            raise InvalidInputError(f"none of the {len(urls)} channels of seller {seller} is a usable Apprise URL")
        taken = 0
        for target in usable:
            channel = apprise.Apprise()
            channel.add(target)
            # Without the format Apprise takes the text for markup, and a "<" of a reason makes Telegram refuse it.
            taken += bool(channel.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
        if not taken:
            raise RetryableError(
                f"none of the {len(usable)} channels of seller {seller} took the message; try again later"
            )
        return True

    def _urls(self, seller: str) -> list[str]:
        value = self._parameters.json(seller, NAME)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
            raise InvalidInputError(f"the channels of seller {seller} are not a list of Apprise URLs; store them again")
        return value
