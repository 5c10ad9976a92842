"""What is measured, each beside its baseline. Limits are the project's own: what a page or job may cost over the
plainest code that does the same."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.services import issue_token
from bench import baselines
from bench.data import LAST, load, workbook
from bench.side_by_side import Ratio, Work, cpu_times, peak_kilobytes
from board.figures import SECTIONS
from board.models import ReportingMonth
from board.services import finish_month, run_section
from core.sheets import Run, download, read_sheet
from milestones.models import Milestone, MilestoneUpdate
from milestones.resources import MilestoneUpdateResource

# Both are several of the chunks that sheets are read and written in.
ROWS, FEW_ROWS = 10_000, 2_500
AS_AT = f"as_at={LAST.last_day}"
STATUSES = "&".join(f"status={status}" for status in baselines.REPORTED)


class Bench:
    """One size: its database filled, its months rolled up, and somebody signed in."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        call_command("migrate", verbosity=0)
        if Organisation.objects.exists():
            raise SystemExit("The benchmark's database is not empty. Give it one of its own in BENCH_DATABASE_URL.")
        self.person = load(scale)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        for month in ReportingMonth.objects.order_by("month"):
            roll_up(month)
        self.client = Client()
        self.client.force_login(self.person)

    def page(self, address: str) -> Work:
        return lambda: self._get(self.client, address)

    def api(self, address: str) -> Work:
        now = timezone.now()
        token = issue_token(user=self.person, days=1, name="Benchmark", by=self.person, at=now)
        client = Client(headers={"authorization": f"Token {token}"})
        return lambda: self._get(client, address)

    def _get(self, client: Client, address: str) -> Any:
        response = client.get(address)
        if response.status_code != 200:
            raise SystemExit(f"{address} answered {response.status_code}.")
        return response

    @property
    def updates(self) -> QuerySet[MilestoneUpdate]:
        """An export's rows, of enough milestones for ROWS and no more: sorting the rest is the database's work."""
        some = list(Milestone.objects.order_by("reference").values_list("pk", flat=True)[:1000])
        return MilestoneUpdateResource().export_queryset().filter(milestone__in=some)


def dashboard(bench: Bench) -> Iterator[Ratio]:
    ours = bench.page("/dashboard/")
    yield Ratio("dashboard", *cpu_times(ours, bench.page("/bench/page/")), 2.0, note=f"{queries(ours)} queries of 8")


def api_list(bench: Bench) -> Iterator[Ratio]:
    lists = {
        "milestones": (f"/api/v1/milestones/?{AS_AT}&{STATUSES}", "/bench/list/"),
        "risks": (f"/api/v1/risks/?{AS_AT}", "/bench/risks/"),
    }
    for name, (address, bare) in lists.items():
        ours, baseline = bench.api(address), bench.page(bare)
        rows = json.loads(ours().content)["results"]
        same(
            [row["reference"] for row in rows], [row["reference"] for row in json.loads(baseline().content)["results"]]
        )
        note = f"{len(rows)} rows, {queries(ours)} queries"
        yield Ratio(f"api list, {name}", *cpu_times(ours, baseline), 1.5, note=note)


def list_page(bench: Bench) -> Iterator[Ratio]:
    for name in ("milestones", "risks"):
        ours = bench.page(f"/{name}/?{AS_AT}")
        rows = ours().content.count(b"<tr ") - 1
        limit = 3.0 if bench.scale == 1 else None
        note = f"{rows} rows, {queries(ours)} queries"
        yield Ratio(f"list page, {name}", *cpu_times(ours, bench.page("/bench/page/")), limit, note=note)


def export(bench: Bench) -> Iterator[Ratio]:
    by_hand = {"csv": baselines.csv_by_hand, "xlsx": baselines.xlsx_by_hand}
    for extension, baseline in by_hand.items():
        if bench.scale == 1:
            return  # it has fewer rows than are measured
        few, many = (exported(bench.updates[:rows], extension) for rows in (FEW_ROWS, ROWS))
        updates = bench.updates[:ROWS]
        times = cpu_times(many, lambda: drained(baseline(updates)))  # noqa: B023 called before the next turn
        yield Ratio(f"export {extension}", *times, 1.2, note=f"{ROWS:,} rows")
        peaks = (peak_kilobytes(many), peak_kilobytes(few))
        yield Ratio(f"export {extension}, memory at 10,000 ÷ 2,500", *peaks, 1.2, unit="KB")


def exported(updates: QuerySet[MilestoneUpdate], extension: str) -> Work:
    return lambda: drained(download(MilestoneUpdateResource, updates, extension, "updates"))


def drained(response: HttpResponseBase) -> None:
    for _piece in response:
        pass
    response.close()


def rollup(bench: Bench) -> Iterator[Ratio]:
    month = ReportingMonth.objects.get(month=str(LAST))
    groups = baselines.rollup_by_hand()[0]
    same(sum(row[4] for row in groups), int(month.figures.get(code="milestones.total", area="").value))
    same(sum(row[8] for row in groups), int(month.figures.get(code="milestones.no_return", area="").value))
    worse = sum(row[4] for row in groups if row[3] == "worsening")
    same(worse, int(month.figures.get(code="milestones.trend.worsening", area="").value))
    register = baselines.rollup_by_hand()[-1]
    same(sum(row[5] for row in register), int(month.figures.get(code="risks.open", area="").value))
    above = int(month.figures.get(code="risks.above_trajectory", area="").value)
    same(sum(row[7] for row in register), above)
    limit = None if bench.scale == 1 else 1.5
    yield Ratio("rollup of a month", *cpu_times(lambda: roll_up(month), baselines.rollup_by_hand), limit)


def roll_up(month: ReportingMonth) -> None:
    for section in SECTIONS:
        run_section(month=month, section=section, at=timezone.now())
    finish_month(month=month)


def xlsx_import(bench: Bench) -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        few, many = (workbook(Path(folder, f"{rows}.xlsx"), rows, bench.person) for rows in (FEW_ROWS, ROWS))
        same(baselines.read_by_openpyxl(many), ROWS + 1)
        times = cpu_times(partial(imported, many, bench.person), partial(baselines.read_by_openpyxl, many))
        yield Ratio("import xlsx, preview and import", *times, 4.0, note=f"{ROWS:,} rows")
        if bench.scale > 1:
            return  # memory: measured once, since it takes as long again
        peaks = [peak_kilobytes(partial(imported, file, bench.person)) for file in (many, few)]
        yield Ratio("import xlsx, memory at 10,000 ÷ 2,500", *peaks, 1.2, unit="KB")


def imported(file: Path, by: User) -> None:
    """The preview, then the import; undone, so that it can be done again."""
    now = timezone.now()
    run = Run(by=by, at=now, on=timezone.localdate(now), source=file.name)
    with transaction.atomic(), file.open("rb") as source:
        preview = read_sheet(MilestoneUpdateResource, source, run, write=False)
        report = read_sheet(MilestoneUpdateResource, source, run, write=True, expected=preview.digest())
        same((report.new, report.written), (report.rows, True))
        transaction.set_rollback(True)


def queries(work: Work) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len(asked)


def same(ours: Any, baseline: Any) -> None:
    """A baseline that does other work proves nothing."""
    if ours != baseline:
        raise SystemExit(f"The baseline does not do the same work: {ours} here, {baseline} there.")


MEASURES: dict[str, Callable[[Bench], Iterator[Ratio]]] = {
    "dashboard": dashboard,
    "api": api_list,
    "list": list_page,
    "rollup": rollup,
    "export": export,
    "import": xlsx_import,
}
PLAIN_STATIC_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": PLAIN_STATIC_FILES}


@override_settings(ROOT_URLCONF="bench.baselines", STORAGES=STORAGES)
def measure_all(scale: int, only: str) -> None:
    """Measures and prints at one size, and leaves the ratios in the file that BENCH_OUT names."""
    bench, found = Bench(scale), []
    for ratio in (ratio for name, measure in MEASURES.items() if only in name for ratio in measure(bench)):
        print(ratio.line(f"{scale}×"), flush=True)
        found.append(ratio)
    if connection.vendor == "postgresql":
        call_command("flush", interactive=False, verbosity=0)
    Path(os.environ["BENCH_OUT"]).write_text(json.dumps([ratio.plain() for ratio in found]))
