"""The seller's own messengers."""

from __future__ import annotations

from shipby.adapters.messengers.apprise_channels import AppriseChannels

__all__ = ["AppriseChannels"]
