"""What is generated from the code is current."""

import io

import pytest
from django.core.management import call_command

from tests.architecture import ROOT


@pytest.mark.django_db
def test_migrations_are_not_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_openapi_file_is_current() -> None:
    current = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=current)
    kept = (ROOT / "docs" / "openapi.yaml").read_text()
    assert current.getvalue().strip() == kept.strip(), "docs/openapi.yaml is out of date: make schema"
