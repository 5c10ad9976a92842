"""`manage.py load_demo`: the demo partnership as at 31 January 2026, as if the portal had been in use since April 2025.

Everything goes in by the doors that partnerships use: sheets through the import of `import_sheet`, the rest through
services. Each piece goes in at the moment the portal would have learned it, so the months before January are rolled
up, closed and signed off with what was known then.
"""

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts import services as accounts
from accounts.models import Organisation, Role, User
from board import services as board
from board.figures import SECTIONS
from board.models import ReportingMonth
from board.resources import KINDS
from core.months import Month, cut_off_of, is_working_day
from core.sheets import Run, read_sheet
from milestones import services as milestones
from milestones.models import Evidence, Milestone, MilestoneDependency, MilestoneUpdate
from risks import services as risks
from risks.models import Level, Mitigation, MitigationStatus, Risk

FOLDER = settings.BASE_DIR / "demo"
PASSWORD = "demo-portal-2026"  # noqa: S105 printed on every start: the demo has no secrets
SIGN_INS = {
    "office": "programme office: people, imports, sign-off of months",
    "board": "board member: the dashboard",
    "chair": "independent chair: the dashboard",
    "officer": "officer: what they owe, and their updates",
    "sro": "senior responsible officer: updates to confirm",
    "auditor": "auditor",
    "analyst": "analyst: the API and its tokens",
}
FIRST, LAST = Month(2025, 4), Month(2026, 1)
BEFORE_ALL = dt.date(2025, 3, 24)
"""People and areas are set up in the week before the plan is approved."""

Row = dict[str, str]


class Command(BaseCommand):
    help = "Loads the demo partnership as at 31 January 2026. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="load although DEBUG is off")

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        if not settings.DEBUG and not force:
            raise CommandError(
                "DEBUG is off, so this may be a live portal, and the demo's password is public. "
                "Use --force if this really is a demonstration."
            )
        if User.objects.filter(email="office@demo.example").exists():
            self.stdout.write("The demo partnership is there already: nothing was changed.")
        elif Milestone.objects.exists():
            raise CommandError("This database already holds a plan. Load the demo into an empty one.")
        else:
            # All or nothing: a load that was stopped leaves an empty portal, and can be started again.
            with transaction.atomic():
                Demo().load()
            self.stdout.write("Loaded the demo partnership as at 31 January 2026.")
        self._say_where_to_go()

    def _say_where_to_go(self) -> None:
        self.stdout.write(f"\nSign in with the password {PASSWORD} as")
        for name, job in SIGN_INS.items():
            self.stdout.write(f"  {name + '@demo.example':<22} {job}")
        self.stdout.write(f"\nStart at /dashboard/?month={LAST} or, as officer@, at /\n")


class Demo:
    """One load: the past ten months, event by event."""

    def load(self) -> None:
        self.office = self._let_the_office_in()
        self._import("people", rows_of("people"), at(BEFORE_ALL, 10))
        self._give_passwords()
        self._import("priority-areas", rows_of("priority-areas"), at(BEFORE_ALL, 11))
        # Sorting is stable: of one moment, what is named first happens first.
        for moment, event in sorted(self._events(), key=lambda pair: pair[0]):
            event(moment)

    def _let_the_office_in(self) -> User:
        kinds = {kind.label.lower(): kind for kind in Organisation.Kind}
        moment = at(BEFORE_ALL, 9)
        for row in rows_of("organisations"):
            accounts.add_organisation(name=row["Name"], kind=kinds[row["Kind"].lower()], by=None, at=moment)
        [first] = [row for row in rows_of("people") if row["Email"] == "office@demo.example"]
        return accounts.invite_person(
            email=first["Email"],
            full_name=first["Name"],
            job_title=first["Job title"],
            organisation=Organisation.objects.get(name=first["Organisation"]),
            roles=[Role.PROGRAMME_OFFICE],
            by=None,
            at=moment,
        )

    def _give_passwords(self) -> None:
        """Invitations and password pages are for people; the demo's sign-ins just have theirs. It is hashed once, since
        hashing is slow on purpose and this password is no secret."""
        theirs = User.objects.filter(email__in=[f"{name}@demo.example" for name in SIGN_INS])
        theirs.update(password=make_password(PASSWORD))

    def _events(self) -> Iterator[tuple[dt.datetime, Callable[[dt.datetime], None]]]:
        """What happens when: a moment, and what to do with it."""
        in_the_sheets: tuple[tuple[str, str, Callable[[dt.date], dt.datetime], Callable[..., None]], ...] = (
            ("milestones", "Added on", lambda day: at(day, 10), self._milestones_join),
            ("dependencies", "Date", lambda day: at(day, 14), self._milestones_are_linked),
            ("due-date-changes", "Date", lambda day: at(day, 15), self._due_dates_move),
            ("evidence", "Date", lambda day: at(working_days_after(day, 1), 11), self._evidence_comes),
            ("milestone-updates", "As at", lambda day: at(working_days_after(day, 2), 16), self._reports_come),
            ("confirmations", "Confirmed on", lambda day: at(day, 17), self._reports_are_confirmed),
            ("risks", "Opened", lambda day: at(day, 10), partial(self._import, "risks")),
            ("risk-targets", "Set on", lambda day: at(day, 11), self._targets_are_set),
            ("mitigations", "Added on", lambda day: at(day, 12), partial(self._import, "mitigations")),
            ("mitigation-updates", "Date", lambda day: at(day, 13), self._mitigations_move_on),
            ("risk-reviews", "Date", lambda day: at(day, 14), partial(self._import, "risk-reviews")),
            ("risk-moves", "Date", lambda day: at(day, 15), self._risks_change_boards),
            ("risk-closings", "Date", lambda day: at(day, 16), self._risks_are_closed),
        )
        for kind, column, when, happens in in_the_sheets:
            for day, rows in by_day(rows_of(kind), column):
                yield when(day), partial(happens, rows)
        for month in FIRST.until(LAST):
            cut_off = cut_off_of(month)
            yield at(month.first_day, 9), partial(self._month_opens, month)
            yield at(cut_off, 18), partial(self._month_rolls_up, month)
            if month < LAST:
                yield at(working_days_after(cut_off, 4), 12), partial(self._month_is_signed_off, month)

    def _import(self, kind: str, rows: list[Row], moment: dt.datetime) -> None:
        run = Run(by=self.office, at=moment, on=timezone.localdate(moment), source=f"{kind}.csv")
        report = read_sheet(KINDS[kind], as_file(rows), run, write=True)
        if not report.written:
            raise CommandError(f"demo/{kind}.csv: {report.refused or '; '.join(map(str, report.faults))}")

    def _milestones_join(self, rows: list[Row], moment: dt.datetime) -> None:
        # As the plan stood on that day: due as first promised. The sheet says what is due now.
        self._import("milestones", [{**row, "Due date": row["Baseline due date"]} for row in rows], moment)

    def _milestones_are_linked(self, rows: list[Row], moment: dt.datetime) -> None:
        for row in rows:
            milestones.link_milestones(
                blocker=Milestone.objects.get(reference=row["Blocker"]),
                dependent=Milestone.objects.get(reference=row["Dependent"]),
                kind=MilestoneDependency.Kind(row["Kind"]),
                by=self.office,
                at=moment,
            )

    def _due_dates_move(self, rows: list[Row], moment: dt.datetime) -> None:
        self._import("due-date-changes", rows, moment)

    def _reports_come(self, rows: list[Row], moment: dt.datetime) -> None:
        self._import("milestone-updates", rows, moment)

    def _reports_are_confirmed(self, rows: list[Row], moment: dt.datetime) -> None:
        updates = MilestoneUpdate.objects.effective().filter(as_at__in={row["As at"] for row in rows})
        updates = updates.select_related("milestone__sro")
        there = {(update.milestone.reference, update.as_at.isoformat()): update for update in updates}
        for row in rows:
            update = there[row["Reference"], row["As at"]]
            milestones.confirm_update(update=update, by=update.milestone.sro, at=moment, note=row["Note"])

    def _evidence_comes(self, rows: list[Row], moment: dt.datetime) -> None:
        for row in rows:
            milestone = Milestone.objects.select_related("responsible_officer").get(reference=row["Reference"])
            milestones.add_evidence(
                milestone=milestone,
                title=row["Title"],
                kind=Evidence.Kind(row["Kind"]),
                dated=dt.date.fromisoformat(row["Date"]),
                url=row["Link"],
                by=milestone.responsible_officer,
                at=moment,
            )

    def _targets_are_set(self, rows: list[Row], moment: dt.datetime) -> None:
        for row in rows:
            points = [point.split(":") for point in row["Points"].split(";") if point]
            risks.set_target(
                risk=Risk.objects.get(reference=row["Reference"]),
                likelihood=int(row["Likelihood"]),
                impact=int(row["Impact"]),
                due_on=dt.date.fromisoformat(row["Target date"]),
                points=[(dt.date.fromisoformat(day.strip()), int(score)) for day, score in points],
                reason=row["Reason"],
                by=self.office,
                at=moment,
            )

    def _mitigations_move_on(self, rows: list[Row], moment: dt.datetime) -> None:
        statuses = {status.label: status for status in MitigationStatus}
        for row in rows:
            mitigation = Mitigation.objects.select_related("owner").get(reference=row["Reference"])
            risks.update_mitigation(
                mitigation=mitigation,
                status=statuses[row["Status"]],
                due_date=dt.date.fromisoformat(row["Due date"]) if row["Due date"] else None,
                note=row["Note"],
                by=mitigation.owner,
                at=moment,
            )

    def _risks_change_boards(self, rows: list[Row], moment: dt.datetime) -> None:
        levels = {level.label: level for level in Level}
        for row in rows:
            risks.move_level(
                risk=Risk.objects.get(reference=row["Reference"]),
                to_level=levels[row["To"]],
                reason=row["Reason"],
                by=self.office,
                at=moment,
            )

    def _risks_are_closed(self, rows: list[Row], moment: dt.datetime) -> None:
        for row in rows:
            risks.close_risk(
                risk=Risk.objects.get(reference=row["Reference"]),
                on=timezone.localdate(moment),
                reason=row["Reason"],
                by=self.office,
                at=moment,
            )

    def _month_opens(self, month: Month, moment: dt.datetime) -> None:
        board.open_month(month=month, by=self.office, at=moment)

    def _month_rolls_up(self, month: Month, moment: dt.datetime) -> None:
        row = ReportingMonth.objects.get(month=str(month))
        for section in SECTIONS:
            board.run_section(month=row, section=section, at=moment)
        board.finish_month(month=row)
        if month < LAST:
            board.close_month(month=row, by=self.office, at=moment)

    def _month_is_signed_off(self, month: Month, moment: dt.datetime) -> None:
        board.sign_off_month(
            month=ReportingMonth.objects.get(month=str(month)),
            reason=f"Agreed at the improvement board on {date_format(moment, 'j F Y')}.",
            by=self.office,
            at=moment,
        )


def rows_of(kind: str) -> list[Row]:
    with (FOLDER / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_file(rows: list[Row]) -> BinaryIO:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


def by_day(rows: Iterable[Row], column: str) -> list[tuple[dt.date, list[Row]]]:
    days: dict[dt.date, list[Row]] = defaultdict(list)
    for row in rows:
        days[dt.date.fromisoformat(row[column])].append(row)
    return sorted(days.items())


def at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=ZoneInfo(settings.TIME_ZONE))


def working_days_after(day: dt.date, days: int) -> dt.date:
    while days > 0:
        day += dt.timedelta(days=1)
        days -= is_working_day(day)
    return day
