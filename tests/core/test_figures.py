from decimal import Decimal

import pytest

from core.figures import count, percent, share
from core.ratings import Colour


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        # The published report prints 83 of 95 as 88%.
        pytest.param(83, 95, Decimal("87.4"), id="83 of 95"),
        pytest.param(1, 8, Decimal("12.5"), id="exact"),
        pytest.param(1, 16, Decimal("6.3"), id="6.25 rounds up, as people round"),
        pytest.param(3, 16, Decimal("18.8"), id="18.75 rounds up"),
        pytest.param(0, 7, Decimal("0.0"), id="none"),
        pytest.param(7, 7, Decimal("100.0"), id="all"),
        pytest.param(0, 0, None, id="no base"),
        pytest.param(5, 0, None, id="no base and yet a count"),
    ],
)
def test_percent(numerator: int, denominator: int, expected: Decimal | None) -> None:
    assert percent(numerator, denominator) == expected


def test_share_carries_its_base() -> None:
    value = share("plan.done", 83, 95, area="PA1")

    assert (value.value, value.numerator, value.denominator, value.area) == (Decimal("87.4"), 83, 95, "PA1")


def test_count_carries_its_colour() -> None:
    assert count("plan.late", 3, rag=Colour.RED).rag == Colour.RED
