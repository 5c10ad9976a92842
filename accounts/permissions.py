"""Who may look after people, and the predicates on roles that other apps' permissions are made of."""

import rules

from accounts.models import Role, User
from core.permissions import PermissionName, grant


class Perm(PermissionName):
    VIEW_PEOPLE = "accounts.view_people"
    MANAGE_PEOPLE = "accounts.manage_people"
    OWN_ACCOUNT = "accounts.own_account"


@rules.predicate
def is_active(user: User) -> bool:
    return user.is_active


@rules.predicate
def is_programme_office(user: User) -> bool:
    return user.has_role(Role.PROGRAMME_OFFICE)


grant(Perm.VIEW_PEOPLE, is_active)
grant(Perm.MANAGE_PEOPLE, is_programme_office)
grant(Perm.OWN_ACCOUNT, is_active)
