"""One running product for all tests of this folder; each test works on postings of its own."""

from collections.abc import Iterator

import pytest

from shipby_local.deployment import Deployment
from shipby_local.messenger import Messenger
from shipby_local.simulator import Simulator
from shipby_local.stack import Stack
from tests.integration.whole.whole_support import Shop, Whole, simulator_settings, stack_settings


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Simulator, messenger and stack, with no seller yet."""
    messenger = Messenger().start()
    try:
        with Simulator(simulator_settings()) as simulator:
            folder = tmp_path_factory.mktemp("whole") / "stack"
            with Stack(stack_settings(simulator, folder)) as stack:
                deployment = Deployment(endpoint=stack.aws_endpoint)
                # The poller visits when a test says so, and never by its schedule: tests tell what a push alone brings.
                deployment.client("scheduler").delete_schedule(Name=stack.resources["MarketplacePollEveryMinute"])
                yield Whole(stack, simulator, deployment, messenger)
    finally:
        messenger.stop()


@pytest.fixture(scope="session")
def shop(whole: Whole) -> Shop:
    """A seller with the chat subscription."""
    return whole.open_shop()


@pytest.fixture(scope="session")
def quiet_shop(whole: Whole) -> Shop:
    """A seller without the chat subscription."""
    return whole.open_shop(chat=False)
