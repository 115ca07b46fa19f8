"""Who may see and do what: the API's own table of roles, by page."""

from __future__ import annotations

from typing import Final

from shipby.domain.sellers.keys import Role

MANAGERS: Final = frozenset({Role.OWNER, Role.MANAGER})
OFFICE: Final = MANAGERS | {Role.INTEGRATION}
BENCH: Final = OFFICE | {Role.PACKER}
DESK: Final = OFFICE | {Role.SUPPORT}
EVERYONE: Final = frozenset(Role) - {Role.STATION}
