"""`python manage.py invite_person EMAIL NAME --organisation NAME --role ROLE`: lets the first person in."""

from argparse import ArgumentParser
from typing import Any

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import Organisation, Role, User


class Command(BaseCommand):
    help = (
        "Adds a person and prints the address where they choose their password. For the first person of a new portal; "
        "that person invites the others on the People page."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--organisation", required=True, help="its name; added where there is none of that name")
        parser.add_argument("--role", action="append", choices=Role.values, help="may be repeated")
        parser.add_argument("--site", default="", help="where the portal is, like https://portal.example")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = self.invite(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
        keys = {"uidb36": user_pk_to_url_str(person), "key": token}
        self.stdout.write(options["site"].rstrip("/") + reverse("account_reset_password_from_key", kwargs=keys))

    @transaction.atomic
    def invite(self, options: dict[str, Any]) -> User:
        now = timezone.now()
        organisation = Organisation.objects.filter(name__iexact=options["organisation"].strip()).first()
        if organisation is None:
            kind = Organisation.Kind.LOCAL_AUTHORITY
            organisation = services.add_organisation(name=options["organisation"], kind=kind, by=None, at=now)
        return services.invite_person(
            email=options["email"],
            full_name=options["name"],
            organisation=organisation,
            roles=options["role"] or [Role.PROGRAMME_OFFICE],
            by=None,
            at=now,
        )
