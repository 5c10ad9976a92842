"""The list as a sheet: what is shown, as at the day that is shown. Its headings are those that imports understand."""

from core.sheets import Column
from core.sheets.widgets import ChoiceWidget, DateWidget
from risks.models import Level, Movement, Treatment
from risks.resources import RiskResource


class ShownRisks(RiskResource):
    """The register's own columns, without those that only imports need, and how each risk stood."""

    kind = "risks-shown"
    about = "The risks of a list, as at its day."

    level = Column("Level", ChoiceWidget(Level), path="level_on")
    owner = Column("Owner", path="owner__full_name")
    treatment = Column("Treatment", ChoiceWidget(Treatment), path="treatment")
    inherent_score = Column("Inherent score", path="inherent_score")
    likelihood = Column("Likelihood", path="likelihood_on")
    impact = Column("Impact", path="impact_on")
    score = Column("Score", path="score_on")
    target_score = Column("Target score", path="target_score_on")
    planned = Column("Planned score", path="planned_on")
    movement = Column("Movement", ChoiceWidget(Movement), path="movement_on")
    reviewed_on = Column("Last review", DateWidget(), path="reviewed_on")
    next_review_on = Column("Next review", DateWidget(), path="next_review_on")
