import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from accounts.models import User
from milestones.models import Evidence, Milestone, MilestoneUpdate
from milestones.services import add_evidence, withdraw_evidence
from tests.factories import MilestoneFactory, MilestoneUpdateFactory
from tests.factories.files import ooxml

pytestmark = pytest.mark.django_db
LINK = "https://localoffer.example/minutes"
PDF = b"%PDF-1.7\nMinutes"

Add = Callable[..., Evidence]


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory()


@pytest.fixture
def add(milestone: Milestone, at: dt.datetime) -> Add:
    def call(**given: Any) -> Evidence:
        content = {"title": "Minutes", "kind": Evidence.Kind.MINUTES, "dated": dt.date(2025, 12, 1), **given}
        return add_evidence(**{"milestone": milestone, "by": milestone.responsible_officer, "at": at, **content})

    return call


@pytest.fixture
def stored(settings: Any) -> Callable[[], list[Path]]:
    return lambda: [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def pdf(name: str = "Minutes of 1 December.pdf", content: bytes = PDF) -> ContentFile:
    return ContentFile(content, name=name)


def faults(call: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        call()
    return set(refused.value.error_dict)


def test_a_link_is_kept(add: Add, milestone: Milestone) -> None:
    evidence = add(url=f" {LINK} ")

    assert (evidence.url, evidence.created_by) == (LINK, milestone.responsible_officer)
    assert list(Evidence.objects.standing()) == [evidence]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://files.example/minutes.pdf", "//host/file", "minutes"])
def test_a_link_is_http_or_https(add: Add, url: str) -> None:
    assert faults(lambda: add(url=url)) == {"url"}


def test_a_file_is_kept_under_a_random_name_with_what_it_is(add: Add, stored: Callable[[], list[Path]]) -> None:
    evidence = Evidence.objects.get(pk=add(file=pdf("../Minutes of 1 December.PDF")).pk)

    assert (evidence.original_name, evidence.content_type) == ("Minutes of 1 December.PDF", "application/pdf")
    assert (evidence.size, evidence.sha256) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    assert [path.read_bytes() for path in stored()] == [PDF]
    assert "Minutes" not in evidence.file.name
    assert evidence.file.name.endswith(".pdf")


def test_two_files_of_one_name_stay_apart(add: Add, stored: Callable[[], list[Path]]) -> None:
    add(file=pdf())
    add(file=pdf(content=b"%PDF-1.7\nOther"))

    assert len(stored()) == 2


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(pdf(content=b"MZ\x90\x00"), id="a programme called pdf"),
        pytest.param(ContentFile(b"<html>", name="page.html"), id="a web page"),
        pytest.param(ContentFile(ooxml("xlsx", {"xl/vbaProject.bin": b""}), name="a.xlsx"), id="macros"),
        pytest.param(ContentFile(b"", name="empty.txt"), id="empty"),
    ],
)
def test_a_refused_file_leaves_nothing_behind(add: Add, stored: Callable[[], list[Path]], file: ContentFile) -> None:
    assert faults(lambda: add(file=file)) == {"file"}
    assert (Evidence.objects.count(), stored()) == (0, [])


def test_a_file_beyond_the_limit_is_refused(add: Add, settings: Any) -> None:
    settings.EVIDENCE_MAX_MB = 1

    assert faults(lambda: add(file=ContentFile(b"a" * (1024 * 1024 + 1), name="long.txt"))) == {"file"}


def test_a_file_whose_row_is_refused_leaves_nothing_behind(add: Add, stored: Callable[[], list[Path]]) -> None:
    assert faults(lambda: add(file=pdf(), kind="rumour")) == {"kind"}
    assert stored() == []


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        pytest.param({"title": " ", "url": LINK}, "title", id="no title"),
        pytest.param({"dated": dt.date(2026, 2, 1), "url": LINK}, "dated", id="tomorrow"),
        pytest.param({"dated": None, "url": LINK}, "dated", id="no date"),
        pytest.param({}, "file", id="neither file nor link"),
        pytest.param({"url": LINK, "file": pdf()}, "file", id="both file and link"),
    ],
)
def test_evidence_says_what_it_is(add: Add, given: dict[str, Any], refused: str) -> None:
    assert faults(lambda: add(**given)) == {refused}


def test_evidence_belongs_to_an_update_of_its_milestone(add: Add, milestone: Milestone) -> None:
    own: MilestoneUpdate = MilestoneUpdateFactory(milestone=milestone)

    assert add(url=LINK, update=own).update == own
    assert faults(lambda: add(url=LINK, update=MilestoneUpdateFactory())) == {"update"}


def test_a_withdrawn_milestone_takes_no_evidence(add: Add) -> None:
    withdrawn = MilestoneFactory(withdrawn_on=dt.date(2026, 1, 1), withdrawn_reason="Merged.")

    with pytest.raises(ValidationError, match="withdrawn"):
        add(milestone=withdrawn, url=LINK)


def test_a_second_click_counts_once(add: Add, stored: Callable[[], list[Path]]) -> None:
    assert add(file=pdf()) == add(file=pdf())
    assert add(url=LINK) == add(url=LINK)
    assert (Evidence.objects.count(), len(stored())) == (2, 1)


def test_evidence_does_not_interrupt_who_is_typing_an_update(add: Add, milestone: Milestone) -> None:
    add(url=LINK)

    milestone.refresh_from_db()
    assert milestone.version == 1


def test_withdrawing_says_why_and_removes_the_file_once_committed(
    add: Add,
    office: User,
    at: dt.datetime,
    stored: Callable[[], list[Path]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    evidence = add(file=pdf())

    with django_capture_on_commit_callbacks() as callbacks:
        withdrawal = withdraw_evidence(evidence=evidence, reason="It names a child.", by=office, at=at)

    assert len(stored()) == 1
    for callback in callbacks:
        callback()
    assert stored() == []
    assert (withdrawal.reason, withdrawal.created_by) == ("It names a child.", office)
    assert not Evidence.objects.standing().exists()
    assert Evidence.objects.get().original_name == "Minutes of 1 December.pdf"


def test_evidence_is_withdrawn_once_and_with_a_reason(add: Add, office: User, at: dt.datetime) -> None:
    evidence = add(url=LINK)

    assert faults(lambda: withdraw_evidence(evidence=evidence, reason=" ", by=office, at=at)) == {"reason"}
    withdraw_evidence(evidence=evidence, reason="The wrong link.", by=office, at=at)
    with pytest.raises(ValidationError, match="withdrawn already"):
        withdraw_evidence(evidence=evidence, reason="Again.", by=office, at=at)


def test_withdrawn_evidence_can_be_added_again(add: Add, office: User, at: dt.datetime) -> None:
    evidence = add(url=LINK)
    withdraw_evidence(evidence=evidence, reason="The wrong milestone.", by=office, at=at)

    assert add(url=LINK) != evidence
