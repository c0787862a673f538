"""Touches by name what the first migrations made: a clone with other names would fail here."""

from pathlib import Path
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from jobs import migrations as real

LATEST = max(path.stem for path in Path(real.__path__[0]).glob("0*.py"))


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("jobs", LATEST)]
    operations: ClassVar[list[object]] = [
        migrations.AddField("job", "later_note", models.TextField(db_default="")),
        migrations.AlterField("job", "title", models.CharField(max_length=300, db_default="")),
        migrations.RenameIndex("job", new_name="job_later_state", old_name="job_state_queue"),
        migrations.RemoveConstraint("job", "job_counts"),
        migrations.AlterField(
            "joblog",
            "job",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                to="jobs.job",
                related_name="log",
                db_constraint=False,
            ),
        ),
        migrations.CreateModel(
            "LaterThing",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("job", models.ForeignKey("jobs.job", models.CASCADE)),
            ],
        ),
    ]
