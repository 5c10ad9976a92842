import datetime as dt
import io
import re

import pytest
import time_machine
from django.core.management import CommandError, call_command

from board import services
from board.figures import figures_of
from board.models import ReportingMonth
from core.months import Month
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _february_2026() -> object:
    with time_machine.travel(dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)) as traveller:
        yield traveller


def roll_up(*options: str) -> str:
    out = io.StringIO()
    call_command("roll_up", *options, stdout=out)
    return out.getvalue()


def test_roll_up_of_a_month_opens_it_and_prints_each_section_with_its_time() -> None:
    MilestoneUpdateFactory()

    said = roll_up("--month", "2026-01")

    lines = [re.fullmatch(r"2026-01  (\w+) +\d+ figures +\d+\.\d\d s", line) for line in said.splitlines()]
    assert [line and line[1] for line in lines] == ["milestones", "risks"]
    assert figures_of(Month(2026, 1)).number("milestones.on_track") == 1
    assert ReportingMonth.objects.get().figures_at is not None


def test_roll_up_of_several_months() -> None:
    said = roll_up("--from", "2025-11", "--to", "2026-01")

    sections = ["milestones", "risks"]
    assert [line.split()[:2] for line in said.splitlines()] == [
        [month, section] for month in ("2025-11", "2025-12", "2026-01") for section in sections
    ]


def test_roll_up_without_options_computes_what_is_not_signed_off() -> None:
    office = UserFactory()
    for month in ("2025-12", "2026-01"):
        roll_up("--month", month)
    december = ReportingMonth.objects.get(month="2025-12")
    at = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)
    services.close_month(month=december, by=office, at=at)
    services.sign_off_month(month=december, reason="The board of 12 January.", by=office, at=at)

    assert {line.split()[0] for line in roll_up().splitlines()} == {"2026-01"}
    assert "2025-12  signed off: skipped" in roll_up("--from", "2025-12", "--to", "2026-01")


def test_roll_up_without_any_month_says_what_to_do() -> None:
    assert "Name one with --month" in roll_up()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--month", "2026-13"], "is not a month", id="no month"),
        pytest.param(["--month", "January"], "Write it like 2026-01", id="a word"),
        pytest.param(["--month", "2026-03"], "has not begun", id="the future"),
        pytest.param(["--from", "2026-01", "--to", "2025-12"], "Put the earlier month first", id="backwards"),
        pytest.param(["--from", "2026-01"], "go together", id="no end"),
        pytest.param(["--to", "2026-01"], "go together", id="no beginning"),
        pytest.param(["--month", "2026-01", "--from", "2025-12", "--to", "2026-01"], "not both", id="both"),
    ],
)
def test_roll_up_refuses(options: list[str], words: str) -> None:
    ReportingMonthFactory(month="2025-10")

    with pytest.raises(CommandError, match=words):
        roll_up(*options)
    assert ReportingMonth.objects.count() == 1
