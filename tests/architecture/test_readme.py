"""What the README says is there is there."""

import itertools
import re
import subprocess

from tests.architecture import ROOT, files

README = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""


def tree() -> list[str]:
    """Entries of the README's tree: the words, up to the first that is not a path, at the start of its lines."""
    blocks = [block for block in re.findall(r"```\w*\n(.*?)```", README, re.S) if "manage.py" in block]
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith(" ")]
    entries = [
        itertools.takewhile(lambda word: re.fullmatch(r"\.?[\w-]+(/|\.\w+)", word), line.split()) for line in lines
    ]
    return [name for entry in entries for name in entry]


def test_tree_names_what_exists() -> None:
    named = tree()
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_tree_names_every_folder() -> None:
    folders = {str(path.relative_to(ROOT)).split("/")[0] + "/" for path in files() if path.parent != ROOT}
    assert {folder for folder in folders if not folder.startswith(".")} - set(tree()) == set()


def test_commands_exist() -> None:
    commands = set(re.findall(r"\bmake ([a-z][a-z-]*)", " ".join(re.findall(r"`+[^`]*`+", README))))
    assert commands
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert commands <= targets


def test_management_commands_exist() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))
    shown = subprocess.run(
        [ROOT / ".venv/bin/python", "manage.py", "help", "--commands"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert named <= set(shown)


def test_links_lead_somewhere() -> None:
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []
