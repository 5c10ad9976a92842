"""Names, lengths and contents of the project's files."""

import json
import re
from pathlib import Path

import pytest

from tests.architecture import ROOT, files, named

PYTHON = [path for path in files("*.py") if "migrations" not in path.parts]
PAGES = files("templates/*.html")
TEXT = [path for path in files() if path.suffix not in {".png", ".jpg", ".ico", ".xlsx", ".ods", ".pdf"}]
LOCKS = [ROOT / name for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")]

# House style: what such files hold belongs to a subject, and is named for it.
UNWANTED = {"utils.py", "helpers.py", "managers.py", "signals.py", "constants.py", "selectors.py", "misc.py"}
# Registries are the machine's business; split here, so that this line is not one.
REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))]
STYLED_OR_SCRIPTED = re.compile(
    r"""<style|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*["']|javascript:""", re.I
)


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_python_file_is_short_and_well_named(path: Path) -> None:
    # Tests may go on a little: their cases are read one at a time.
    longest = 600 if path.is_relative_to(ROOT / "tests") else 400
    assert len(path.read_text().splitlines()) <= longest, "make a package of the same name of it, a subject a file"
    assert path.name not in UNWANTED


def test_no_file_names_a_registry() -> None:
    naming = [
        named(path)
        for path in TEXT
        if any(host in path.read_text(errors="ignore") for host in REGISTRIES) or _has_resolved(path)
    ]
    assert naming == []


def _has_resolved(path: Path) -> bool:
    return path.name == "package-lock.json" and '"resolved"' in path.read_text()


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_page_has_no_style_or_script_of_its_own(path: Path) -> None:
    """The content security policy would not run them."""
    assert STYLED_OR_SCRIPTED.findall(path.read_text()) == []


@pytest.mark.parametrize("path", LOCKS, ids=named)
def test_lock_pins_and_hashes_every_package(path: Path) -> None:
    entries = path.read_text().replace("\\\n", " ").splitlines()
    loose = [entry for entry in entries if not re.match(r"[\w.-]+==\S+.*--hash=sha256:[0-9a-f]{64}", entry)]
    assert loose == []


def test_npm_lock_has_a_digest_for_every_package() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
