"""Seeded bugs in labels, push addresses, keys and roles."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import doors

_PROOF = "shipby.domain.labels.page_proof"
_PUSH = "shipby.application.intake.receive_push"
_KEYS = "shipby.application.sellers.authenticate"

BUGS: tuple[Bug, ...] = (
    Bug(
        "labels",
        "shared_code_proves",
        "a code that two postings share proves the page of one of them",
        (f"{_PROOF}:_owners", 'if len(numbers) == 1 else ""', ""),
        doors.a_code_that_two_postings_share,
    ),
    Bug(
        "labels",
        "number_proves",
        "a number in the text proves a page whose codes are unknown",
        (f"{_PROOF}:_judge_text", "if asked_for[number].barcodes:", "if False:"),
        doors.a_number_alone_proves_nothing_where_codes_are_known,
    ),
    Bug(
        "labels",
        "foreign_is_proven",
        "a page of a posting that was not asked for is printed",
        (f"{_PROOF}:_foreign", "PageVerdict.FOREIGN", "PageVerdict.PROVEN"),
        doors.a_page_of_somebody_else_among_ours,
    ),
    Bug(
        "labels",
        "first_code_wins",
        "of a page that names two postings the first code counts",
        (f"{_PROOF}:_judge", "if len(by_code) > 1:", "by_code = set(sorted(by_code)[:1])\n    if False:"),
        doors.a_page_whose_codes_belong_to_two_postings,
    ),
    Bug(
        "labels",
        "boxes_are_doubles",
        "two boxes with one code count as one page twice",
        (
            f"{_PROOF}:_without_doubles",
            "marks.add((frozenset(page.barcodes), page.looks))",
            "marks.add(frozenset(page.barcodes))",
        ),
        doors.the_same_page_twice,
    ),
    Bug(
        "labels",
        "boxes_as_text",
        "box 10 is printed before box 2",
        (f"{_PROOF}:_natural", "tuple(_run(run) for run in _RUNS.findall(text))", "text"),
        doors.boxes_in_their_order,
    ),
    Bug(
        "labels",
        "route_leads",
        "any code of a label leads to its posting",
        ("shipby.application.labels.storing:claims", "if is_own_code(code, posting.number, named)", ""),
        doors.a_route_code_on_many_labels,
    ),
    Bug(
        "labels",
        "person_kept",
        "a label with a person on it is kept where files stay",
        ("shipby.domain.labels.rules:shows_person", "return not (", "return None is ("),
        doors.a_label_that_shows_a_person,
    ),
    Bug(
        "tokens",
        "cache_grows_young",
        "every use of an address makes what is known of it young again",
        (f"{_PUSH}:TokenCache.look_up", "return hit[1]", "self.known[digest] = (now, hit[1]); return hit[1]"),
        doors.a_push_address_is_revoked_under_traffic,
    ),
    Bug(
        "tokens",
        "revoked_address",
        "a revoked push address is answered",
        (f"{_PUSH}:receive_push", "found.revoked_at is None and ", ""),
        doors.a_push_address_is_revoked_under_traffic,
    ),
    Bug(
        "tokens",
        "unknown_for_ever",
        "an address that was unknown once stays so",
        (
            f"{_PUSH}:TokenCache.look_up",
            "timedelta() <= now - hit[0] < TOKEN_CACHE",
            "(hit[1] is None or timedelta() <= now - hit[0] < TOKEN_CACHE)",
        ),
        doors.a_push_address_that_was_unknown_is_made,
    ),
    Bug(
        "tokens",
        "anybodys_secret",
        "a secret opens the address of any seller",
        (f"{_PUSH}:receive_push", " and hmac.compare_digest(found.seller, seller)", ""),
        doors.a_push_address_of_another_seller,
    ),
    Bug(
        "tokens",
        "revoked_by_secret",
        "an address is revoked under another seller's name",
        ("shipby.application.sellers.register:revoke_push_token", " or token.seller != seller", ""),
        doors.a_push_address_of_another_seller,
    ),
    Bug(
        "roles",
        "revoked_key",
        "a revoked key passes",
        (f"{_KEYS}:live_key", " or key.revoked_at is not None", ""),
        doors.a_key_ends_and_is_revoked,
    ),
    Bug(
        "roles",
        "key_without_end",
        "a key passes after its end",
        (f"{_KEYS}:live_key", "None if expired or key.revoked_at", "None if key.revoked_at"),
        doors.a_key_ends_and_is_revoked,
    ),
    Bug(
        "roles",
        "key_by_its_id",
        "a key passes by its id, whatever its secret",
        (
            f"{_KEYS}:live_key",
            'key is None or not hmac.compare_digest(key.sha256, key_hash(match["secret"]))',
            "key is None",
        ),
        doors.a_key_ends_and_is_revoked,
    ),
    Bug(
        "roles",
        "any_role",
        "every key may do everything",
        ("functions.seller_api.access:check_role", "if caller.role not in allowed:", "if caller.role not in Role:"),
        doors.every_role_at_every_door,
    ),
    Bug(
        "roles",
        "refusal_is_quoted",
        "the log line of a refused call quotes what the caller sent",
        ("functions.seller_api.api:SellerApi._guarded", '"problem": problem.body["type"]', '"problem": str(error)'),
        doors.the_log_line_of_a_refused_call,
    ),
    Bug(
        "tokens",
        "push_not_kept",
        "a push that could not be stored is answered",
        (
            f"{_PUSH}:receive_push",
            "fresh = inbox.put_push(row)",
            "fresh = True\n    try:\n        inbox.put_push(row)\n    except Exception:\n        pass",
        ),
        doors.a_push_that_could_not_be_stored_comes_again,
    ),
)
