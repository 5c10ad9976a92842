"""Every write to people, organisations and API tokens. Nothing here sends mail: the `AccountChange` row says that a
person was invited, and the page that asked for it sends the email (`accounts.adapters.AccountAdapter`)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from accounts.models import AccountChange, ApiToken, Organisation, OrganisationChange, Role, User

Kind = AccountChange.Kind
PERSON_FIELDS = ("email", "full_name", "job_title", "organisation", "roles")
ORGANISATION_FIELDS = ("name", "kind")
TOKEN_DAYS_AT_MOST = 366
LAST_OFFICER = "This is the last active person in the programme office. Give somebody else that role first."


@transaction.atomic
def invite_person(
    *,
    email: str,
    full_name: str,
    organisation: Organisation,
    roles: Iterable[str],
    by: User | None,
    at: dt.datetime,
    job_title: str = "",
) -> User:
    """A new person, who cannot sign in until they follow the link of their invitation and choose a password.

    `by` is None only where the portal itself does it: the command that lets the first person in.
    Raises ValidationError; also where two invitations of one address arrive at once.
    """
    person = User(
        email=email.strip().lower(),
        full_name=full_name.strip(),
        job_title=job_title.strip(),
        organisation=organisation,
        roles=_checked_roles(roles),
        created_at=at,
        created_by=by,
    )
    person.set_unusable_password()
    person.full_clean()
    _save_once(person, field="email")
    _record(person, Kind.INVITED, by=by, at=at, note=f"Roles: {_words(person, 'roles')}")
    return person


@transaction.atomic
def record_invitation_sent(*, person: User, by: User | None, at: dt.datetime) -> User:
    """That an email with a link to choose a password went out to this person."""
    if not person.is_active:
        raise ValidationError("This person is deactivated. Reactivate them before you send an invitation.")
    _record(person, Kind.INVITATION_SENT, by=by, at=at, note=f"To {person.email}")
    return person


@transaction.atomic
def edit_person(*, person: User, by: User, at: dt.datetime, **changes: Any) -> User:
    """Changes a person's email, name, job title, organisation or roles. Roles take effect with their next click.

    Nothing changed, nothing recorded. A new email address is the only one they can sign in with from then on.
    """
    officers = _lock_programme_office() if "roles" in changes else set()
    person = User.objects.select_for_update().get(pk=person.pk)
    if "roles" in changes:
        changes["roles"] = _checked_roles(changes["roles"])
        if Role.PROGRAMME_OFFICE not in changes["roles"] and officers == {person.pk}:
            raise ValidationError({"roles": LAST_OFFICER})
    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
    note = _apply(person, changes, allowed=PERSON_FIELDS)
    if not note:
        return person
    person.full_clean()
    _save_once(person, field="email")
    # allauth signs people in by any address it ever knew of them.
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    _record(person, Kind.EDITED, by=by, at=at, note=note)
    return person


@transaction.atomic
def deactivate_person(*, person: User, by: User, at: dt.datetime, reason: str) -> User:
    """Ends a person's access: sessions, API tokens and password. Their name stays on what they did.

    The password goes so that no session or old link comes back to life should they be reactivated.
    """
    officers = _lock_programme_office()
    person = User.objects.select_for_update().get(pk=person.pk)
    if not reason.strip():
        raise ValidationError({"reason": "Enter why this person no longer needs access."})
    if not person.is_active:
        raise ValidationError("This person is already deactivated.")
    if person.pk == by.pk:
        raise ValidationError("You cannot deactivate yourself. Ask a colleague in the programme office.")
    if officers == {person.pk}:
        raise ValidationError(LAST_OFFICER)
    person.is_active = False
    person.deactivated_at = at
    person.deactivated_by = by
    person.set_unusable_password()
    person.full_clean()
    person.save()
    person.auth_token_set.all().delete()
    _record(person, Kind.DEACTIVATED, by=by, at=at, note=reason.strip())
    return person


@transaction.atomic
def reactivate_person(*, person: User, by: User, at: dt.datetime, reason: str = "") -> User:
    """Lets a person back in with the roles they had. They choose a new password from a new invitation."""
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.is_active:
        raise ValidationError("This person is already active.")
    person.is_active = True
    person.deactivated_at = person.deactivated_by = None
    person.full_clean()
    person.save()
    _record(person, Kind.REACTIVATED, by=by, at=at, note=reason.strip())
    return person


@transaction.atomic
def remove_two_step(*, person: User, by: User, at: dt.datetime, reason: str) -> User:
    """Takes off a person's two-step sign-in: for those who lost the phone and the recovery codes."""
    if not reason.strip():
        raise ValidationError({"reason": "Enter why, and how you made sure it was them who asked."})
    removed, _of_each = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise ValidationError("This person does not use two-step sign-in.")
    _record(person, Kind.TWO_STEP_REMOVED, by=by, at=at, note=reason.strip())
    return person


@transaction.atomic
def add_organisation(*, name: str, kind: str, by: User | None, at: dt.datetime) -> Organisation:
    organisation = Organisation(name=" ".join(name.split()), kind=kind, created_at=at, created_by=by)
    _clean_organisation(organisation)
    _save_once(organisation, field="name")
    OrganisationChange.objects.create(
        organisation=organisation, kind=OrganisationChange.Kind.ADDED, created_at=at, created_by=by
    )
    return organisation


@transaction.atomic
def edit_organisation(*, organisation: Organisation, by: User, at: dt.datetime, **changes: Any) -> Organisation:
    """Changes an organisation's name or kind. Nothing changed, nothing recorded."""
    organisation = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if "name" in changes:
        changes["name"] = " ".join(changes["name"].split())
    note = _apply(organisation, changes, allowed=ORGANISATION_FIELDS)
    if not note:
        return organisation
    _clean_organisation(organisation)
    _save_once(organisation, field="name")
    OrganisationChange.objects.create(
        organisation=organisation, kind=OrganisationChange.Kind.EDITED, note=note, created_at=at, created_by=by
    )
    return organisation


@transaction.atomic
def issue_token(*, user: User, days: int, name: str, by: User | None, at: dt.datetime) -> str:
    """A new API token of this person, good for so many days. The text is returned and kept nowhere.

    `by` is None where a command on the server issues it.
    """
    if not user.is_active:
        raise ValidationError("This person is deactivated, so they cannot have an API token.")
    if not 1 <= days <= TOKEN_DAYS_AT_MOST:
        raise ValidationError({"days": f"Choose between 1 and {TOKEN_DAYS_AT_MOST} days."})
    digest, text = get_digest_token()
    token = ApiToken(
        digest=digest,
        token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        name=name.strip(),
        created=at,
        expiry=at + dt.timedelta(days=days),
    )
    token.full_clean()
    token.save(force_insert=True)
    _record(user, Kind.TOKEN_ISSUED, by=by, at=at, note=f"{token}, {days} days")
    return text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User, at: dt.datetime) -> None:
    """Ends a token at once. A second click on the same token changes nothing."""
    deleted, _of_each = ApiToken.objects.filter(pk=token.pk).delete()
    if deleted:
        _record(token.user, Kind.TOKEN_REVOKED, by=by, at=at, note=str(token))


def _checked_roles(roles: Iterable[str]) -> list[str]:
    """The roles in the order of `Role`, so that the same roles are always the same list."""
    chosen = [str(role) for role in roles]
    if not chosen:
        raise ValidationError({"roles": "Select at least one role."})
    return sorted(chosen, key=lambda role: Role.values.index(role) if role in Role.values else len(Role.values))


def _lock_programme_office() -> set[int]:
    """Locks every active programme officer, so that somebody is always left to let people in; returns their ids.

    Taken before the lock on the person, and always in one order: two officers who remove each other at the same
    moment queue, and the second finds the first one gone.
    """
    officers = User.objects.active().with_role(Role.PROGRAMME_OFFICE).order_by("pk").select_for_update()
    return {officer.pk for officer in officers}


def _apply(row: models.Model, changes: Mapping[str, Any], *, allowed: tuple[str, ...]) -> str:
    """Sets the changed fields; returns what changed in words, empty where nothing did."""
    unknown = set(changes) - set(allowed)
    if unknown:
        raise TypeError(f"cannot change {', '.join(sorted(unknown))}")
    notes = []
    for name in allowed:
        if name not in changes:
            continue
        value = changes[name].strip() if isinstance(changes[name], str) else changes[name]
        if value == getattr(row, name):
            continue
        before = _words(row, name)
        setattr(row, name, value)
        label = str(row._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]
        notes.append(f"{label}: {before or 'none'} → {_words(row, name) or 'none'}")
    return "\n".join(notes)


def _words(row: models.Model, name: str) -> str:
    """A field's value as people read it."""
    value = getattr(row, name)
    if name == "roles":
        return ", ".join(Role(role).label if role in Role.values else role for role in value)
    field: Any = row._meta.get_field(name)
    return str(dict(field.flatchoices).get(value, value)) if getattr(field, "choices", None) else str(value)


def _clean_organisation(organisation: Organisation) -> None:
    try:
        organisation.full_clean()
    except ValidationError as error:
        # The one constraint over the whole row is about the name; there is where the form should show it.
        errors = error.message_dict
        if whole_row := errors.pop("__all__", None):
            errors["name"] = [*errors.get("name", []), *whole_row]
        raise ValidationError(errors) from error


def _save_once(row: models.Model, *, field: str) -> None:
    """Saves; where another request saved the same email or name since it was checked, says so like the check."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        noun = "a person with this email address" if isinstance(row, User) else "an organisation with this name"
        raise ValidationError({field: f"There is already {noun}."}) from error


def _record(person: User, kind: AccountChange.Kind, *, by: User | None, at: dt.datetime, note: str = "") -> None:
    AccountChange.objects.create(user=person, kind=kind, note=note, created_at=at, created_by=by)
