"""How a seller's settings look to API clients."""

from __future__ import annotations

from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings


def settings_view(settings: SellerSettings) -> dict[str, Json]:
    return {
        "version": settings.version,
        "language": settings.language,
        "time_zone": settings.time_zone,
        "assemble_at": settings.assemble_at,
        "auto_assemble": settings.auto_assemble,
        "auto_cancel": settings.auto_cancel,
        "caps": dict(settings.caps),
        "kill_switch": settings.kill_switch,
    }
