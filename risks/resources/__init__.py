"""The register as spreadsheets: risks, their reviews and their mitigations."""

from risks.resources.mitigations import MitigationResource
from risks.resources.register import RiskResource
from risks.resources.reviews import RiskReviewResource

__all__ = ["MitigationResource", "RiskResource", "RiskReviewResource"]
