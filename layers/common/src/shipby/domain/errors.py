"""The error tree. Every error says what happened, to which id, and what to do.

ShipbyError
├── RetryableError            try the same thing again, later
│   ├── VersionConflictError       somebody else changed the item first: read again, decide again
│   ├── StoreUnavailableError      the database did not answer in time
│   │   └── UnreadableItemError        a newer release wrote the item: finish the deployment
│   ├── MarketplaceUnavailableError  5xx, "Circle is open", refused connection: nothing was sent or it is safe to repeat
│   │   └── UnreadableAnswerError      a field of its answer is not what its description says
│   ├── RateLimitedError           429: wait `retry_after` seconds
│   ├── NotReadyYetError           the marketplace has not prepared it (a label after ship)
│   └── TooManyTriesError          wrong PINs: wait `retry_after` seconds
├── PermanentError            the same call can never succeed
│   ├── InvalidInputError          the caller's data is wrong; `errors` names the fields
│   ├── NotFoundError
│   ├── AlreadyExistsError         a row that may exist only once is there
│   ├── StageMismatchError         the posting is not where the command expects it
│   │   └── StoppedError               nothing goes into its parcel: cancelled, expired, blocked, gone
│   ├── NotInStockError            a movement would take more goods than are free
│   ├── ActionNotOfferedError      the marketplace does not offer this now; `offered` lists what it does
│   │   ├── CannotShipError            a check at receipt stops it until it is cured or allowed
│   │   ├── AmendedError               the order was changed while it was worked on
│   │   ├── BenchRefusedError          a scan or a step at the bench does not count; its code says why
│   │   ├── DutyNeededError            the marketplace wants a mark, a declaration … of the pieces first
│   │   └── NoTrueReasonError          no reason that it offers is true of what happened
│   ├── RoleNeededError            another key's role may do this to an item in this state
│   ├── PreconditionFailedError    If-Match names an older version
│   ├── IdempotencyMismatchError   the same Idempotency-Key came with another body
│   ├── OverRefundError            more would be reserved than was paid
│   ├── NotAllowedError            the caller's role does not reach that far
│   ├── SignInRefusedError         no such key, badge or PIN, or its person was removed
│   └── MarketplaceRefusedError    a business error of the marketplace, with its text
└── NeedsPersonError          no machine may decide this
    ├── OutcomeUnknownError        sent, and no answer: only reading the marketplace settles it
    ├── CapReachedError            the daily cap of automatic actions is used up
    ├── CancelGuardError           a cancel would bring the error index into a worse band; `errors` says how to go on
    ├── KillSwitchOnError          the seller stopped all automation
    └── CredentialsRejectedError   the marketplace does not accept the API key
"""

from __future__ import annotations

from collections.abc import Sequence


class ShipbyError(Exception):
    """Root of every error raised on purpose.

    `code` is stable and machine-readable, `str(error)` says what happened and what to do.
    """

    code = "error"
    retryable = False
    needs_person = False


class RetryableError(ShipbyError):
    """The same call may succeed later."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait, where the other side said so."""


class VersionConflictError(RetryableError):
    """An item was changed by somebody else since it was read."""

    code = "version_conflict"


class StoreUnavailableError(RetryableError):
    """The database refused, or did not answer: then the change may have been applied, so read before repeating."""

    code = "store_unavailable"


class UnreadableItemError(StoreUnavailableError):
    """An item was written by a newer release: this one can never read it, and after the deployment the other will.

    To an API client it is one more reason why the database does not answer: the code is the same.
    """


class MarketplaceUnavailableError(RetryableError):
    """The marketplace failed before or without doing anything that matters (a read, a refused connection)."""

    code = "marketplace_unavailable"


class UnreadableAnswerError(MarketplaceUnavailableError):
    """A field of an answer is not what the marketplace's description says. `field` is its full name, `problem` what is
    wrong with it; the value is nowhere: an answer may hold personal data.

    To an API client it is one more reason why the marketplace does not answer: the code is the same.
    """

    def __init__(self, message: str, *, field: str = "", problem: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.problem = problem

    @classmethod
    def at(cls, field: str, problem: str) -> UnreadableAnswerError:
        """The error of one field, such as `/v1/x.id` that `is not text`."""
        message = (
            f"the marketplace's answer could not be read: {field} {problem}; "
            "if this stays, its API has changed and the adapter must follow"
        )
        return cls(message, field=field, problem=problem)


class RateLimitedError(RetryableError):
    """HTTP 429 of the marketplace: 50 requests a second per Client-Id over all methods."""

    code = "rate_limited"


class NotReadyYetError(RetryableError):
    """What was asked for is not ready: the marketplace prepares it (labels come 45-60 s after ship), or another worker
    is at it."""

    code = "not_ready_yet"


class TooManyTriesError(RetryableError):
    """Too many wrong PINs of a person, or at a bench: `retry_after` seconds nobody may try."""

    code = "too_many_tries"


class PermanentError(ShipbyError):
    """The same call can never succeed."""


class InvalidInputError(PermanentError):
    """The caller's data is wrong. `errors` holds (field, problem) pairs."""

    code = "invalid_input"

    def __init__(self, message: str, *, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class NotFoundError(PermanentError):
    """There is no such item for this seller."""

    code = "not_found"


POINTER_TAKEN = "FIND"
"""`AlreadyExistsError.what` where a pointer that was to be claimed leads to another item."""


class AlreadyExistsError(PermanentError):
    """A row that may be written only once exists. `what` names it."""

    code = "already_exists"

    def __init__(self, message: str, *, what: str = "") -> None:
        super().__init__(message)
        self.what = what


class StageMismatchError(PermanentError):
    """The posting's stage does not allow this command."""

    code = "stage_mismatch"


class StoppedError(StageMismatchError):
    """Nothing goes into the posting's parcel now. `code`: cancelled, being_cancelled, expired, blocked or left."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        if code:
            self.code = code


class NotInStockError(PermanentError):
    """A movement would take more goods than there are, or than are free."""

    code = "not_in_stock"


class ActionNotOfferedError(PermanentError):
    """The marketplace's `available_actions` (or the product's own rule) do not allow this now."""

    code = "action_not_offered"

    def __init__(self, message: str, *, offered: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.offered = tuple(offered)


class BenchRefusedError(ActionNotOfferedError):
    """A scan or a step at the bench does not count. `code` is the bench's own word for it: see docs/bench.md."""

    def __init__(self, message: str, *, code: str = "", offered: Sequence[str] = ()) -> None:
        super().__init__(message, offered=offered)
        if code:
            self.code = code


class DutyNeededError(ActionNotOfferedError):
    """The marketplace wants something of the pieces first: a mark, a customs declaration and the like.

    `code` says what: mark_needed, gtd_needed, rnpt_needed, uin_needed, imei_needed, weight_needed, country_needed, or
    boxes_needed for the number of boxes; exemplars_needed for anything else, and while the marketplace has not accepted
    what was entered.
    """

    code = "exemplars_needed"

    def __init__(self, message: str, *, code: str = "", offered: Sequence[str] = ()) -> None:
        super().__init__(message, offered=offered)
        if code:
            self.code = code


class RoleNeededError(PermanentError):
    """What this key's role may do is not enough for the state the item is in."""

    code = "forbidden"


class CannotShipError(ActionNotOfferedError):
    """A check stops the posting before work on it begins: the message names what does not fit."""

    code = "cannot_ship"


class NotConfirmedError(ActionNotOfferedError):
    """Nobody has confirmed the posting; a person may ship it all the same, with a reason."""

    code = "not_confirmed"


class AmendedError(ActionNotOfferedError):
    """The order was changed while it was worked on: somebody has to see what, and put the parcel right."""

    code = "amended"


class RefusedForNowError(ActionNotOfferedError):
    """The marketplace refused one item of a call for a reason that may pass by itself."""


class NoTrueReasonError(ActionNotOfferedError):
    """None of the reasons that the marketplace offers is true of what happened: a person decides."""


class PreconditionFailedError(PermanentError):
    """If-Match names a version that is no longer current."""

    code = "precondition_failed"


class IdempotencyMismatchError(PermanentError):
    """An Idempotency-Key was used before with another request."""

    code = "idempotency_mismatch"


class NotAllowedError(PermanentError):
    """Who asks may do this to some, but not to this one: a manager to an owner, a packer in another warehouse."""

    code = "not_allowed"


class SignInRefusedError(PermanentError):
    """Nobody is signed in by this. One answer for every reason, so that it tells nothing of people and keys."""

    code = "sign_in_refused"


class OverRefundError(PermanentError):
    """More money would be reserved or refunded than the buyer paid."""

    code = "over_refund"


class MarketplaceRefusedError(PermanentError):
    """A business refusal of the marketplace; `text` is its own business code or message."""

    code = "marketplace_refused"

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text or message


class NeedsPersonError(ShipbyError):
    """A person has to decide."""

    needs_person = True


class OutcomeUnknownError(NeedsPersonError):
    """A call was sent and its answer never came: it may or may not have happened. Never send it again unasked."""

    code = "outcome_unknown"


class CapReachedError(NeedsPersonError):
    """The seller's daily cap for an automatic action is used up."""

    code = "cap_reached"


class CancelGuardError(NeedsPersonError):
    """The cancel would bring the error index into a worse band, or nobody knows what it would do.

    `errors` names the field that accepts the forecast all the same; empty where no field does.
    """

    code = "cancel_guard"

    def __init__(self, message: str, *, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class IndexUnknownError(CancelGuardError):
    """The error index is not known (or is stale), so nobody knows what an automatic cancel would do to it."""


class KillSwitchOnError(NeedsPersonError):
    """The seller has stopped every irreversible action."""

    code = "kill_switch_on"


class CredentialsRejectedError(NeedsPersonError):
    """The marketplace rejects the API key (wrong, expired after three months, or lacking a role)."""

    code = "credentials_rejected"
