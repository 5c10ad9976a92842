"""Who may look after people, and the predicates on roles that other apps' permissions are made of."""

import rules

from accounts.models import ApiToken, Role, User
from core.permissions import PermissionName, grant


class Perm(PermissionName):
    VIEW_PEOPLE = "accounts.view_people"
    MANAGE_PEOPLE = "accounts.manage_people"
    OWN_ACCOUNT = "accounts.own_account"
    """One's own password, two-step sign-in and API tokens."""
    REVOKE_TOKEN = "accounts.revoke_token"  # noqa: S105 the name of a permission


@rules.predicate
def is_active(user: User) -> bool:
    return user.is_active


@rules.predicate
def is_programme_office(user: User) -> bool:
    return user.has_role(Role.PROGRAMME_OFFICE)


@rules.predicate
def owns_token(user: User, token: ApiToken | None) -> bool:
    return token is not None and token.user_id == user.pk


grant(Perm.VIEW_PEOPLE, is_active)
grant(Perm.MANAGE_PEOPLE, is_programme_office)
grant(Perm.OWN_ACCOUNT, is_active)
grant(Perm.REVOKE_TOKEN, owns_token | is_programme_office)
