"""Default deny: an action needs a declared permission."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.permissions import PermissionName


class DeclaredPermission(BasePermission):
    """Asks the permission that the view declares for the action; an action without one is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method == "OPTIONS":
            return bool(request.user)
        if not request.user:
            return False
        if view.action is None:
            raise MethodNotAllowed(request.method)
        needed = self._needed(view)
        if needed is None:
            return False
        # Permissions about one object are asked again with it, below.
        return needed in getattr(view, "object_permissions", ()) or request.user.has_perm(needed)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        needed = self._needed(view)
        return needed is not None and request.user.has_perm(needed, obj)

    @staticmethod
    def _needed(view: Any) -> PermissionName | None:
        return view.permissions.get(view.action)
