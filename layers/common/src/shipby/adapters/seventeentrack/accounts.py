"""Each seller's account at 17TRACK, from SSM: `<prefix>/sellers/<seller>/17track` = {"api_key", "pushes"?}."""

from __future__ import annotations

from shipby.adapters.aws.parameters import SellerParameters
from shipby.adapters.seventeentrack import contract
from shipby.adapters.seventeentrack.client import SeventeenTrack
from shipby.domain.errors import CredentialsRejectedError, InvalidInputError

NAME = "17track"


class SeventeenTrackAccounts:
    """Implements `TrackingServices`. No parameter: the seller does not use it, and nothing is called."""

    def __init__(self, parameters: SellerParameters, *, base_url: str = contract.BASE_URL) -> None:
        self._parameters = parameters
        self._base_url = base_url
        self._clients: dict[str, tuple[str, SeventeenTrack]] = {}

    def of(self, seller: str) -> SeventeenTrack | None:
        key, _ = self._account(seller)
        if not key:
            return None
        known = self._clients.get(seller)
        if known is None or known[0] != key:
            # The client paces its calls, so it must outlast one of them.
            known = self._clients[seller] = (key, SeventeenTrack(key, base_url=self._base_url))
        return known[1]

    def pushes(self, seller: str) -> bool:
        return self._account(seller)[1]

    def signed(self, seller: str, raw: bytes, signature: str) -> bool:
        try:
            key, _ = self._account(seller)
        except CredentialsRejectedError:
            return False
        return contract.is_signed(raw, key, signature)

    def _account(self, seller: str) -> tuple[str, bool]:
        try:
            value = self._parameters.json(seller, NAME)
        except InvalidInputError as error:
            raise CredentialsRejectedError(f"seller {seller[:64]!r} has no usable 17TRACK key: {error}") from error
        if value is None:
            return "", False
        if isinstance(value, dict) and isinstance(value.get("api_key"), str) and value["api_key"]:
            return value["api_key"], value.get("pushes", True) is not False
        raise CredentialsRejectedError(
            f"seller {seller} has no usable 17TRACK key: store api_key in sellers/{seller}/{NAME}"
        )
