"""Stages, four eyes and one champion, held by PostgreSQL; decisions append-only and sealed."""

from typing import ClassVar

from django.db import migrations

from audit.sealed import append_only, sealed_table
from scoring import guards


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("scoring", "0001_initial"),
        ("audit", "0002_append_only"),
    ]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(guards.forward(), guards.backward()),
        migrations.RunSQL(*sealed_table("scoring_decision", stream="decision")),
        migrations.RunSQL(*append_only("scoring_application")),
        migrations.RunSQL(*append_only("scoring_reasoncatalogue")),
        migrations.RunSQL(*append_only("scoring_batchchunk")),
    ]
