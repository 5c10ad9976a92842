"""docs/data-dictionary.md names every table, every column and every coded value there is, and no others."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

DICTIONARY = (Path(settings.BASE_DIR) / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
EVERYWHERE = {"id", "created_at", "created_by_id"}
OURS = [
    model
    for config in apps.get_app_configs()
    if Path(config.path).parent == Path(settings.BASE_DIR)
    for model in config.get_models(include_auto_created=True)
]


def sections() -> dict[str, str]:
    """Each table's part of the page, by the table's name."""
    parts = re.split(r"^#{1,2} ", DICTIONARY, flags=re.MULTILINE)
    named = (re.match(r"`(\w+)`", part) for part in parts)
    return {match.group(1): part for match, part in zip(named, parts, strict=True) if match}


def columns(section: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_table_is_described_with_all_its_columns_and_no_others(model: type[models.Model]) -> None:
    section = sections().get(model._meta.db_table, "")
    there = {field.column for field in model._meta.local_fields}

    assert columns(section) == there - EVERYWHERE


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_coded_values_are_described(model: type[models.Model]) -> None:
    section = sections().get(model._meta.db_table, "")
    codes = {str(code) for field in model._meta.local_fields for code, _label in field.flatchoices}

    assert {code for code in codes if f"`{code}`" not in section} == set()


def test_no_table_is_described_that_is_not_there() -> None:
    assert set(sections()) == {model._meta.db_table for model in OURS}


def test_columns_of_most_tables_are_described() -> None:
    assert columns(DICTIONARY) >= EVERYWHERE
