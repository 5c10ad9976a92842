"""Pages of the register, one file a subject."""

from risks.views.detail import RiskDetail
from risks.views.heat_map import HeatMapPage
from risks.views.lists import RiskList
from risks.views.matrices import MatrixAdd, MatrixChoose, MatrixList
from risks.views.mitigations import MitigationAdd, MitigationUpdatePage
from risks.views.register import DeEscalate, Escalate, RiskAdd, RiskClose, RiskEdit, RiskReopen
from risks.views.reviews import ReviewCorrect, RiskReviewPage, TargetSet

__all__ = [
    "DeEscalate",
    "Escalate",
    "HeatMapPage",
    "MatrixAdd",
    "MatrixChoose",
    "MatrixList",
    "MitigationAdd",
    "MitigationUpdatePage",
    "ReviewCorrect",
    "RiskAdd",
    "RiskClose",
    "RiskDetail",
    "RiskEdit",
    "RiskList",
    "RiskReopen",
    "RiskReviewPage",
    "TargetSet",
]
