"""Each seller's marketplace, with the key from SSM: `<prefix>/sellers/<seller>/ozon` = {"client_id", "api_key"}."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from shipby.adapters.aws.parameters import SellerParameters
from shipby.adapters.ozon.client import OzonClient
from shipby.adapters.ozon.transport import new_pool
from shipby.domain.errors import CredentialsRejectedError, InvalidInputError

if TYPE_CHECKING:  # for annotations only
    import urllib3

NAME = "ozon"


class SsmMarketplaces:
    """Implements `Marketplaces`. A client lives as long as its seller's key: pacing must outlast one call.

    `requests_per_second` is the share of each seller's 50 requests a second that this process may use, `read_within`
    the seconds that one read may take with its repeats.
    """

    def __init__(
        self,
        prefix: str,
        base_url: str,
        *,
        requests_per_second: float = 4.0,
        read_within: float = math.inf,
        parameters: SellerParameters | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._base_url = base_url
        self._rate = requests_per_second
        self._read_within = read_within
        self._parameters = parameters or SellerParameters(prefix)
        self._pool = pool or new_pool()
        self._clients: dict[str, tuple[tuple[str, str], OzonClient]] = {}
        self._lock = threading.Lock()

    def of(self, seller: str) -> OzonClient:
        """The seller's client; a changed key takes effect within five minutes.

        Raises CredentialsRejectedError where there is no usable key, StoreUnavailableError if SSM does not answer.
        """
        key = self._key(seller)
        with self._lock:
            known = self._clients.get(seller)
            if known and known[0] == key:
                return known[1]
            client = OzonClient(
                self._base_url,
                key[0],
                key[1],
                requests_per_second=self._rate,
                read_within=self._read_within,
                pool=self._pool,
            )
            self._clients[seller] = (key, client)
            return client

    def _key(self, seller: str) -> tuple[str, str]:
        try:
            value = self._parameters.json(seller, NAME)
        except InvalidInputError as error:
            raise CredentialsRejectedError(f"seller {seller[:64]!r} has no usable marketplace key: {error}") from error
        if isinstance(value, dict):
            client_id, api_key = value.get("client_id"), value.get("api_key")
            if isinstance(client_id, str | int) and isinstance(api_key, str) and api_key:
                return str(client_id), api_key
        raise CredentialsRejectedError(
            f"seller {seller} has no usable marketplace key: store client_id and api_key in sellers/{seller}/{NAME}"
        )
