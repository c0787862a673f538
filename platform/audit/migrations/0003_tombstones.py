"""Rows purged by rule leave a sealed tombstone; only the owner of the tables deletes, and never a seal."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

import core.clock
import core.ids
from audit.sealed import PURGING_FUNCTION, sealed_table


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("audit", "0002_append_only")]
    operations: ClassVar[list[object]] = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        default=core.clock.now, editable=False, verbose_name="time"
                    ),
                ),
                ("stream", models.CharField(max_length=40, verbose_name="stream")),
                (
                    "row_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("row_hash", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name": "tombstone",
                "verbose_name_plural": "tombstones",
                "ordering": ["-id"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["row_ids"], name="audit_tombstone_rows"
                    )
                ],
            },
        ),
        migrations.RunSQL(PURGING_FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(*sealed_table("audit_tombstone", stream="tombstone")),
    ]
