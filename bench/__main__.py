"""`make bench`: fills scratch databases at 1× and 100×, and prints each piece of work as a ratio to a baseline.

    python -m bench [--scale 100] [--only dashboard]

The baseline is the plainest code that does the same work (`bench/baselines.py`). The numbers are CPU time, medians of
runs in turns, in one process a size. It uses SQLite files of its own; with BENCH_DATABASE_URL, an empty PostgreSQL
database, which it fills and empties.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.side_by_side import HEADINGS, Ratio

FLAT_WITHIN = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Ratios to the plainest code that does the same work.")
    parser.add_argument("--scale", type=int, default=100, help="the larger of the two sizes (100)")
    parser.add_argument("--only", default="", help="only measurements whose name has this in it")
    options = parser.parse_args()
    print(HEADINGS, flush=True)
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        small, large = (_measured(scale, options.only, Path(folder)) for scale in (1, options.scale))
    for ratio in _growth(small, large):
        print(ratio.line("÷ 1×"))


def _measured(scale: int, only: str, folder: Path) -> list[Ratio]:
    """A process a size: each has its own database and starts with nothing cached. Settings as in production, but for
    what only a web server has: TLS, and collected static files."""
    out = folder / f"{scale}.json"
    own = {
        "ALLOWED_HOSTS": "testserver",
        "API_RATE": "1000000/min",
        "BENCH_OUT": str(out),
        "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder / f'{scale}.sqlite3'}"),
        "DEBUG": "off",
        "LOG_LEVEL": "ERROR",
        "MEDIA_ROOT": str(folder / "media"),
        "PYTHONWARNINGS": "ignore:No directory at",
        "REDIS_URL": "",
        "SECURE_SSL_REDIRECT": "off",
    }
    code = f"from bench.measures import measure_all; measure_all({scale}, {only!r})"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    subprocess.run(command, env=os.environ | own, check=True)
    return [Ratio(**line) for line in json.loads(out.read_text())]


def _growth(small: list[Ratio], large: list[Ratio]) -> list[Ratio]:
    """What a hundred times the data does to a page that should not notice: its ratio there over its ratio here."""
    before = {ratio.work: ratio for ratio in small}
    flat = [ratio for ratio in large if ratio.work == "dashboard" and ratio.work in before]
    return [
        Ratio("dashboard, flat as data grows", ratio.ratio, before[ratio.work].ratio, FLAT_WITHIN, unit="×")
        for ratio in flat
    ]


if __name__ == "__main__":
    main()
