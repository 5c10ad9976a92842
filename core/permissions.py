"""How a permission is declared: once, by name, in an app's `permissions.py`, with the predicate that grants it.

Pages, API actions, buttons and rows all ask `user.has_perm(Perm.X, obj)`; `accounts.User.has_perm` asks the rules
registered here and nothing else, so a permission that nobody declared is refused.
"""

from enum import StrEnum

import rules


class PermissionName(StrEnum):
    """Base of each app's `Perm` enum; values look like `milestones.update`."""


def grant(name: PermissionName, predicate: rules.Predicate) -> None:
    rules.add_perm(name.value, predicate)
