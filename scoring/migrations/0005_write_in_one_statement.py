"""A decision is written by one function in one statement; its references are checked there (ADR 0015)."""

import django.db.models.deletion
from django.db import migrations, models

from scoring import decision_function

# Payload, output and their hashes fill more than the 2 kB above which PostgreSQL compresses a row and moves its parts
# to another table. The payload is encrypted and cannot be compressed; a page holds the rest as it is.
INLINE = """
ALTER TABLE scoring_decision SET (toast_tuple_target = 8160);
ALTER TABLE scoring_decision ALTER COLUMN payload SET STORAGE EXTERNAL;
"""
NOT_INLINE = """
ALTER TABLE scoring_decision ALTER COLUMN payload SET STORAGE EXTENDED;
ALTER TABLE scoring_decision RESET (toast_tuple_target);
"""


def _reference(to, **more):
    return models.ForeignKey(
        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to=to, **more
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0004_outcomes"), ("core", "0002_vault")]
    operations = [
        migrations.AlterField("decision", "model", _reference("scoring.model")),
        migrations.AlterField("decision", "model_version", _reference("scoring.modelversion", db_index=False)),
        migrations.AlterField("decision", "policy_version", _reference("scoring.policyversion", db_index=False)),
        migrations.RunSQL(INLINE, NOT_INLINE),
        migrations.RunSQL(decision_function.FORWARD, decision_function.BACKWARD),
    ]
