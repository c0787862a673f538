"""What PostgreSQL itself holds about versions and deployments, whoever writes: used by the migrations.

Four-eyes and "no approval without a note" are CHECK constraints of the models; these triggers hold
the order of stages, that an artefact or a confirmed flow never changes, that nothing is deleted, and that no two
champions overlap.
"""

FUNCTIONS = """
CREATE FUNCTION scoring_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.stage <> 'develop' OR NEW.approved_by <> '' OR NEW.submitted_by <> '' THEN
            RAISE EXCEPTION 'a version starts in development' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a version is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.id, NEW.model_id, NEW.number, NEW.run_id, NEW.kind, NEW.artifact_path, NEW.artifact_sha256,
        NEW.artifact_bytes, NEW.spec, NEW.report, NEW.inputs, NEW.auc, NEW.gini, NEW.ks, NEW.trained_by,
        NEW.trained_by_label, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.model_id, OLD.number, OLD.run_id, OLD.kind, OLD.artifact_path, OLD.artifact_sha256,
        OLD.artifact_bytes, OLD.spec, OLD.report, OLD.inputs, OLD.auc, OLD.gini, OLD.ks, OLD.trained_by,
        OLD.trained_by_label, OLD.created_at) THEN
        RAISE EXCEPTION 'what was trained never changes' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM scoring_stage_guard(OLD.stage, NEW.stage, OLD.submitted_by, NEW.submitted_by, OLD.approved_by,
                                NEW.approved_by, 'develop');
    RETURN NEW;
END
$$;

CREATE FUNCTION scoring_policy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.stage <> 'draft' OR NEW.approved_by <> '' OR NEW.submitted_by <> '' THEN
            RAISE EXCEPTION 'a policy starts as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a policy version is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.id, NEW.policy_id, NEW.number, NEW.authored_by, NEW.authored_by_label, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.policy_id, OLD.number, OLD.authored_by, OLD.authored_by_label, OLD.created_at) THEN
        RAISE EXCEPTION 'the author of a policy version never changes' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (OLD.stage <> 'draft' OR NEW.stage <> 'draft')
       AND (NEW.document, NEW.sha256, NEW.catalogue_id, NEW.source, NEW.model_version_id)
       IS DISTINCT FROM (OLD.document, OLD.sha256, OLD.catalogue_id, OLD.source, OLD.model_version_id) THEN
        RAISE EXCEPTION 'only a draft is edited' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM scoring_stage_guard(OLD.stage, NEW.stage, OLD.submitted_by, NEW.submitted_by, OLD.approved_by,
                                NEW.approved_by, 'draft');
    RETURN NEW;
END
$$;

CREATE FUNCTION scoring_deployment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stage text;
    owner uuid;
    clash uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a deployment is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.valid_to IS NOT NULL OR (NEW.id, NEW.model_id, NEW.version_id, NEW.slot, NEW.valid_from)
           IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.version_id, OLD.slot, OLD.valid_from) THEN
            RAISE EXCEPTION 'a deployment can only be ended, once' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    -- One after the other for a model: the lock is held until the transaction ends.
    EXECUTE format('SELECT id FROM %I.scoring_model WHERE id = $1 FOR UPDATE', TG_TABLE_SCHEMA)
        INTO owner USING NEW.model_id;
    EXECUTE format('SELECT stage, model_id FROM %I.scoring_modelversion WHERE id = $1', TG_TABLE_SCHEMA)
        INTO stage, owner USING NEW.version_id;
    IF owner IS DISTINCT FROM NEW.model_id OR stage NOT IN ('approved', 'live') THEN
        RAISE EXCEPTION 'only an approved version of this model is deployed' USING ERRCODE = 'check_violation';
    END IF;
    EXECUTE format(
        'SELECT id FROM %I.scoring_deployment WHERE model_id = $1 AND slot = $2 AND id <> $3'
        ' AND ($2 = ''champion'' OR version_id = $6) AND valid_to IS DISTINCT FROM valid_from'
        ' AND tstzrange(valid_from, valid_to) && tstzrange($4, $5) LIMIT 1', TG_TABLE_SCHEMA)
        INTO clash USING NEW.model_id, NEW.slot, NEW.id, NEW.valid_from, NEW.valid_to, NEW.version_id;
    IF clash IS NOT NULL THEN
        RAISE EXCEPTION 'the slot is taken at that time' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION scoring_policy_deployment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stage text;
    owner uuid;
    clash uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a deployment is never deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.valid_to IS NOT NULL OR (NEW.id, NEW.policy_id, NEW.version_id, NEW.valid_from)
           IS DISTINCT FROM (OLD.id, OLD.policy_id, OLD.version_id, OLD.valid_from) THEN
            RAISE EXCEPTION 'a deployment can only be ended, once' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    EXECUTE format('SELECT id FROM %I.scoring_policy WHERE id = $1 FOR UPDATE', TG_TABLE_SCHEMA)
        INTO owner USING NEW.policy_id;
    EXECUTE format('SELECT stage, policy_id FROM %I.scoring_policyversion WHERE id = $1', TG_TABLE_SCHEMA)
        INTO stage, owner USING NEW.version_id;
    IF owner IS DISTINCT FROM NEW.policy_id OR stage NOT IN ('approved', 'live') THEN
        RAISE EXCEPTION 'only an approved version of this policy is deployed' USING ERRCODE = 'check_violation';
    END IF;
    EXECUTE format(
        'SELECT id FROM %I.scoring_policydeployment WHERE policy_id = $1 AND id <> $2'
        ' AND valid_to IS DISTINCT FROM valid_from AND tstzrange(valid_from, valid_to) && tstzrange($3, $4) LIMIT 1',
        TG_TABLE_SCHEMA)
        INTO clash USING NEW.policy_id, NEW.id, NEW.valid_from, NEW.valid_to;
    IF clash IS NOT NULL THEN
        RAISE EXCEPTION 'another version is in force at that time' USING ERRCODE = 'exclusion_violation';
    END IF;
    RETURN NEW;
END
$$;
"""

# First, because the two guards above call it when they run.
STAGE_GUARD = """
CREATE FUNCTION scoring_stage_guard(
    old_stage text, new_stage text, old_submitter text, new_submitter text, old_approver text, new_approver text,
    first_stage text
) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF old_stage <> new_stage AND NOT (
        (old_stage = first_stage AND new_stage IN ('review', 'retired'))
        OR (old_stage = 'review' AND new_stage IN ('approved', first_stage, 'retired'))
        OR (old_stage = 'approved' AND new_stage IN ('live', 'retired'))
        OR (old_stage = 'live' AND new_stage IN ('approved', 'retired'))
    ) THEN
        RAISE EXCEPTION 'a version cannot go from % to %', old_stage, new_stage USING ERRCODE = 'check_violation';
    END IF;
    IF old_submitter <> new_submitter AND NOT (
        (old_stage = first_stage AND new_stage = 'review') OR (old_stage = 'review' AND new_stage = first_stage)
    ) THEN
        RAISE EXCEPTION 'the submitter changes by submitting only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF old_approver <> new_approver AND NOT (old_stage = 'review' AND new_stage = 'approved') THEN
        RAISE EXCEPTION 'the approver changes by approving only' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;
"""

_TRIGGERS = {
    "scoring_modelversion": "scoring_version_guard",
    "scoring_policyversion": "scoring_policy_guard",
    "scoring_deployment": "scoring_deployment_guard",
    "scoring_policydeployment": "scoring_policy_deployment_guard",
}


def forward() -> str:
    """All functions and triggers."""
    triggers = "".join(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}();\n"
        for table, name in _TRIGGERS.items()
    )
    return STAGE_GUARD + FUNCTIONS + triggers


def backward() -> str:
    """Everything of `forward` undone."""
    triggers = "".join(
        f"DROP TRIGGER {name} ON {table};\nDROP FUNCTION {name}();\n"
        for table, name in _TRIGGERS.items()
    )
    return (
        triggers + "DROP FUNCTION scoring_stage_guard(text, text, text, text, text, text, text);\n"
    )
