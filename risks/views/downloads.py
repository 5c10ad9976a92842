"""The list as a sheet: what is shown, as at the day that is shown. Its headings are those that imports understand."""

from core.sheets import Column
from core.sheets.widgets import ChoiceWidget, DateWidget, WholeNumberWidget
from risks.models import Level, Movement, State, Treatment
from risks.resources import RiskResource


class ShownRisks(RiskResource):
    """The register's own columns, and how each risk stood on the day: its level, state, target and scores."""

    kind = "risks-shown"
    about = "The risks of a list, as at its day."

    level = Column("Level", ChoiceWidget(Level), path="level_on")
    owner = Column("Owner", path="owner__full_name")
    treatment = Column("Treatment", ChoiceWidget(Treatment), path="treatment")
    target_likelihood = Column("Target likelihood", WholeNumberWidget(), path="aim__likelihood")
    target_impact = Column("Target impact", WholeNumberWidget(), path="aim__impact")
    target_date = Column("Target date", DateWidget(), path="aim__due_on")
    # The day a risk was closed may be after the day of the list.
    closed_on = Column("State", ChoiceWidget(State), path="state_on")
    inherent_score = Column("Inherent score", WholeNumberWidget(), path="inherent_score")
    likelihood = Column("Likelihood", WholeNumberWidget(), path="likelihood_on")
    impact = Column("Impact", WholeNumberWidget(), path="impact_on")
    score = Column("Score", WholeNumberWidget(), path="score_on")
    target_score = Column("Target score", WholeNumberWidget(), path="target_score_on")
    planned = Column("Planned score", WholeNumberWidget(), path="planned_on")
    movement = Column("Movement", ChoiceWidget(Movement), path="movement_on")
    reviewed_on = Column("Last review", DateWidget(), path="reviewed_on")
    next_review_on = Column("Next review", DateWidget(), path="next_review_on")
