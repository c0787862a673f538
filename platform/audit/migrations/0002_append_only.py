"""Entries and seals only grow, and every entry is queued for its seal."""

from typing import ClassVar

from django.db import migrations

from audit.sealed import DROP_FUNCTIONS, FUNCTIONS, append_only, sealed_table


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("audit", "0001_initial"),
        ("core", "0003_audit_dirty"),
    ]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(*sealed_table("audit_auditentry", stream="audit")),
        migrations.RunSQL(*append_only("audit_auditseal")),
    ]
