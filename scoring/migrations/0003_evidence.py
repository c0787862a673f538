"""What was asked of a run and what a batch gave never change."""

from typing import ClassVar

from django.db import migrations

from audit.sealed import append_only

FORWARD = """
CREATE FUNCTION scoring_batch_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a batch is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.manifest IS NOT NULL OR (NEW.id, NEW.model_id, NEW.model_version_id, NEW.policy_version_id, NEW.load_id,
        NEW.rows, NEW.chunk_rows, NEW.job_id, NEW.created_by, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.model_version_id, OLD.policy_version_id, OLD.load_id, OLD.rows,
        OLD.chunk_rows, OLD.job_id, OLD.created_by, OLD.created_at) THEN
        RAISE EXCEPTION 'of a batch only its manifest is written, once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER scoring_batch_guard BEFORE UPDATE OR DELETE ON scoring_batchrun
    FOR EACH ROW EXECUTE FUNCTION scoring_batch_guard();
"""
BACKWARD = """
DROP TRIGGER scoring_batch_guard ON scoring_batchrun;
DROP FUNCTION scoring_batch_guard();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("scoring", "0002_guards")]
    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(*append_only("scoring_modelrun")),
    ]
