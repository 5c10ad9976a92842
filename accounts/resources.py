"""People as a spreadsheet, and how other kinds of sheet name a person or an organisation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from accounts.models import Organisation, Role, User
from accounts.services import add_organisation, edit_person, invite_person
from core.sheets import Column, Difference, Row, SheetResource
from core.sheets.widgets import CellWidget, ChoicesWidget, LookupWidget


class EmailWidget(CellWidget):
    can_number = False

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        email: str = super().clean(value).lower()
        try:
            validate_email(email)
        except ValidationError:
            raise ValueError("is not an email address") from None
        return email


def _people() -> Iterator[tuple[str, User]]:
    """Everyone there ever was: history names people who have left."""
    for person in User.objects.defer("password"):
        yield person.email, person
        yield person.full_name, person


class PersonWidget(LookupWidget):
    """A person, by email address, else by full name; `Officer 07 <officer07@…>`, as email programs copy it, is an
    address. Never somebody new."""

    can_number = False

    def __init__(self) -> None:
        super().__init__(
            _people,
            noun="person",
            advice="Write the email address",
        )

    def find(self, cell: str) -> User:
        address = re.fullmatch(r"[^<>]*<\s*([^<>\s]+@[^<>\s]+)\s*>", cell.strip())
        return super().find(address[1] if address else cell)

    def missing(self, cell: str) -> User:
        raise ValueError("is nobody in the portal, by email address or by full name")


class OrganisationWidget(LookupWidget):
    """An organisation by its name; one with a new name is made with the sheet (`make_new_organisations`)."""

    can_number = False

    def __init__(self) -> None:
        super().__init__(
            lambda: ((organisation.name, organisation) for organisation in Organisation.objects.all()),
            noun="organisation",
        )

    def find(self, cell: str) -> Organisation:
        if len(" ".join(cell.split())) > 200:
            raise ValueError("is longer than 200 characters")
        return super().find(cell)

    def missing(self, cell: str) -> Organisation:
        return self.names.setdefault(self.key(cell), Organisation(name=" ".join(cell.split())))


def make_new_organisations(resource: SheetResource, rows: Sequence[Row]) -> None:
    """Adds the organisations that rows name for the first time, each once, and tells the preview."""
    widget = resource.fields["organisation"].widget
    run = resource.run
    for row in rows:
        named = row.get("organisation")
        if named is None or named.pk:
            continue
        key = widget.key(named.name)
        if not widget.names[key].pk:
            made = add_organisation(name=named.name, kind=Organisation.Kind.OTHER, by=run.by, at=run.at)
            widget.names[key] = made
            widget.cells.clear()
            resource.notices.append(f"New organisation: {made.name}")
        row.values["organisation"] = widget.names[key]


class PersonResource(SheetResource):
    """A new email address is a new person, who can sign in once the programme office sends them an invitation."""

    kind = "people"
    title = "People"
    about = "One row for each person. No invitations are sent: do that from the people page when you are ready."
    key = ("email",)
    renamed = {"name": "organisation"}

    email = Column("Email", EmailWidget(longest=254), attribute="email")
    full_name = Column("Name", CellWidget(longest=150), attribute="full_name")
    organisation = Column(
        "Organisation",
        OrganisationWidget(),
        attribute="organisation",
        path="organisation__name",
        hint="A new name makes an organisation",
    )
    job_title = Column("Job title", CellWidget(longest=150), attribute="job_title", optional=True)
    roles = Column("Roles", ChoicesWidget(Role), attribute="roles", hint="Separated by commas")

    def prepare(self, rows: Sequence[Row]) -> None:
        make_new_organisations(self, rows)

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], User]:
        people = User.objects.filter(email__in=[email for (email,) in keys]).select_related("organisation")
        return {(person.email,): person for person in people}

    def current(self, thing: Any, column: Column) -> Any:
        if column.attribute == "roles":
            return [role.value for role in Role if role in thing.roles]
        return super().current(thing, column)

    def add(self, row: Row) -> None:
        given = {"job_title": "", **row.values}
        invite_person(**given, by=self.run.by, at=self.run.at)

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        edit_person(person=thing, by=self.run.by, at=self.run.at, **{each.name: each.now for each in differences})

    def export_queryset(self) -> QuerySet[User]:
        return User.objects.order_by("email")
