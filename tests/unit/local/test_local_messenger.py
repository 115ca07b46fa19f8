"""The messenger of one machine: what the real adapter sends arrives under the right seller and channel."""

from collections.abc import Iterator
from typing import Any

import pytest

from shipby.adapters.messengers import AppriseChannels
from shipby_local.messenger import Messenger, Notice

# Apprise's PGP library imports it; where Python no longer has it, Apprise brings a replacement.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Parameters:
    """As much of the parameters as the channels use."""

    def __init__(self, value: object) -> None:
        self._value = value

    def json(self, seller: str, name: str) -> Any:
        return self._value


@pytest.fixture
def messenger() -> Iterator[Messenger]:
    made = Messenger().start()
    yield made
    made.stop()


def test_a_list_of_channels_tells_the_seller(messenger: Messenger) -> None:
    channels = AppriseChannels("/p", on_this_machine=True, parameters=Parameters([messenger.channel("700001")]))  # type: ignore[arg-type]  # the one method used
    assert channels.send("700001", "Отгрузить", "до 17:40")
    assert messenger.notices == [Notice("700001", "Отгрузить", "до 17:40")]


def test_named_channels_are_told_apart(messenger: Messenger) -> None:
    named = {name: messenger.channel("700001", name) for name in ("day", "night")}
    channels = AppriseChannels("/p", on_this_machine=True, parameters=Parameters(named))  # type: ignore[arg-type]  # the one method used
    assert channels.send("700001", "t", "b", names=("night",))
    assert messenger.notices == [Notice("700001", "t", "b", "night")]


def test_it_has_no_address_before_it_runs() -> None:
    with pytest.raises(RuntimeError, match="start"):
        Messenger().channel("700001")
