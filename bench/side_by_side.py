"""How two ways of doing one piece of work are compared: in one process, in turns, by CPU time and by memory."""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Work = Callable[[], Any]
# Rounds go on until they have taken this long, within these bounds.
SECONDS = 4.0
FEWEST, MOST = 3, 60
COLUMNS = "{:<44} {:>6} {:>12} {:>12} {:>6} {:>5} {:<4} {}"
HEADINGS = COLUMNS.format("work", "size", "ours", "baseline", "ratio", "limit", "", "").rstrip()


@dataclass(frozen=True)
class Ratio:
    """One line of the table. `limit` None: printed for comparison, nothing is promised at this size."""

    work: str
    ours: float
    baseline: float
    limit: float | None
    unit: str = "ms"
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "ok" if self.ratio <= self.limit else "over"

    def line(self, size: str) -> str:
        ours, baseline = (f"{number:,.2f} {self.unit}" for number in (self.ours, self.baseline))
        limit = "" if self.limit is None else f"{self.limit:g}"
        cells = (self.work, size, ours, baseline, f"{self.ratio:.2f}", limit, self.verdict, self.note)
        return COLUMNS.format(*cells).rstrip()

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def cpu_times(ours: Work, baseline: Work) -> tuple[float, float]:
    """Median CPU milliseconds of each, after a first go that fills caches. Other programs on the machine take from
    the wall clock and not from this; taking turns spreads what they do to its caches over both."""
    ours()
    baseline()
    taken: dict[Work, list[float]] = {ours: [], baseline: []}
    spent = 0.0
    for round_ in range(MOST):
        for work, times in taken.items():
            # Else one pays for the other's garbage.
            gc.collect()
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
            spent += times[-1]
        if spent > SECONDS and round_ + 1 >= FEWEST:
            break
    mine, theirs = (statistics.median(times) * 1000 for times in taken.values())
    return mine, theirs


def peak_kilobytes(work: Work) -> float:
    """The most memory that Python objects took while the work, done before, was done."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1024
    finally:
        tracemalloc.stop()
