"""A confirmed contract never changes and never goes: the database itself refuses.

Names are unqualified: the function and its trigger stand in the schema of the bank being migrated. What a trigger has
to say carries SQLSTATE 23514 (check_violation), so that it arrives as an IntegrityError.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION datasets_contract_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'confirmed' THEN
    RAISE EXCEPTION 'a confirmed data contract is immutable' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER datasets_contract_guard BEFORE UPDATE OR DELETE ON datasets_datacontractversion
FOR EACH ROW EXECUTE FUNCTION datasets_contract_guard();

CREATE FUNCTION datasets_contract_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'data contracts are not truncated' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER datasets_contract_no_truncate BEFORE TRUNCATE ON datasets_datacontractversion
FOR EACH STATEMENT EXECUTE FUNCTION datasets_contract_no_truncate();
"""

BACKWARD = """
DROP TRIGGER datasets_contract_no_truncate ON datasets_datacontractversion;
DROP TRIGGER datasets_contract_guard ON datasets_datacontractversion;
DROP FUNCTION datasets_contract_no_truncate();
DROP FUNCTION datasets_contract_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
