"""What is done with buyers' messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Request, View
from shipby.domain.sellers.settings import Automation


class MessagePolicyBody(Request):
    """Off: chats with buyers are never opened. Shadow: answers become cases. On: a yes or a no is applied once."""

    read: Annotated[Automation, Field(description="Whether buyers' messages are read; no text is ever kept.")] = (
        Automation.OFF
    )


class MessagePolicyView(View):
    """As the policy has it."""

    read: Automation
