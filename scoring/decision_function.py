"""The function that writes a decision: everything of one call in one statement, which is one transaction.

Used by the migrations and, for the order of its arguments, by `services.decision_write`. It believes nothing the caller
computed on: the scope, what is in force, the person's key and the application are compared with what the tables hold,
and where one differs nothing is written and the difference is told, so that the caller computes anew.
"""

from core.postgres.direct import WRONG_SCOPE
from core.vault.claim import CLAIM, KEPT

NAME = "scoring_write_decision"
# SQLSTATE: a new person with a known application, which is therefore another person's.
OF_ANOTHER = "PN002"
# SQLSTATE: the key answered another call already; nothing of this one stays.
ANSWERED_OTHER = "PN003"
# The columns of a decision the caller gives, with their types; the rest comes from the other arguments.
DECISION = {
    "id": "uuid", "created_at": "timestamptz", "model_id": "uuid", "model_version_id": "uuid",
    "policy_version_id": "uuid", "kind": "text", "slot": "text", "payload": "bytea", "input_hash": "text",
    "score": "integer", "pd": "double precision", "grade": "text", "outcome": "text", "output": "jsonb",
    "output_hash": "text", "engine": "jsonb", "client": "text", "client_label": "text", "idempotency_key": "text",
    "position": "smallint", "body_hash": "text", "decided_at": "timestamptz", "latency_us": "integer",
    "row_hash": "bytea",
}  # fmt: skip
CONTEXT = {
    "in_schema": "text", "in_role": "text", "lock": "bigint", "asked_model": "uuid", "believed": "text",
    "subject": "bytea", "wrapped": "bytea", "key_version": "integer",
    "application": "uuid", "reference_index": "bytea", "reference": "bytea", "customer": "bytea",
}  # fmt: skip
ARGUMENTS = {**{f"a_{n}": t for n, t in CONTEXT.items()}, **{f"d_{n}": t for n, t in DECISION.items()}}  # fmt: skip

# What is in force at a moment, as one text: "model slot version,…;model policy-version,…". Of `{model}`, `{at}`.
IN_FORCE = """concat(
        (SELECT string_agg(concat_ws(' ', model_id, slot, version_id), ',' ORDER BY slot, version_id)
         FROM scoring_deployment WHERE valid_from <= {at} AND (valid_to IS NULL OR valid_to > {at})
            AND ({model} IS NULL OR model_id = {model})),
        ';',
        (SELECT string_agg(concat_ws(' ', p.model_id, d.version_id), ',' ORDER BY p.model_id)
         FROM scoring_policydeployment AS d JOIN scoring_policy AS p ON p.id = d.policy_id
         WHERE d.valid_from <= {at} AND (d.valid_to IS NULL OR d.valid_to > {at})
            AND ({model} IS NULL OR p.model_id = {model})))"""

_claim = CLAIM.format(
    schema="a_in_schema", subject="a_subject", wrapped="a_wrapped", version="a_key_version"
)
_kept = KEPT.format(
    into_wrapped="kept_wrapped", into_version="kept_version", schema="a_in_schema", subject="a_subject"
)  # fmt: skip

FORWARD = f"""
CREATE FUNCTION {NAME}(
    {", ".join(f"{name} {kind}" for name, kind in ARGUMENTS.items())},
    OUT said text, OUT in_force text, OUT kept_application uuid, OUT kept_subject bytea,
    OUT kept_wrapped bytea, OUT kept_version integer
) LANGUAGE plpgsql AS $$
DECLARE
    new_person boolean;
BEGIN
    IF current_schema() IS DISTINCT FROM a_in_schema OR current_user <> a_in_role THEN
        RAISE EXCEPTION 'the session stands in another scope' USING ERRCODE = '{WRONG_SCOPE}';
    END IF;
    IF NOT pg_try_advisory_xact_lock(a_lock) THEN
        said := 'running';
        RETURN;
    END IF;
    in_force := {IN_FORCE.format(at="d_decided_at", model="a_asked_model")};
    IF in_force IS DISTINCT FROM a_believed THEN
        said := 'changed';
        RETURN;
    END IF;
    -- Stands in the place of foreign keys, which would lock the same few rows for every decision.
    IF strpos(in_force, concat_ws(' ', d_model_id, d_slot, d_model_version_id)) = 0
       OR strpos(in_force, concat_ws(' ', d_model_id, d_policy_version_id)) = 0 THEN
        RAISE EXCEPTION 'what decided is not in force' USING ERRCODE = 'check_violation';
    END IF;
    {_claim};
    new_person := FOUND;
    IF NOT new_person THEN
        {_kept};
        IF kept_wrapped IS DISTINCT FROM a_wrapped THEN
            said := 'known';
            SELECT a.id, a.subject INTO kept_application, kept_subject
            FROM scoring_application AS a WHERE a.reference_index = a_reference_index;
            RETURN;
        END IF;
    END IF;
    INSERT INTO scoring_application (id, created_at, reference_index, subject, reference, customer)
        VALUES (a_application, d_created_at, a_reference_index, a_subject, a_reference, a_customer)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        IF new_person THEN
            RAISE EXCEPTION 'the application is of another person' USING ERRCODE = '{OF_ANOTHER}';
        END IF;
        SELECT a.id, a.subject INTO kept_application, kept_subject
        FROM scoring_application AS a WHERE a.reference_index = a_reference_index;
        IF kept_application <> a_application OR kept_subject <> a_subject THEN
            said := 'known';
            RETURN;
        END IF;
    END IF;
    INSERT INTO scoring_decision (application_id, {", ".join(DECISION)})
        VALUES (a_application, {", ".join(f"d_{name}" for name in DECISION)})
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        said := 'written';
    ELSIF new_person OR kept_application IS NULL THEN
        RAISE EXCEPTION 'the key answered another call' USING ERRCODE = '{ANSWERED_OTHER}';
    ELSE
        said := 'answered';
    END IF;
END
$$;
"""  # noqa: S608 - our own names
BACKWARD = f"DROP FUNCTION {NAME};\n"
