"""The two matrices that the portal ships, and the first choice of one. Data, so a council can add its own and choose it."""

import datetime as dt

from django.db import migrations

LEARNED = dt.datetime(2025, 1, 1, tzinfo=dt.timezone.utc)
LIKELIHOOD = [
    ("Rare", "Less than 5% likely in the next twelve months. It would take exceptional circumstances."),
    ("Unlikely", "5% to 20% likely in the next twelve months. It has happened elsewhere, not here."),
    ("Possible", "20% to 50% likely in the next twelve months. It has happened here before, or nearly."),
    ("Likely", "50% to 80% likely in the next twelve months. It will probably happen if nothing changes."),
    ("Almost certain", "More than 80% likely in the next twelve months, or happening already."),
]
IMPACT = [
    (
        "Negligible",
        "Children and families would hardly notice. No milestone moves. Dealt with inside one team.",
    ),
    (
        "Minor",
        "Some families are inconvenienced for a short time. A milestone moves by weeks. Dealt with inside one service.",
    ),
    (
        "Moderate",
        "A group of children wait longer or get less than they should. Several milestones move, or one by months. "
        "Needs more than one service.",
    ),
    (
        "Major",
        "Many children miss support they are entitled to, or a legal duty is not met. A priority area is at risk. "
        "Needs the partnership’s leaders.",
    ),
    (
        "Severe",
        "Children come to harm, or a legal duty fails across the area. The plan as a whole fails, or the "
        "improvement notice is not met.",
    ),
]
MATRICES = [
    (
        "five-by-five",
        "5 × 5, four bands",
        [
            ("low", "Low", 1, 3, "green", "Accept and watch. Reviewed by its owner."),
            ("moderate", "Moderate", 4, 6, "yellow", "Manage inside the service. The workstream sees it."),
            ("high", "High", 8, 12, "orange", "Act. The Operations Board sees it each month."),
            ("extreme", "Extreme", 15, 25, "red", "Act now. Consider taking it to the Improvement Board."),
        ],
    ),
    (
        "five-by-five-three-bands",
        "5 × 5, three bands",
        [
            ("low", "Low", 1, 8, "green", "Accept and watch. Reviewed by its owner."),
            ("medium", "Medium", 9, 14, "yellow", "Act. The Operations Board sees it each month."),
            ("high", "High", 15, 25, "red", "Act now. Consider taking it to the Improvement Board."),
        ],
    ),
]


def ship(apps, schema_editor):
    matrices = apps.get_model("risks", "RiskMatrix")
    scale = {
        axis: [{"label": label, "definition": definition} for label, definition in steps]
        for axis, steps in (("likelihood", LIKELIHOOD), ("impact", IMPACT))
    }
    keys = ("code", "name", "lowest", "highest", "colour", "meaning")
    made = [
        matrices.objects.create(
            code=code,
            name=name,
            size=5,
            scale=scale,
            bands=[dict(zip(keys, band, strict=True)) for band in bands],
            created_at=LEARNED,
        )
        for code, name, bands in MATRICES
    ]
    apps.get_model("risks", "MatrixChoice").objects.create(
        matrix=made[0],
        used_from=dt.date(2000, 1, 1),
        reason="The matrix that the portal is shipped with.",
        created_at=LEARNED,
    )


class Migration(migrations.Migration):
    dependencies = [("risks", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
