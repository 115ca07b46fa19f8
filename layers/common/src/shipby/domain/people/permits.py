"""Who may take in, change and give keys to whom."""

from __future__ import annotations

from shipby.domain.sellers.keys import Role

PERSONS = frozenset(Role) - {Role.STATION}
"""What a person may be; a bench is none."""
_BELOW_MANAGERS = frozenset({Role.PACKER, Role.SUPPORT, Role.INTEGRATION, Role.STATION})


def may_keep(own: Role, *others: Role) -> bool:
    """Whether somebody of a role may take in, change, remove or give keys to whoever has, or gets, these roles.

    Owners keep everybody; managers those below them, so that nobody makes themselves or a friend more than they are.
    """
    return own is Role.OWNER or (own is Role.MANAGER and all(other in _BELOW_MANAGERS for other in others))
