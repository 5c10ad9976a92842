"""People, the organisations they work for, and what they may do."""

from collections.abc import Sequence
from typing import Any, Self

import rules
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Cast, Lower

from core.models import AppendOnly, Authored, set_together


class Role(models.TextChoices):
    """What a person does in the partnership. One person can have several."""

    BOARD_MEMBER = "board_member", "Board member"
    OFFICER = "officer", "Officer"
    SRO = "sro", "Senior responsible officer"
    ANALYST = "analyst", "Analyst"
    AUDITOR = "auditor", "Auditor"
    PROGRAMME_OFFICE = "programme_office", "Programme office"


class Organisation(Authored):
    """A body of the partnership: the council, the ICB, a trust, a forum, a school."""

    class Kind(models.TextChoices):
        LOCAL_AUTHORITY = "local_authority", "Local authority"
        ICB = "icb", "Integrated care board"
        NHS_TRUST = "nhs_trust", "NHS trust"
        PARENT_CARER_FORUM = "parent_carer_forum", "Parent carer forum"
        YOUNG_PEOPLES_FORUM = "young_peoples_forum", "Young people’s forum"
        SCHOOL = "school", "School or setting"
        OTHER = "other", "Other"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=30, choices=Kind, default=Kind.OTHER)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="accounts_organisation_name_once",
                violation_error_message="There is already an organisation with this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def with_role(self, *roles: Role) -> Self:
        """People who have any of these roles.

        Both databases hold the list as the text `["officer", "sro"]`, so a quoted code is found the same way on
        each; SQLite has no JSON containment.
        """
        has_any = models.Q()
        for role in roles:
            has_any |= models.Q(roles_text__contains=f'"{role.value}"')
        return self.annotate(roles_text=Cast("roles", models.TextField())).filter(has_any)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


def validate_roles(roles: Any) -> None:
    unknown = [role for role in roles if role not in Role.values]
    if unknown:
        raise ValidationError(f"{', '.join(map(str, unknown))} is not a role.")
    if len(set(roles)) != len(roles):
        raise ValidationError("A role is listed twice.")


class User(AbstractBaseUser, Authored):
    """A person who signs in. Invited by the programme office, deactivated when they leave, never deleted.

    There are no Django groups, superusers or admin site: every permission is a rule (see `core.permissions`).
    """

    email = models.EmailField("email address", unique=True)
    full_name = models.CharField(max_length=150)
    job_title = models.CharField(max_length=150, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    roles = models.JSONField(default=list, blank=True, validators=[validate_roles])
    is_active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    deactivated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    objects = UserManager()

    class Meta:
        ordering = ["full_name", "email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email_once",
                violation_error_message="There is already a person with this email address.",
            ),
            set_together("deactivated_at", "deactivated_by", app="accounts", model="user"),
            models.CheckConstraint(
                condition=models.Q(is_active=True, deactivated_at__isnull=True)
                | models.Q(is_active=False, deactivated_at__isnull=False),
                name="accounts_user_active_or_deactivated",
                violation_error_message="A person is either active or has a date they were deactivated.",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def has_role(self, *roles: Role) -> bool:
        return any(role.value in self.roles for role in roles)

    @property
    def role_labels(self) -> Sequence[str]:
        return [Role(role).label for role in self.roles]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the rule registered for `perm` grants it. An unknown permission is refused."""
        return self.is_active and rules.perm_exists(str(perm)) and rules.has_perm(str(perm), self, obj)


class AccountChange(AppendOnly):
    """One change to a person's account, for the audit trail: made with every invitation, edit and deactivation."""

    class Kind(models.TextChoices):
        INVITED = "invited", "Invited"
        EDITED = "edited", "Edited"
        DEACTIVATED = "deactivated", "Deactivated"
        REACTIVATED = "reactivated", "Reactivated"
        TOKEN_ISSUED = "token_issued", "API token issued"
        TOKEN_REVOKED = "token_revoked", "API token revoked"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=Kind)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"
