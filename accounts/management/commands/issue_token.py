"""`python manage.py issue_token EMAIL [--days 90]`: prints one API token."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import services
from accounts.models import User


class Command(BaseCommand):
    help = "Makes an API token for a person and prints it, alone, on standard output. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="email address of the person the token acts for")
        parser.add_argument("--days", type=int, default=90, help="how many days it works (1 to 366; default 90)")
        parser.add_argument("--name", default="Made on the server", help="what will use it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(f"There is nobody with the email address {options['email']}.")
        try:
            token = services.issue_token(
                user=user, days=options["days"], name=options["name"], by=None, at=timezone.now()
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(token)
