"""What the tests of the register's pages share: when they are looked at, how they are read, and a register to read."""

import datetime as dt
import re
from html import unescape
from typing import Any

from django.test import Client

from risks.models import Level, MatrixChoice, Risk, RiskMatrix
from tests.factories import (
    EscalationFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    PriorityAreaFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    shipped_matrix,
)
from tests.factories.accounts import LEARNED

NOW = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
TODAY = NOW.date()


def words(page: bytes | str) -> str:
    """What a person reads: the page without its tags."""
    html = page if isinstance(page, str) else page.decode()
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def links(html: str) -> dict[str, str]:
    """Where each link leads, by what it says."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {words(said).strip(): unescape(href) for href, said in found}


def listed(html: str) -> list[str]:
    """The references of the risks in the list, in its order."""
    return re.findall(r'rowheader"[^>]*><a [^>]*><span class="app-reference">([^<]+)', html)


def shown(browser: Client, address: str) -> int:
    """How many risks a list says that it shows, on all its pages."""
    [number] = re.findall(r"Showing (\d+) of", browser.get(address).content.decode())
    return int(number)


def day(name: str, date: dt.date) -> dict[str, int]:
    """A date as the form's three boxes hold it."""
    return {f"{name}_day": date.day, f"{name}_month": date.month, f"{name}_year": date.year}


def told(html: str) -> list[str]:
    """What the page says is wrong, each as often as it says so."""
    return [words(said).replace("Error:", "").strip() for said in re.findall(r"error-message\">(.*?)</p>", html, re.S)]


def standing(reference: str, likelihood: int = 3, impact: int = 4, **fields: Any) -> Risk:
    """A risk that was reviewed in January, with a control that holds it down."""
    risk = RiskFactory(reference=reference, **fields)
    RiskReviewFactory(risk=risk, likelihood=likelihood, impact=impact)
    control(risk)
    return risk


def control(risk: Risk, **fields: Any) -> None:
    MitigationFactory(**{"risk": risk, "kind": "control", "status": "in_place", "due_date": None, **fields})


def small_matrix() -> RiskMatrix:
    """A matrix of four by four, on which the same numbers mean something else."""
    scale = {axis: steps[:4] for axis, steps in shipped_matrix().scale.items()}
    bands = [
        {"code": "low", "name": "Low", "lowest": 1, "highest": 6, "colour": "green", "meaning": ""},
        {"code": "severe", "name": "Severe", "lowest": 8, "highest": 16, "colour": "red", "meaning": ""},
    ]
    return RiskMatrix.objects.create(code="four", name="4 × 4", size=4, scale=scale, bands=bands, created_at=LEARNED)


def varied_register() -> None:
    """Forty risks of two areas, so different that in January every figure counts some of them and none all."""
    areas = [PriorityAreaFactory(code=f"PA{number}", title=f"Area {number}", order=number) for number in (1, 2)]
    small, january = small_matrix(), dt.date(2026, 1, 20)
    for number in range(40):
        opened_on = dt.date(2026, 1, 10) if number % 9 == 8 else dt.date(2025, 5, 1)
        risk = RiskFactory(
            reference=f"R{number:02}",
            level=Level.SYSTEMIC if number % 3 == 0 else Level.OPERATIONAL,
            opened_on=opened_on,
            inherent_likelihood=1 + number % 5,
            inherent_impact=1 + number // 2 % 5,
            first_review_by=dt.date(2026, 2, 10) if number % 8 else dt.date(2025, 6, 1),
        )
        risk.areas.set(areas[: number % 3])
        for month, reviewed_on in enumerate((dt.date(2025, 9, 10), dt.date(2025, 12, 10), january)):
            if reviewed_on >= opened_on and number % (month + 3):
                pair = {"likelihood": 1 + number * (month + 1) % 5, "impact": 1 + (number + month) % 5}
                RiskReviewFactory(risk=risk, reviewed_on=reviewed_on, **pair)
        _hold_down(risk, number)
    # For one day the register was scored on another scale.
    for matrix, used_from in ((small, january), (shipped_matrix(), january + dt.timedelta(days=1))):
        MatrixChoice.objects.create(matrix=matrix, used_from=used_from, created_at=LEARNED)
    RiskReviewFactory(risk=Risk.objects.get(reference="R20"), reviewed_on=january, matrix=small)


def _hold_down(risk: Risk, number: int) -> None:
    if number % 5 != 4:
        action = MitigationFactory(risk=risk, due_date=dt.date(2026, 1, 15) if number % 2 else dt.date(2026, 2, 28))
        if number % 5 == 2:
            MitigationUpdateFactory(mitigation=action, status="stopped")
    if number % 2:
        target = RiskTargetFactory(risk=risk)
        if number % 3:
            TargetPointFactory(target=target, score=6 + number % 8)
    if number % 7 == 5:
        EscalationFactory(risk=risk, to_level=Level(risk.level).other, moved_on=dt.date(2026, 1, 12))
    if number % 10 in (6, 7):
        StateChangeFactory(risk=risk, changed_on=dt.date(2026, 1, 15) if number % 2 else dt.date(2025, 11, 15))
    if number == 16:
        StateChangeFactory(risk=risk, changed_on=dt.date(2026, 1, 18), state="open")
