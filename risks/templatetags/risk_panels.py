"""Panels about risks on pages of other apps."""

import datetime as dt
from typing import Any

from django import template

from milestones.models import Milestone
from risks.models import MatrixBook

register = template.Library()


@register.inclusion_tag("risks/_milestone_risks.html")
def milestone_risks(milestone: Milestone, on: dt.date, as_at: dt.date | None) -> dict[str, Any]:
    """The open risks that bear on a milestone, as at a day, the highest score first."""
    risks = milestone.risks.in_register(on).as_at(on).with_movement(on).open().select_related("owner")
    return {
        "risks": list(risks.order_by("-score_on", "reference")),
        "book": MatrixBook.read(),
        "milestone": milestone,
        "as_at": as_at,
        "on": on,
    }
