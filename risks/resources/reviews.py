"""Reviews as a spreadsheet: rows that are only ever added."""

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.resources import PersonWidget
from core.sheets import Column, Row, SheetResource
from core.sheets.widgets import DateWidget, WholeNumberWidget
from risks.models import LARGEST, RiskReview
from risks.resources.names import REFERENCE_ALSO, RiskWidget
from risks.services import ReviewRow, record_reviews


class RiskReviewResource(SheetResource):
    """History: only ever added, the same row twice is one row. Of two reviews of a risk on one day the later row
    counts."""

    kind = "risk-reviews"
    title = "Risk reviews"
    about = "One row for each review of a risk. Rows are only ever added; a row that is there already is passed over."
    renamed = {"risk": "reference"}

    reference = Column("Reference", RiskWidget(), path="risk__reference", also=(*REFERENCE_ALSO, "Risk"))
    reviewed_on = Column("Date", DateWidget(), path="reviewed_on", also=("Review date", "Reviewed on", "As at"))
    likelihood = Column(
        "Likelihood", WholeNumberWidget(least=1, most=LARGEST), path="likelihood", also=("Current likelihood",)
    )
    impact = Column("Impact", WholeNumberWidget(least=1, most=LARGEST), path="impact", also=("Current impact",))
    note = Column("Note", path="note", also=("Comment", "Commentary"), optional=True)
    reviewer = Column("Reviewer", PersonWidget(), path="reviewer__email", hint="Email address or full name")

    def record(self, rows: Sequence[Row]) -> int:
        reviews = []
        for row in rows:
            given = dict(row.values)
            given["risk"] = given.pop("reference")
            reviews.append(ReviewRow(**given))
        return record_reviews(rows=reviews, by=self.run.by, at=self.run.at)

    def export_queryset(self) -> QuerySet[RiskReview]:
        return RiskReview.objects.effective().order_by("risk__reference", "reviewed_on", "pk")
