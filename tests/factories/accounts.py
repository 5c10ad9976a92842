import datetime as dt

import factory
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from factory.django import DjangoModelFactory

from accounts.models import Organisation, Role, User

PASSWORD = "a-long-test-password"
# One round: quick to check. Signing in replaces it by a hash of the portal's own.
HASHED = PBKDF2PasswordHasher().encode(PASSWORD, "tests", iterations=1)
LEARNED = dt.datetime(2025, 4, 1, 9, 0, tzinfo=dt.UTC)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation
        django_get_or_create = ("name",)

    name = "County Council"
    kind = Organisation.Kind.LOCAL_AUTHORITY
    created_at = LEARNED


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"officer{n:03d}@test.example")
    full_name = factory.Sequence(lambda n: f"Officer {n:03d}")
    organisation = factory.SubFactory(OrganisationFactory)
    roles = factory.LazyFunction(lambda: [Role.OFFICER.value])
    password = HASHED
    created_at = LEARNED
