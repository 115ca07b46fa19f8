"""Data of single pieces: create-or-get, validate, set, update, status.

Invented, as no official example exists: ids, how long a check takes, every error code, and that `requirements` stay as
they are once their data was accepted. Methods call the SKU `product_id`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Body, Call, Method
from shipby_local.simulator.errors import invalid
from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import Json

_KINDS = ("mandatory_mark", "jw_uin", "imei")
_WANTED = {f"products_requiring_{kind}": kind for kind in _KINDS}
_BAD_FORM = "INVALID_MARK_FORMAT"


def create_or_get(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    return {
        "multi_box_qty": posting.multi_box_qty,
        "posting_number": posting.number,
        "products": [
            {
                "product_id": sku,
                "quantity": len(pieces),
                "exemplars": [_plain(piece) for piece in pieces],
                "is_gtd_needed": _is_wanted(posting, "gtd", sku),
                "is_rnpt_needed": _is_wanted(posting, "rnpt", sku),
                "is_mandatory_mark_needed": _is_wanted(posting, "mandatory_mark", sku),
                "is_mandatory_mark_possible": _is_wanted(posting, "mandatory_mark", sku),
                "is_jw_uin_needed": _is_wanted(posting, "jw_uin", sku),
                "is_weight_needed": _is_wanted(posting, "weight", sku),
                "has_imei": _is_wanted(posting, "imei", sku),
                "weight_min": 0,
                "weight_max": 0,
            }
            for sku, pieces in _pieces(call, posting)
        ],
    }


def check_pieces(posting: Posting, named: Mapping[int, Sequence[int]]) -> None:
    """Refuses ids of pieces that the posting does not hold."""
    for sku, ids in named.items():
        if unknown := set(ids) - {piece["exemplar_id"] for piece in posting.exemplars.get(str(sku), [])}:
            raise invalid(f"{min(unknown)} does not belong to product {sku}")


def move_pieces(posting: Posting, part: Posting, named: Mapping[int, Sequence[int]]) -> None:
    """Data of the pieces that a partial assembly names goes with them; unnamed ones take the first that there are."""
    for line in part.lines:
        known = posting.exemplars.get(str(line.sku), [])
        wanted = set(named.get(line.sku, ())) or {piece["exemplar_id"] for piece in known[: line.quantity]}
        part.exemplars[str(line.sku)] = [piece for piece in known if piece["exemplar_id"] in wanted]
        posting.exemplars[str(line.sku)] = [piece for piece in known if piece["exemplar_id"] not in wanted]
    part.exemplars_checked_at = posting.exemplars_checked_at


def validate(call: Call) -> Json:
    call.posting(call.body.text("posting_number"))
    products = []
    for product in call.body.parts("products"):
        exemplars = [_validated(piece) for piece in product.parts("exemplars")]
        products.append(
            {
                "product_id": product.integer("product_id"),
                "error": "",
                "exemplars": exemplars,
                "valid": all(each["valid"] for each in exemplars),
            }
        )
    return {"products": products}


def set_exemplars(call: Call) -> None:
    posting = call.posting(call.body.text("posting_number"))
    if posting.status not in (words.AWAITING_PACKAGING, words.AWAITING_DELIVER):
        raise invalid("Posting must have 'awaiting_packaging' status")
    own = dict(_pieces(call, posting))
    sent: dict[int, dict[int, Json]] = {}
    for product in call.body.parts("products"):
        sku = product.integer("product_id")
        ids = {piece["exemplar_id"] for piece in own.get(sku, [])}
        for piece in product.parts("exemplars"):
            identifier = piece.integer("exemplar_id")
            if identifier not in ids:
                raise invalid(f"{identifier} does not belong to product {sku}")
            sent.setdefault(sku, {})[identifier] = _read(piece, identifier)
    for sku, pieces in own.items():
        # The whole set counts: a piece that is not named has lost its data.
        known = sent.get(sku, {})
        posting.exemplars[str(sku)] = [
            known.get(piece["exemplar_id"], {"exemplar_id": piece["exemplar_id"]}) for piece in pieces
        ]
    posting.exemplars_checked_at = call.world.later(call.world.settings.exemplar_check_delay)
    call.market.note(posting, call.path, products=len(sent))


def update(call: Call) -> None:
    posting = call.posting(call.body.text("posting_number"))
    if posting.status != words.AWAITING_DELIVER or posting.exemplars_checked_at is None:
        raise invalid("HAS_INCORRECT_STATUS")
    call.market.note(posting, call.path)


def status(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    now = call.world.now()
    over = _is_over(posting, now)
    if over and posting.failing_checks and posting.exemplars_checked_at is not None:
        state = "failed"
    else:
        state = "passed" if over else "processing"
    products = [
        {"product_id": sku, "exemplars": [_checked(posting, piece, state) for piece in pieces]}
        for sku, pieces in _pieces(call, posting)
    ]
    return {"posting_number": posting.number, "products": products, "status": _overall(posting, now)}


def exemplars_ready(posting: Posting, now: datetime) -> bool:
    """Whether everything that is required of the pieces was set, and checked without an error."""
    if not any(posting.requirements.values()):
        return True
    if posting.exemplars_checked_at is None or not _is_over(posting, now) or posting.failing_checks:
        return False
    quantity = _quantities(posting)
    return all(
        len(posting.exemplars.get(str(sku), [])) == quantity.get(sku, 0)
        and all(_holds(posting, piece, name) for piece in posting.exemplars[str(sku)])
        for name, skus in posting.requirements.items()
        for sku in skus
    )


def _holds(posting: Posting, piece: Json, requirement: str) -> bool:
    if kind := _WANTED.get(requirement):
        marks = [each["mark"] for each in piece.get("marks", []) if each["mark_type"] == kind]
        return bool(marks) and not any(mark in posting.refused_marks for mark in marks)
    name = requirement.removeprefix("products_requiring_")
    return bool(piece.get(name) or piece.get(f"is_{name}_absent"))


def _overall(posting: Posting, now: datetime) -> str:
    if not _is_over(posting, now):
        return "validation_in_process"
    if posting.status == words.AWAITING_DELIVER:
        return "update_available"
    ready = exemplars_ready(posting, now) and posting.status == words.AWAITING_PACKAGING
    return "ship_available" if ready else "ship_not_available"


def _is_over(posting: Posting, now: datetime) -> bool:
    return posting.exemplars_checked_at is None or posting.exemplars_checked_at <= now


def _is_wanted(posting: Posting, name: str, sku: int) -> bool:
    return sku in posting.requirements.get(f"products_requiring_{name}", [])


def _quantities(posting: Posting) -> Counter[int]:
    counted: Counter[int] = Counter()
    for line in posting.lines:
        counted[line.sku] += line.quantity
    return counted


def _pieces(call: Call, posting: Posting) -> Iterator[tuple[int, list[Json]]]:
    """SKU -> its pieces, each with an id for good."""
    for sku, quantity in _quantities(posting).items():
        pieces = posting.exemplars.setdefault(str(sku), [])
        while len(pieces) < quantity:
            pieces.append({"exemplar_id": call.world.next_id("exemplar", 30_000_000)})
            call.world.postings.put(posting)
        yield sku, pieces[:quantity]


def _read(piece: Body, identifier: int) -> Json:
    weight = piece.raw().get("weight")
    return {
        "exemplar_id": identifier,
        "gtd": piece.text("gtd", ""),
        "is_gtd_absent": piece.flag("is_gtd_absent"),
        "rnpt": piece.text("rnpt", ""),
        "is_rnpt_absent": piece.flag("is_rnpt_absent"),
        "marks": _marks(piece),
        "weight": weight or 0,
    }


def _marks(piece: Body) -> list[Json]:
    found = [{"mark": mark.text("mark"), "mark_type": mark.text("mark_type")} for mark in piece.parts("marks")]
    if any(mark["mark_type"] not in _KINDS for mark in found):
        raise invalid("Request validation error: invalid MarkType")
    return found


def _plain(piece: Json) -> Json:
    """A piece with all its fields, whether they were set or not."""
    empty = {"gtd": "", "is_gtd_absent": False, "is_rnpt_absent": False, "marks": [], "rnpt": "", "weight": 0}
    return empty | piece


def _validated(piece: Body) -> Json:
    marks = [each | {"errors": _form_errors(each), "valid": not _form_errors(each)} for each in _marks(piece)]
    return {
        "gtd": piece.text("gtd", ""),
        "rnpt": piece.text("rnpt", ""),
        "weight": piece.raw().get("weight") or 0,
        "errors": [],
        "marks": marks,
        "valid": all(each["valid"] for each in marks),
    }


def _form_errors(mark: Json) -> list[str]:
    """Length and characters only: whether a code exists, the check after `set` says."""
    text = mark["mark"]
    good = all("!" <= letter <= "~" or letter == "\x1d" for letter in text)
    if mark["mark_type"] == "mandatory_mark":
        good = good and text.startswith("01") and len(text) >= 25
    return [] if good and text else [_BAD_FORM]


def _checked(posting: Posting, piece: Json, state: str) -> Json:
    marks = [
        each
        | {
            "check_status": state,
            "error_codes": [posting.refused_marks[each["mark"]]]
            if state == "passed" and each["mark"] in posting.refused_marks
            else [],
        }
        for each in piece.get("marks", [])
    ]
    checks: Json = {}
    for name in ("gtd", "rnpt", "weight"):
        checks |= {f"{name}_check_status": state, f"{name}_error_codes": []}
    return _plain(piece) | checks | {"marks": marks}


METHODS: dict[str, Method] = {
    "/v6/fbs/posting/product/exemplar/create-or-get": create_or_get,
    "/v5/fbs/posting/product/exemplar/validate": validate,
    "/v6/fbs/posting/product/exemplar/set": set_exemplars,
    "/v1/fbs/posting/product/exemplar/update": update,
    "/v5/fbs/posting/product/exemplar/status": status,
}
