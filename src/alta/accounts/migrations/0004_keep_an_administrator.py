from django.db import migrations

REFUSE = """
CREATE FUNCTION accounts_keep_an_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two of them stepping down at once: the second waits here, and then sees that nobody else is left.
    PERFORM pg_advisory_xact_lock(hashtextextended('alta.administrators', 0));
    IF NOT EXISTS (SELECT FROM accounts_user WHERE is_active AND (is_superuser OR 'administrator' = ANY (roles))) THEN
        RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_last_administrator_changes AFTER UPDATE OF is_active, is_superuser, roles ON accounts_user
    FOR EACH ROW WHEN (
        OLD.is_active AND (OLD.is_superuser OR 'administrator' = ANY (OLD.roles))
        AND NOT (NEW.is_active AND (NEW.is_superuser OR 'administrator' = ANY (NEW.roles)))
    ) EXECUTE FUNCTION accounts_keep_an_administrator();
CREATE TRIGGER accounts_last_administrator_leaves AFTER DELETE ON accounts_user
    FOR EACH ROW WHEN (OLD.is_active AND (OLD.is_superuser OR 'administrator' = ANY (OLD.roles)))
    EXECUTE FUNCTION accounts_keep_an_administrator();
"""
ALLOW = """
DROP TRIGGER accounts_last_administrator_leaves ON accounts_user;
DROP TRIGGER accounts_last_administrator_changes ON accounts_user;
DROP FUNCTION accounts_keep_an_administrator();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_existing_people_keep_their_rights")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
