"""Every assumption about the marketplace has a probe, or the reason why no reading call can tell."""

from __future__ import annotations

from collections import Counter

import pytest

from shipby.adapters.ozon import assumptions
from shipby.adapters.pdf.pictures import Seen
from shipby_local.pilot.allowed import PATHS
from shipby_local.pilot.description import Description, codes
from shipby_local.pilot.probes import PROBES, UNASKABLE
from tests.pilot.pilot_support import Shop, assumption

ASSUMED = frozenset(name for name in vars(assumptions) if name.isupper())


def test_every_assumption_has_a_probe_or_a_reason() -> None:
    """A new one in `adapters/ozon/assumptions.py` needs a probe in `shipby_local/pilot/probes`, or a reason there."""
    probed = {probe.of for probe in PROBES}
    assert ASSUMED - probed - UNASKABLE.keys() == set()


def test_probes_and_reasons_are_of_assumptions_that_there_are() -> None:
    named = {probe.of for probe in PROBES if probe.of.isupper()} | UNASKABLE.keys()
    assert named - ASSUMED == set()
    assert not {probe.of for probe in PROBES} & UNASKABLE.keys()
    assert max(Counter(probe.of for probe in PROBES).values()) == 1
    assert all(len(reason) > 20 for reason in UNASKABLE.values())


def test_the_description_has_every_method_of_the_list_and_is_small() -> None:
    from shipby_local.pilot.description import DESCRIPTION

    described = Description.load()
    assert described.answers.keys() == PATHS
    assert DESCRIPTION.stat().st_size < 50_000
    assert "awaiting_deliver" in codes(described.at("/v4/posting/fbs/list", "postings", "status"))
    assert "ship" in codes(described.at("/v3/posting/fbs/get", "result", "available_actions")[0])


@pytest.mark.parametrize("field", ["upper_barcode", "lower_barcode"])
def test_a_label_tells_which_of_a_postings_codes_it_shows(shop: Shop, field: str) -> None:
    asking = shop.asking(numbers=[shop.fbs[1]])
    posting = shop.simulator.posting(shop.fbs[1])
    asking.evidence.label = [Seen((getattr(posting, field), "ROUTE-7"), (), "")]
    asking.evidence.label_bytes = 10_000
    evidence = asking.round(lambda _: None)
    [probe] = [one for one in PROBES if one.of == "label"]
    found = probe.look(evidence)
    assert (found.verdict, f"{field} on 1" in found.says, "another code on 1" in found.says) == ("holds", True, True)
    evidence.label = [*evidence.label, Seen(("ROUTE-7",), (), "")]
    assert probe.look(evidence).verdict == "differs"


def test_a_key_that_may_act_is_told(shop: Shop) -> None:
    found = assumption(shop.report(), "the key")
    assert found["verdict"] == "holds"
    assert assumption(shop.report(key=shop.seller.api_key), "the key")["verdict"] == "differs"


def test_without_anything_to_see_no_probe_says_that_its_assumption_holds() -> None:
    from datetime import UTC, datetime

    from shipby_local.pilot.evidence import Evidence
    from shipby_local.pilot.masking import Mask

    nothing = Evidence(now=datetime(2026, 11, 30, tzinfo=UTC), mask=Mask(()), exchanges=[])
    assert {probe.of: probe.look(nothing).verdict for probe in PROBES} == {probe.of: "not seen" for probe in PROBES}
