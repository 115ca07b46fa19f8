"""HTTP to the marketplace: headers, pacing, time limits, and what a broken call means.

A read may be repeated. An acting call is sent exactly once: if it surely was not sent (refused connection, no address,
no valid certificate) that is MarketplaceUnavailableError and safe to repeat; once it may have been sent, anything but a
clear answer is OutcomeUnknownError, which only a read of the marketplace can settle.
"""

from __future__ import annotations

import json
import math
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

from shipby.adapters.aws.clock import utc_now
from shipby.adapters.ozon import assumptions
from shipby.adapters.ozon.breaker import LATE_ACT, LATE_READ, Breaker, LateError, NoAnswerError, NotSentError
from shipby.adapters.ozon.deadlines import DeadlinePool, whole_answer_within
from shipby.adapters.ozon.methods import Method
from shipby.adapters.ozon.pacing import PATIENCE, Pacer
from shipby.adapters.ozon.reading.answers import Node, parse_json
from shipby.adapters.ozon.refusals import breaker_open, is_envelope, message_of, refusal
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
    MarketplaceUnavailableError,
    OutcomeUnknownError,
    RateLimitedError,
)

T = TypeVar("T")

_PIECE = 65_536
_GIVEN_UP = frozenset({408, 499})
"""Statuses of a gateway that gave a call up in its middle (499: gRPC's CANCELLED, and nginx's closed request): whether
it was carried out nobody knows. Source: grpc-gateway, HTTPStatusFromCode."""
_SECONDS = re.compile(r"\+?\d+(?:\.\d*)?(?:[eE]\+?\d{1,3})?", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,200}")


class TooLargeError(NoAnswerError):
    """The answer is larger than anything the marketplace sends."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A whole HTTP answer. It has no repr: it may hold personal data."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def new_pool() -> urllib3.PoolManager:
    """A pool that several clients may share; certificates are checked, proxies of the environment are ignored, and a
    whole answer has a deadline."""
    return DeadlinePool(num_pools=4, maxsize=8)


class Transport:
    """Sends JSON to one API host for one seller. Safe to share between threads.

    `call_within` bounds one call from its first byte to its last, headers included; `read_within` a whole read, its
    repeats included, for workers that have little time; an acting call keeps its patience. All in seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        client_id: str,
        api_key: str,
        requests_per_second: float,
        read_within: float = math.inf,
        call_within: float = assumptions.CALL_SECONDS,
        pool: urllib3.PoolManager | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise InvalidInputError("the marketplace's base URL must look like https://api-seller.ozon.ru")
        if not all(_HEADER_VALUE.fullmatch(value) for value in (client_id, api_key)):
            raise CredentialsRejectedError("the seller's Client-Id or Api-Key is empty or has impossible characters")
        self.base_url = base_url.rstrip("/")
        self._headers = {
            "Client-Id": client_id,
            "Api-Key": api_key,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "shipby",
        }
        self._pacer = Pacer(requests_per_second, monotonic=monotonic, sleep=sleep)
        self._read_within = read_within * PATIENCE
        self._call_within = call_within * PATIENCE
        self._breaker = Breaker(monotonic=monotonic)
        self._file_breaker = Breaker(monotonic=monotonic)
        self._pool = pool or new_pool()
        self._monotonic = monotonic
        self._sleep = sleep
        self._chance = chance

    def read(self, method: Method, payload: Mapping[str, object], *, what: str = "") -> Node:
        """Call a method that may be repeated; `what` is the id for error messages.

        Raises MarketplaceUnavailableError, RateLimitedError, CredentialsRejectedError, NotFoundError, NotReadyYetError,
        ActionNotOfferedError, MarketplaceRefusedError.
        """
        name = f"{method.path} {what}".strip()
        return self._settled(self._read(method, payload, name), name, acts=False)

    def fetch(self, method: Method, payload: Mapping[str, object], *, what: str) -> Answer:
        """Call a harmless method that answers with a file, or with a JSON object that holds one. Raises as `read`."""
        name = f"{method.path} {what}".strip()
        answer = self._read(method, payload, name)
        if not 200 <= answer.status < 300 or answer.body.lstrip().startswith(b"{"):
            self._settled(answer, name, acts=False)
        return answer

    def act(self, method: Method, payload: Mapping[str, object], *, what: str, body_expected: bool = True) -> Node:
        """Call an acting method, once.

        Raises what `read` does, and OutcomeUnknownError when it may have been carried out.
        """
        name = f"{method.path} {what}".strip()
        _not_while_pausing(self._breaker, name)
        try:
            answer = self._post(method, payload)
        except NotSentError as error:
            raise MarketplaceUnavailableError(f"{name}: nothing was sent ({error}); try again later") from error
        except NoAnswerError as error:
            if isinstance(error, LateError):
                self._breaker.late(LATE_ACT)
            raise unknown(name, str(error)) from error
        self._breaker.answered()
        if answer.status >= 500 or answer.status < 200 or answer.status in _GIVEN_UP or 300 <= answer.status < 400:
            raise unknown(name, f"HTTP {answer.status}")
        if not body_expected and answer.status < 300 and not answer.body.strip():
            return Node({}, method.path)
        return self._settled(answer, name, acts=True)

    def _read(self, method: Method, payload: Mapping[str, object], name: str) -> Answer:
        until = self._monotonic() + self._read_within
        return self.retrying(lambda: self._post(method, payload, until), name, until)

    def retrying(
        self, call: Callable[[], Answer], name: str, until: float = math.inf, *, files: bool = False
    ) -> Answer:
        """Repeat a harmless call a few times over broken connections, time-outs and 5xx; other answers are returned.

        No further attempt begins after `until` (monotonic), or later than READ_BUDGET_SECONDS after the first.
        `files`: not of the API, which may answer where they do not. Raises MarketplaceUnavailableError when none
        of the attempts got an answer, and at once while the account pauses (see `breaker`).
        """
        breaker = self._file_breaker if files else self._breaker
        _not_while_pausing(breaker, name)
        last_start = min(until, self._monotonic() + assumptions.READ_BUDGET_SECONDS * PATIENCE)
        problem, late = "", False
        for attempt in range(assumptions.READ_ATTEMPTS):
            if attempt:
                pause = assumptions.BACK_OFF_SECONDS * 2**attempt * (0.5 + self._chance() / 2)
                if self._monotonic() + pause > last_start:
                    break
                self._sleep(pause)
            try:
                answer = call()
            except (NotSentError, NoAnswerError) as error:
                problem, late = str(error), isinstance(error, LateError)
                continue
            late = False
            breaker.answered()
            if answer.status < 500 and answer.status not in _GIVEN_UP:
                return answer
            problem = f"HTTP {answer.status}"
            if breaker_open(_text_of(answer)):
                raise MarketplaceUnavailableError(
                    f"{name}: the marketplace switched this method off for some minutes",
                    retry_after=assumptions.BREAKER_RETRY_AFTER,
                )
        if late:
            breaker.late(LATE_READ)
        raise MarketplaceUnavailableError(f"{name}: no answer from the marketplace ({problem}); try again later")

    def get(self, url: str, *, paced: bool, largest: int) -> Answer:
        """Fetch a file, without the seller's credentials. Raises NotSentError, NoAnswerError,
        InvalidInputError (larger than `largest` bytes)."""
        if paced:
            self._pacer.wait()
        within = assumptions.WHOLE_ANSWER_SECONDS * PATIENCE
        try:
            return self._exchange("GET", url, {"User-Agent": "shipby"}, None, largest=largest, within=within)
        except TooLargeError as error:
            raise InvalidInputError(f"the file has more than {largest} bytes; it was not taken") from error

    def _post(self, method: Method, payload: Mapping[str, object], until: float = math.inf) -> Answer:
        self._pacer.wait()
        body = json.dumps(payload, separators=(",", ":")).encode()
        url, largest = self.base_url + method.path, assumptions.LARGEST_ANSWER
        within = self._call_within
        return self._exchange("POST", url, self._headers, body, largest=largest, within=within, until=until)

    def _exchange(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        largest: int,
        within: float,
        until: float = math.inf,
    ) -> Answer:
        with whole_answer_within(max(0.1, min(within, until - self._monotonic()))):
            return self._answered(verb, url, headers, body, largest=largest, within=within, until=until)

    def _answered(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        largest: int,
        within: float,
        until: float,
    ) -> Answer:
        left = max(0.1, min(within, until - self._monotonic()))
        connect = min(assumptions.CONNECT_SECONDS * PATIENCE, left)
        read = min(assumptions.READ_SECONDS * PATIENCE, left)
        try:
            response = self._pool.request(
                verb,
                url,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(connect=connect, read=read),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise NotSentError(type(error).__name__) from error
        except SSLError as error:
            # A certificate is checked before anything is sent; other TLS errors may come in the middle.
            if error.args and isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise NotSentError("the certificate is not valid") from error
            raise NoAnswerError(type(error).__name__) from error
        except (ReadTimeoutError, TimeoutError) as error:
            raise LateError(type(error).__name__) from error
        except (HTTPError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        whole = False
        try:
            content = self._whole(response, largest, until)
            whole = True
        except (ReadTimeoutError, TimeoutError) as error:
            raise LateError(type(error).__name__) from error
        except (HTTPError, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()
        return Answer(response.status, response.headers, content)

    def _whole(self, response: urllib3.BaseHTTPResponse, largest: int, until: float) -> bytes:
        last = min(until, self._monotonic() + assumptions.WHOLE_ANSWER_SECONDS * PATIENCE)
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(_PIECE):
            size += len(piece)
            if size > largest:
                raise TooLargeError(f"an answer of more than {largest} bytes")
            if self._monotonic() > last:
                raise LateError("an answer that does not end")
            pieces.append(piece)
        return b"".join(pieces)

    def _settled(self, answer: Answer, name: str, *, acts: bool) -> Node:
        """The answer's object, or the error it stands for."""
        if answer.status == 429:
            raise rate_limited(answer, name)
        try:
            value = parse_json(answer.body)
        except ValueError:
            value = None
        if not 200 <= answer.status < 300:
            if 300 <= answer.status < 400:
                raise MarketplaceUnavailableError(f"{name}: the marketplace redirects, which is not followed")
            raise refusal(answer.status, message_of(value), what=name, acts=acts)
        if is_envelope(value):
            raise refusal(answer.status, message_of(value), what=name, acts=acts)
        if not isinstance(value, dict):
            if acts:
                raise unknown(name, "an answer that is not a JSON object")
            raise MarketplaceUnavailableError(f"{name}: the marketplace's answer is not a JSON object; try again later")
        return Node(value, name.partition(" ")[0])


def done(read: Callable[[], T], answer: Node, what: str) -> T:
    """Read the answer of an acting call: if it cannot be understood, the call may still have been carried out."""
    try:
        return read()
    except MarketplaceUnavailableError as error:
        raise unknown(f"{answer.path} {what}", str(error)) from error


def unknown(name: str, why: str) -> OutcomeUnknownError:
    """The error of an acting call whose outcome only the marketplace knows."""
    return OutcomeUnknownError(
        f"{name}: it may or may not have been carried out ({why}); do not send it again, read the marketplace first"
    )


def rate_limited(answer: Answer, name: str) -> RateLimitedError:
    """The error of a 429: nothing was carried out."""
    seconds = _retry_after(answer.headers)
    return RateLimitedError(
        f"{name}: more requests than the marketplace allows; wait {seconds:g} s", retry_after=seconds
    )


def _not_while_pausing(breaker: Breaker, name: str) -> None:
    """Whoever is turned away comes again when the pause is over, not after waits that grow with every turn."""
    if left := breaker.seconds_left():
        said = f"the account's calls were not answered in time, one is tried in {left:.0f} s"
        raise MarketplaceUnavailableError(f"{name}: nothing was sent ({said}); try again later", retry_after=left)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait: a number or, as HTTP has it, a date; by the answer's own `Date`, for our clock may be wrong.

    What is neither, or lies in the past, says no more than 429 itself. Source: RFC 9110, 10.2.3.
    """
    told = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(told):
        seconds = float(told)
    else:
        until, sent = _http_date(told), _http_date(headers.get("Date", ""))
        seconds = (until - (sent or utc_now())).total_seconds() if until else assumptions.DEFAULT_RETRY_AFTER
        if seconds <= 0:
            return assumptions.DEFAULT_RETRY_AFTER
    return min(seconds, assumptions.LONGEST_RETRY_AFTER)


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _text_of(answer: Answer) -> str:
    try:
        return message_of(parse_json(answer.body))
    except ValueError:
        return ""
