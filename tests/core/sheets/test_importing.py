"""The engine: every fault at once, one and nothing is written, counts that add up, ratings and people by any name."""

import datetime as dt
from typing import Any

import pytest

from core.sheets.widgets import ChoiceWidget
from tests.core.sheets.toy import Rating, Toy
from tests.factories.sheets import faults, read, xlsx

pytestmark = pytest.mark.django_db
HEADINGS = ["Code", "Name", "Due date", "Status", "Share", "Owner"]
JANUARY = dt.date(2026, 1, 31)


@pytest.fixture(autouse=True)
def _empty() -> None:
    Toy.kept.clear()


def sheet(*rows: list[Any]) -> Any:
    return xlsx([HEADINGS, *rows])


def test_every_faulty_cell_is_reported_at_once_by_row_and_column() -> None:
    report = read(
        Toy,
        sheet(
            ["A1", "First", "31 September 2020", "Purple", "lots", "Nobody"],
            ["A2", None, None, "G", 3, None],
            ["A3", "x" * 41, JANUARY, None, None, None],
        ),
    )

    assert faults(report) == [
        'row 2, Due date: "31 September 2020" is not a date',
        'row 2, Status: "Purple" is not one of: Completed, On track, Off track, Delayed, Not started',
        'row 2, Share: "lots" is not a number',
        'row 2, Owner: "Nobody" is not a person in the portal',
        "row 3, Name: is missing",
        "row 3, Due date: is missing",
        f'row 4, Name: "{"x" * 41}" is longer than 40 characters',
    ]
    assert (report.rows, report.faulty, report.written) == (3, 3, False)


def test_what_a_service_refuses_is_a_fault_of_its_cell() -> None:
    report = read(Toy, sheet(["A1", "Refused", JANUARY], ["A2", "Fine", JANUARY]))

    assert faults(report) == ['row 2, Due date: "31 January 2026": Toys like this are never due.']
    assert (report.new, report.faulty, report.written) == (1, 1, False)


def test_key_that_comes_twice_names_both_rows() -> None:
    report = read(Toy, sheet(["A1", "First", JANUARY], ["B1", "Other", JANUARY], ["a1", "Again", JANUARY]))

    assert faults(report) == ['row 4, Code: "A1" is in row 2 as well']


def test_counts_say_what_each_row_does_and_changes_show_old_and_new() -> None:
    read(Toy, sheet(["A1", "First", JANUARY, "G", 5], ["A2", "Second", JANUARY, None, None]))

    report = read(
        Toy, sheet(["A1", "First", "28/02/2026", "Amber", "-"], ["A2", "Second", JANUARY], ["A3", "3", JANUARY])
    )

    assert (report.new, report.changed, report.unchanged, report.faulty, report.rows) == (1, 1, 1, 0, 3)
    assert [str(line) for line in report.effects] == [
        "row 2, A1, Due date: 31 January 2026 → 28 February 2026",
        "row 2, A1, Status: On track → Off track",
        "row 2, A1, Share: 5 → (blank)",
        "row 4, new: A3 3",
    ]


def test_column_that_the_sheet_lacks_leaves_what_is_there() -> None:
    read(Toy, sheet(["A1", "First", JANUARY, "G", 5]))

    assert read(Toy, xlsx([HEADINGS[:3], ["A1", "First", JANUARY]])).unchanged == 1


def test_digest_differs_as_soon_as_an_import_would_do_something_else() -> None:
    first = read(Toy, sheet(["A1", "First", JANUARY]), write=False).digest()
    Toy.kept.clear()
    assert read(Toy, sheet(["A1", "First", JANUARY]), write=False).digest() == first
    Toy.kept.clear()
    assert read(Toy, sheet(["A1", "Other", JANUARY]), write=False).digest() != first


@pytest.mark.parametrize(
    ("cell", "rating"),
    [
        ("On track", Rating.ON_TRACK),
        ("on-track", Rating.ON_TRACK),
        ("ON_TRACK", Rating.ON_TRACK),
        ("G", Rating.ON_TRACK),
        ("green", Rating.ON_TRACK),
        ("Green - On track", Rating.ON_TRACK),
        ("On track (G)", Rating.ON_TRACK),
        ("Off Track", Rating.OFF_TRACK),
        ("a", Rating.OFF_TRACK),
        ("Amber", Rating.OFF_TRACK),
        ("R", Rating.DELAYED),
        ("D", Rating.DELAYED),
        ("Red", Rating.DELAYED),
        ("B", Rating.COMPLETED),
        ("C", Rating.COMPLETED),
        ("Blue", Rating.COMPLETED),
        ("N", Rating.NOT_STARTED),
        ("NS", Rating.NOT_STARTED),
        ("grey", Rating.NOT_STARTED),
        ("Gray", Rating.NOT_STARTED),
    ],
)
def test_rating_is_read_by_word_initial_or_colour(cell: str, rating: Rating) -> None:
    assert ChoiceWidget(Rating).clean(cell) == rating


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("O", "could be On track or Off track. Write the whole word"),
        ("OT", "could be On track or Off track. Write the whole word"),
        ("Green - Off track", "is not one of"),
        ("Track", "is not one of"),
        ("Purple", "is not one of"),
        ("Gr", "is not one of"),
        ("1", "is not one of"),
    ],
)
def test_rating_that_could_be_two_is_not_guessed(cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        ChoiceWidget(Rating).clean(cell)


@pytest.mark.parametrize(
    ("cell", "owner"), [("one@test.example", "1"), ("ONE@Test.Example ", "1"), ("officer  ONE", "1")]
)
def test_person_is_found_by_email_or_by_name(cell: str, owner: str) -> None:
    read(Toy, sheet(["A1", "First", JANUARY, None, None, cell]))
    assert Toy.kept["A1"]["owner"] == owner


def test_name_of_two_people_is_not_guessed() -> None:
    report = read(Toy, sheet(["A1", "First", JANUARY, None, None, "Officer Two"]))

    assert faults(report) == ['row 2, Owner: "Officer Two" is the name of more than one person. Write the email']
