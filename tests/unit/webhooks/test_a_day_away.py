"""The short form of `python -m bench.webhooks`."""

import pytest

from bench.webhooks import MOST_UNITS, run
from tools.event_types import PAGE, page


@pytest.mark.parametrize(("postings", "most"), [(150, MOST_UNITS), (600, MOST_UNITS + 0.2)])
def test_a_receiver_that_is_down_for_a_day_gets_everything_and_each_posting_in_order(
    postings: int, most: float
) -> None:
    done = run(600, postings)
    assert (done.lost, done.out_of_order, done.doubled) == (0, 0, 0)
    # Where each thing has one event only, its share of the log comes on top.
    assert done.units <= most


def test_the_page_of_event_types_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page()
