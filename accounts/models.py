"""People, the organisations they work for, what they may do, and the tokens their programs call the API with."""

import uuid
from collections.abc import Sequence
from typing import Any, Self

import rules
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Lower
from knox.models import AbstractAuthToken, AuthTokenManager

from core.models import AppendOnly, Authored, set_together
from core.ratings import Colour


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


class OrganisationChange(AppendOnly):
    """One change to an organisation's entry: made when it is added and whenever its name or kind is changed."""

    class Kind(models.TextChoices):
        ADDED = "added", "Added"
        EDITED = "edited", "Edited"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=Kind)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.get_kind_display()}"


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def visible_to(self, user: "User") -> Self:
        """Everyone who may sign in, for everyone signed in; those who left too, for the programme office."""
        if not user.is_active:
            return self.none()
        return self if user.has_role(Role.PROGRAMME_OFFICE) else self.active()

    def not_signed_in_yet(self) -> Self:
        return self.active().filter(last_login__isnull=True)

    def without_invitation(self) -> Self:
        """People who cannot sign in because no email with a link has gone out since they were (re)activated."""
        kinds = AccountChange.Kind
        steps = AccountChange.objects.filter(
            user=OuterRef("pk"), kind__in=(kinds.INVITED, kinds.REACTIVATED, kinds.INVITATION_SENT)
        )
        last_step = Coalesce(Subquery(steps.order_by("-pk").values("kind")[:1]), Value(""))
        return (
            self.active()
            .filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
            .annotate(last_step=last_step)
            .exclude(last_step=kinds.INVITATION_SENT)
        )

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


class User(AbstractBaseUser, Authored):  # type: ignore[django-manager-missing]
    """A person who signs in. Invited by the programme office, deactivated when they leave, never deleted.

    There are no Django groups, superusers or admin site: every permission is a rule (see `core.permissions`).
    """

    class State(models.TextChoices):
        """Whether a person can use the portal; read from the row, not stored."""

        ACTIVE = "active", "Active"
        NOT_SIGNED_IN_YET = "not_signed_in_yet", "Not signed in yet"
        DEACTIVATED = "deactivated", "Deactivated"

        @property
        def colour(self) -> Colour:
            return {"active": Colour.GREEN, "not_signed_in_yet": Colour.BLUE, "deactivated": Colour.GREY}[self.value]

    email = models.EmailField(
        "email address",
        unique=True,
        error_messages={"unique": "There is already a person with this email address."},
    )
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
    def state(self) -> State:
        if not self.is_active:
            return self.State.DEACTIVATED
        return self.State.ACTIVE if self.last_login else self.State.NOT_SIGNED_IN_YET

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
        INVITATION_SENT = "invitation_sent", "Invitation email sent"
        EDITED = "edited", "Edited"
        DEACTIVATED = "deactivated", "Deactivated"
        REACTIVATED = "reactivated", "Reactivated"
        TOKEN_ISSUED = "token_issued", "API token issued"
        TOKEN_REVOKED = "token_revoked", "API token revoked"
        TWO_STEP_REMOVED = "two_step_removed", "Two-step sign-in removed"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=Kind)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> Self:
        """One's own; the programme office sees everybody's, to revoke one that leaked."""
        return self if user.has_role(Role.PROGRAMME_OFFICE) else self.filter(user=user)


class ApiToken(AbstractAuthToken):
    """A key that one person's program calls the API with; it may do what its owner may.

    Made on the API tokens page or by `issue_token`. Only its digest (SHA-512) is kept, so it is shown once and can
    never be shown again. `expiry` is always set. Deleted when revoked, when used after its expiry, and with all
    others when its owner is deactivated; what is kept of it are its owner's `AccountChange`s.
    """

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    created = models.DateTimeField(editable=False)
    expiry = models.DateTimeField()

    objects = AuthTokenManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        ordering = ["-created", "reference"]

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"

    @property
    def beginning(self) -> str:
        """The first characters of the token, to tell it from others: far too few to guess it from."""
        return self.token_key[:8]
