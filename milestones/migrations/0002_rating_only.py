"""What told a tracker's bare rating was how its text began; from now on a column does."""

from django.db import migrations, models


def mark(apps, schema_editor):
    updates = apps.get_model("milestones", "MilestoneUpdate").objects
    updates.filter(progress__startswith="Imported from ", correction_reason="").update(rating_only=True)


class Migration(migrations.Migration):
    dependencies = [("milestones", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="milestoneupdate",
            name="rating_only",
            field=models.BooleanField(
                default=False, editable=False, verbose_name="a tracker’s rating without a report"
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
