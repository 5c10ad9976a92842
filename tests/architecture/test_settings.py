"""`.env.example` lists and explains every setting."""

import ast
import itertools
import re

from tests.architecture import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
LISTED = re.findall(r"^([A-Z][A-Z0-9_]*)=", EXAMPLE, re.M)
# Read by docker-compose.yml for the database beside the portal, not by the portal.
NOT_THE_PORTALS = {"POSTGRES_PASSWORD"}


def read_by_settings() -> set[str]:
    tree = ast.parse((ROOT / "pap_portal" / "settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_example_lists_every_setting_once_and_nothing_else() -> None:
    assert sorted(LISTED) == sorted(read_by_settings() | NOT_THE_PORTALS)


def test_example_explains_every_setting() -> None:
    lines = EXAMPLE.splitlines()
    bare = [line for above, line in itertools.pairwise(lines) if "=" in line and not above.startswith("# ")]
    assert [line for line in bare if re.match(r"[A-Z]", line)] == []
