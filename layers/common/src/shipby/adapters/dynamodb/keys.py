"""Every key of the table is built and read here, and nowhere else; those of its indexes in index_keys.py, those of what
is for sale in rows/availability.

    PK                               SK
    SELLER#<s>#POSTING#<p>           POSTING, DETAIL, MONEY, EVENT#<version>#<n>, TRACKING#<seq>, LABEL#<id>,
                                     INTENT#<id>, BENCH, EXEMPLARS, RESERVED, EVIDENCE, PIECE#<seq>,
                                     UPLOAD#<id>
    SELLER#<s>#RETURN#<r>            RETURN, EVENT#<version>#<n>, INTENT#<id>
    SELLER#<s>#JOB#<id>              JOB, EVENT#<version>#<n>
    SELLER#<s>#WATCH#<id>            WATCH, EVENT#<version>#<n>
    SELLER#<s>#CASE#<id>             CASE, EVENT#<version>#<n>
    SELLER#<s>#CARRIAGE#<id>         CARRIAGE, EVENT#<version>#<n>
    SELLER#<s>#CANCELREQ#<id>        CANCELREQ, EVENT#<version>#<n>, INTENT#<id>
    SELLER#<s>#CLAIM#<id>            CLAIM, EVENT#<version>#<n>
    SELLER#<s>#PACK#<id>             PACK, EVENT#<version>#<n>
    SELLER#<s>#NUMBERJOB#<id>        NUMBERJOB, ROWS#<part>, EVENT#<version>#<n>
    SELLER#<s>#SHADOWS#<yyyymmdd>    SHADOW#<at>#<event>
    SELLER#<s>#PRODUCT#<sku>         EVENT#<version>#<n>
    SELLER#<s>#PRODUCTS              PRODUCT#<sku>
    SELLER#<s>#CARRIER#<code>        EVENT#<version>#<n>
    SELLER#<s>#CARRIERS              CARRIER#<code>
    SELLER#<s>#NUMBER#<number>       SCAN#<at>#<id>
    SELLER#<s>#POOL#<sku>#FREE, …#USED   MARK#<GTIN and serial>
    SELLER#<s>#PICKS                 PICK#<posting>#<sku>
    SELLER#<s>#FAILURES#<yyyymm>     FAILURE#<at>#<posting>#<version>
    SELLER#<s>#POOL#<pool>           EVENT#<version>#<n>
    SELLER#<s>#POOLS                 POOL#<pool>
    SELLER#<s>#STOCKS#<pool>         SKU#<sku>
    SELLER#<s>#STOCK#<pool>/<sku>    EVENT#<version>#<n>
    SELLER#<s>#WAITING#<pool>        SKU#<sku>#<shop>#<posting>
    SELLER#<s>#PAGES#<yyyymmdd>      PAGE#<id>
    SELLER#<s>#INBOX#<yyyymmdd>      PUSH#<type>#<hash16>#<window>
    SELLER#<s>#OUTCOMES#<yyyymmdd>   OUTCOME#<posting>
    SELLER#<s>#DIGEST#<recipient>    ENTRY#<at>#<event>
    SELLER#<s>                       SETTINGS, CAP#<action>#<yyyymmdd>, IDEM#<key>, REPORT#<kind>#<yyyymmdd>
    SELLER#<s>#PEOPLE                PERSON#<id>
    SELLER#<s>#SETTINGS#policy       EVENT#<version>#<n>
    SELLER#<s>#PERSON#<id>           EVENT#<version>#<n>
    SELLER#<s>#KEY#<id>              EVENT#<version>#<n>
    SELLER#<s>#TRIES                 TRIES#<subject>
    SELLERS                          <s>
    SELLER#<s>#WORDS                 <word>#<kind>#<p>
    FIND#<s>#<kind>#<value>          FIND
    PUSHTOKEN#<sha256>               PUSHTOKEN
    APIKEY#<id>                      APIKEY
    PERSON#<id>                      PERSON
    SESSION#<sha256>                 SESSION
    CALLS#<s>#<window>               CALLS
    CONSOLE#FAILED#<origin>#<window> FAILED

Times in keys are microseconds since 1970 in 18 digits, so that text order is time order until the year 9999.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, Ref

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = "9" * 18
_MAX_PART = 900
"""Bytes of one part of a key: DynamoDB allows 2048 for a partition key and 1024 for a sort key."""

POSTING = "POSTING"
DETAIL = "DETAIL"
MONEY = "MONEY"
RETURN = "RETURN"
JOB = "JOB"
WATCH = "WATCH"
CASE = "CASE"
CARRIAGE = "CARRIAGE"
BENCH = "BENCH"
EXEMPLARS = "EXEMPLARS"
RESERVED = "RESERVED"
CANCEL_REQUEST = "CANCELREQ"
CLAIM = "CLAIM"
PACK = "PACK"
NUMBER_JOB = "NUMBERJOB"
EVIDENCE = "EVIDENCE"
SETTINGS = "SETTINGS"
FIND = "FIND"
CALLS = "CALLS"
PUSH_TOKEN = "PUSHTOKEN"  # noqa: S105 - the name of a row kind
API_KEY = "APIKEY"
PERSON = "PERSON"
SESSION = "SESSION"
SELLERS = "SELLERS"
EVENT_PREFIX = "EVENT#"
TRACKING_PREFIX = "TRACKING#"
LABEL_PREFIX = "LABEL#"
INTENT_PREFIX = "INTENT#"
PUSH_PREFIX = "PUSH#"
OUTCOME_PREFIX = "OUTCOME#"
PRODUCT_PREFIX = "PRODUCT#"
CARRIER_PREFIX = "CARRIER#"
PURCHASE_PREFIX = "PURCHASE#"
SCAN_PREFIX = "SCAN#"
ROWS_PREFIX = "ROWS#"
MARK_PREFIX = "MARK#"
PICK_PREFIX = "PICK#"
FAILURE_PREFIX = "FAILURE#"
PAGE_PREFIX = "PAGE#"
ENTRY_PREFIX = "ENTRY#"
PIECE_PREFIX = "PIECE#"
UPLOAD_PREFIX = "UPLOAD#"
POOL_PREFIX = "POOL#"
SKU_PREFIX = "SKU#"
SHADOW_PREFIX = "SHADOW#"
PERSON_PREFIX = "PERSON#"
TRIES_PREFIX = "TRIES#"
CHANGE = "change"
ENDED = "ended"
"""The attribute of an event row that holds what its version changed."""
ASIDE = "ALARM#ASIDE"
"""The partition of alarms that were set aside."""
_ID_NAMES: Mapping[AggregateKind, str] = {
    AggregateKind.POSTING: "posting number",
    AggregateKind.RETURN: "return id",
    AggregateKind.PRINT_JOB: "print job id",
    AggregateKind.WATCH: "watch id",
    AggregateKind.CASE: "case id",
    AggregateKind.CARRIAGE: "carriage id",
    AggregateKind.PRODUCT: "SKU",
    AggregateKind.CARRIER: "carrier code",
    AggregateKind.CANCEL_REQUEST: "cancel request id",
    AggregateKind.CLAIM: "claim id",
    AggregateKind.EVIDENCE_PACK: "evidence pack id",
    AggregateKind.NUMBER_JOB: "job id",
    AggregateKind.SETTINGS: "policy",
    AggregateKind.SUPPLY: "pool and SKU",
    AggregateKind.PURCHASE: "purchase id",
    AggregateKind.PERSON: "person id",
    AggregateKind.KEY: "key id",
    AggregateKind.STOCK: "SKU",
    AggregateKind.POOL: "pool id",
}


@dataclass(frozen=True, slots=True)
class Key:
    """Primary key of one item."""

    pk: str
    sk: str

    @property
    def wire(self) -> dict[str, dict[str, str]]:
        """As DynamoDB's low-level API wants it."""
        return {"PK": {"S": self.pk}, "SK": {"S": self.sk}}


def _part(value: str, what: str) -> str:
    """A part of a key that others follow. Raises InvalidInputError if it could be mistaken for several."""
    if "#" in value:
        raise InvalidInputError(f"{what} {value!r} must not contain '#'", errors=[(what, "must not contain '#'")])
    return _last_part(value, what)


def _last_part(value: str, what: str) -> str:
    """The part at the end of a key: any text that is neither empty nor longer than a key may be."""
    if not value or len(value.encode()) > _MAX_PART:
        problem = f"must have 1 to {_MAX_PART} bytes"
        raise InvalidInputError(f"{what} {problem}", errors=[(what, problem)])
    return value


def part_of_key(value: str, what: str, *, last: bool = False) -> str:
    """A part of a key for the modules beside this one. Raises InvalidInputError."""
    return _last_part(value, what) if last else _part(value, what)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly. Raises InvalidInputError for a naive time."""
    if moment.tzinfo is None:
        raise InvalidInputError(f"the time {moment} has no time zone")
    return (moment - EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The time of a number of microseconds since 1970, in UTC."""
    return EPOCH + timedelta(microseconds=value)


def sortable(when: datetime | None) -> str:
    if when is None:
        return _NEVER
    value = micros(when)
    if value < 0:
        raise InvalidInputError(f"the time {when} is before 1970 and cannot be sorted")
    return f"{value:018d}"


def day_text(day: date) -> str:
    return f"{day:%Y%m%d}"


def utc_day(when: datetime) -> str:
    return day_text(when.astimezone(UTC).date())


def seller_pk(seller: str) -> str:
    return f"SELLER#{_part(seller, 'seller')}"


def seller_prefix(seller: str) -> str:
    """What every PK of a seller's postings, returns and pushes begins with."""
    return f"{seller_pk(seller)}#"


# Primary keys ----------------------------------------------------------------------------------------------------


def aggregate_pk(seller: str, ref: Ref) -> str:
    """The partition of a posting or a return."""
    return f"{seller_pk(seller)}#{ref.kind}#{_part(ref.id, _ID_NAMES[ref.kind])}"


def posting_pk(seller: str, number: str) -> str:
    return aggregate_pk(seller, Ref(AggregateKind.POSTING, number))


def posting(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), POSTING)


def detail(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), DETAIL)


def money(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), MONEY)


def return_case(seller: str, return_id: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.RETURN, return_id)), RETURN)


def print_job(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.PRINT_JOB, identifier)), JOB)


def watch(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.WATCH, identifier)), WATCH)


def case(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.CASE, identifier)), CASE)


def carriage(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.CARRIAGE, identifier)), CARRIAGE)


def cancel_request(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.CANCEL_REQUEST, identifier)), CANCEL_REQUEST)


def claim(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.CLAIM, identifier)), CLAIM)


def evidence_pack(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.EVIDENCE_PACK, identifier)), PACK)


def evidence_chain(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), EVIDENCE)


def evidence(seller: str, number: str, sequence: int) -> Key:
    if not 1 <= sequence <= 99_999:
        raise InvalidInputError(f"posting {number} has no room for evidence {sequence}: it may have 99999 items")
    return Key(posting_pk(seller, number), f"{PIECE_PREFIX}{sequence:05d}")


def evidence_upload(seller: str, number: str, identifier: str) -> Key:
    return Key(posting_pk(seller, number), f"{UPLOAD_PREFIX}{_part(identifier, 'upload id')}")


def shadows_pk(seller: str, day: date) -> str:
    """The partition of what automatic actions would have done on one UTC day."""
    return f"{seller_pk(seller)}#SHADOWS#{day_text(day)}"


def shadow(seller: str, day: date, at: datetime, event_id: str) -> Key:
    return Key(shadows_pk(seller, day), f"{SHADOW_PREFIX}{sortable(at)}#{_part(event_id, 'event id')}")


def products_pk(seller: str) -> str:
    """The partition of a seller's product cards."""
    return f"{seller_pk(seller)}#PRODUCTS"


def product_card(seller: str, sku: str) -> Key:
    return Key(products_pk(seller), f"{PRODUCT_PREFIX}{_part(sku, 'SKU')}")


def words_pk(seller: str) -> str:
    """The partition of the words that a seller's postings are found by."""
    return f"{seller_pk(seller)}#WORDS"


def word(seller: str, text: str, kind: str, number: str) -> Key:
    return Key(words_pk(seller), f"{_part(text, 'word')}#{kind}#{_part(number, 'posting number')}")


def carriers_pk(seller: str) -> str:
    """The partition of a seller's own carriers."""
    return f"{seller_pk(seller)}#CARRIERS"


def carrier(seller: str, code: str) -> Key:
    return Key(carriers_pk(seller), f"{CARRIER_PREFIX}{_part(code, 'carrier code')}")


def purchases_pk(seller: str) -> str:
    """The partition of a seller's purchases."""
    return f"{seller_pk(seller)}#PURCHASES"


def purchase(seller: str, identifier: str) -> Key:
    return Key(purchases_pk(seller), f"{PURCHASE_PREFIX}{_part(identifier, 'purchase id')}")


def scans_pk(seller: str, number: str) -> str:
    """The partition of what carriers said of one tracking number."""
    return f"{seller_pk(seller)}#NUMBER#{_part(number, 'tracking number')}"


def scan(seller: str, number: str, at: datetime, identifier: str) -> Key:
    return Key(scans_pk(seller, number), f"{SCAN_PREFIX}{sortable(at)}#{_part(identifier, 'scan id')}")


def number_job(seller: str, identifier: str) -> Key:
    return Key(aggregate_pk(seller, Ref(AggregateKind.NUMBER_JOB, identifier)), NUMBER_JOB)


def number_rows(seller: str, job: str, part: int) -> Key:
    if not 0 <= part <= 999:
        raise InvalidInputError(f"job {job} has no room for part {part}")
    return Key(aggregate_pk(seller, Ref(AggregateKind.NUMBER_JOB, job)), f"{ROWS_PREFIX}{part:03d}")


def bench_check(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), BENCH)


def exemplar_sheet(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), EXEMPLARS)


def pool_pk(seller: str, sku: str, *, used: bool) -> str:
    """The partition of the free or of the used marks of a product."""
    return f"{seller_pk(seller)}#POOL#{_part(sku, 'SKU')}#{'USED' if used else 'FREE'}"


def pool_mark(seller: str, sku: str, identity: str, *, used: bool) -> Key:
    return Key(pool_pk(seller, sku, used=used), f"{MARK_PREFIX}{_last_part(identity, 'mark')}")


def picks_pk(seller: str) -> str:
    """The partition of the lines that pickers have."""
    return f"{seller_pk(seller)}#PICKS"


def pick_claim(seller: str, number: str, sku: str) -> Key:
    return Key(picks_pk(seller), f"{PICK_PREFIX}{_part(number, 'posting number')}#{_part(sku, 'SKU')}")


def failures_pk(seller: str, day: date) -> str:
    """The partition of what failed an inspection in the UTC month of a day."""
    return f"{seller_pk(seller)}#FAILURES#{day:%Y%m}"


def quality_failure(seller: str, at: datetime, number: str, version: int) -> Key:
    place = f"{FAILURE_PREFIX}{sortable(at)}#{_part(number, 'posting number')}#{version:08d}"
    return Key(failures_pk(seller, at.astimezone(UTC).date()), place)


def reservation(seller: str, number: str) -> Key:
    return Key(posting_pk(seller, number), RESERVED)


def pools_pk(owner: str) -> str:
    """The partition of an owner's pools."""
    return f"{seller_pk(owner)}#POOLS"


def pool(owner: str, identifier: str) -> Key:
    return Key(pools_pk(owner), f"{POOL_PREFIX}{_part(identifier, 'pool id')}")


def stocks_pk(owner: str, pool: str) -> str:
    """The partition of what a pool holds."""
    return f"{seller_pk(owner)}#STOCKS#{_part(pool, 'pool id')}"


def stock(owner: str, pool: str, sku: str) -> Key:
    return Key(stocks_pk(owner, pool), f"{SKU_PREFIX}{_part(sku, 'SKU')}")


def waiting_pk(owner: str, pool: str) -> str:
    """The partition of the postings that lack pieces of a pool."""
    return f"{seller_pk(owner)}#WAITING#{_part(pool, 'pool id')}"


def waiting_prefix(sku: str) -> str:
    return f"{SKU_PREFIX}{_part(sku, 'SKU')}#"


def waiting(owner: str, pool: str, sku: str, shop: str, number: str) -> Key:
    place = f"{waiting_prefix(sku)}{_part(shop, 'seller')}#{_part(number, 'posting number')}"
    return Key(waiting_pk(owner, pool), place)


def pages_pk(seller: str, day: date) -> str:
    """The partition of the label pages set aside on one UTC day."""
    return f"{seller_pk(seller)}#PAGES#{day_text(day)}"


def refused_page(seller: str, day: date, identifier: str) -> Key:
    return Key(pages_pk(seller, day), f"{PAGE_PREFIX}{_part(identifier, 'page id')}")


def outcomes_pk(seller: str, day: date) -> str:
    """The partition of what left on one UTC day."""
    return f"{seller_pk(seller)}#OUTCOMES#{day_text(day)}"


def outcome(seller: str, shipped_at: datetime, number: str) -> Key:
    day = shipped_at.astimezone(UTC).date()
    return Key(outcomes_pk(seller, day), f"{OUTCOME_PREFIX}{_part(number, 'posting number')}")


def digest_pk(seller: str, recipient: str) -> str:
    """The partition of what waits to be told to a recipient."""
    return f"{seller_pk(seller)}#DIGEST#{_part(recipient, 'recipient')}"


def digest_entry(seller: str, recipient: str, at: datetime, event_id: str) -> Key:
    return Key(digest_pk(seller, recipient), f"{ENTRY_PREFIX}{sortable(at)}#{_part(event_id, 'event id')}")


def event(seller: str, ref: Ref, version: int, index: int) -> Key:
    if not (1 <= version <= 99_999_999 and 0 <= index <= 99):
        raise InvalidInputError(
            f"event {version}/{index} of {ref.id} is out of range: versions are 1 to 99999999 of up to 100 events each"
        )
    return Key(aggregate_pk(seller, ref), f"{EVENT_PREFIX}{version:08d}#{index:02d}")


def events_after(version: int) -> tuple[str, str]:
    """First and last sort key of the events of versions above `version`."""
    return f"{EVENT_PREFIX}{version + 1:08d}", f"{EVENT_PREFIX}99999999#99"


def tracking(seller: str, number: str, sequence: int) -> Key:
    if not 0 <= sequence <= 9999:
        raise InvalidInputError(f"posting {number} has no room for change {sequence} of its tracking number")
    return Key(posting_pk(seller, number), f"{TRACKING_PREFIX}{sequence:04d}")


def document(seller: str, number: str, identifier: str) -> Key:
    return Key(posting_pk(seller, number), f"{LABEL_PREFIX}{_part(identifier, 'document id')}")


def intent(seller: str, owner: Ref, identifier: str) -> Key:
    return Key(aggregate_pk(seller, owner), f"{INTENT_PREFIX}{_part(identifier, 'intent id')}")


def settings(seller: str) -> Key:
    return Key(seller_pk(seller), SETTINGS)


def cap(seller: str, action: str, day: date) -> Key:
    return Key(seller_pk(seller), f"CAP#{_part(action, 'action')}#{day_text(day)}")


def remembered(seller: str, key: str) -> Key:
    return Key(seller_pk(seller), f"IDEM#{_last_part(key, 'Idempotency-Key')}")


def report(seller: str, kind: str, day: date) -> Key:
    return Key(seller_pk(seller), f"REPORT#{_part(kind, 'report kind')}#{day_text(day)}")


def registered_seller(seller: str) -> Key:
    return Key(SELLERS, _part(seller, "seller"))


def pointer(seller: str, kind: str, value: str) -> Key:
    return Key(f"FIND#{_part(seller, 'seller')}#{_part(kind, 'kind')}#{_last_part(value, kind)}", FIND)


def calls(seller: str, window: int) -> Key:
    return Key(f"CALLS#{_part(seller, 'seller')}#{window}", CALLS)


def push_token(sha256: str) -> Key:
    return Key(f"PUSHTOKEN#{_part(sha256, 'token hash')}", PUSH_TOKEN)


def api_key(identifier: str) -> Key:
    return Key(f"APIKEY#{_part(identifier, 'key id')}", API_KEY)


def people_pk(seller: str) -> str:
    """The partition of everybody who works or worked in a shop."""
    return f"{seller_pk(seller)}#PEOPLE"


def person(seller: str, identifier: str) -> Key:
    return Key(people_pk(seller), f"{PERSON_PREFIX}{_part(identifier, 'person id')}")


def account(person_id: str) -> Key:
    return Key(f"PERSON#{_part(person_id, 'person id')}", PERSON)


def session(sha256: str) -> Key:
    return Key(f"SESSION#{_part(sha256, 'session')}", SESSION)


def tries(seller: str, subject: str) -> Key:
    return Key(f"{seller_pk(seller)}#TRIES", f"{TRIES_PREFIX}{_part(subject, 'subject')}")


def console_failures(origin: str, window: int) -> Key:
    """Refused attempts to sign in from one address (its hash) in a window of time."""
    return Key(f"CONSOLE#FAILED#{_part(origin, 'address hash')}#{window}", "FAILED")


def inbox_pk(seller: str, day: date) -> str:
    """The partition of the pushes of one UTC day."""
    return f"{seller_pk(seller)}#INBOX#{day_text(day)}"


def push(seller: str, received_at: datetime, kind: str, digest: str, window: int) -> Key:
    """A push is one row per body, window and UTC day; windows that divide a day never straddle midnight."""
    sort = f"{PUSH_PREFIX}{_part(kind, 'push type')}#{_part(digest, 'digest')[:16]}#{window}"
    return Key(inbox_pk(seller, received_at.astimezone(UTC).date()), sort)
