from django.db import migrations

# Merging two customers moves notes; nothing else about a note ever changes.
REFUSE = """
CREATE FUNCTION customers_note_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.at, NEW.author, NEW.text) = (OLD.id, OLD.at, OLD.author, OLD.text) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a note stays as it was written: % is refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER customers_note_append_only BEFORE UPDATE OR DELETE ON customers_note
    FOR EACH ROW EXECUTE FUNCTION customers_note_refuse_change();
"""
ALLOW = """
DROP TRIGGER customers_note_append_only ON customers_note;
DROP FUNCTION customers_note_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_sites_contacts_notes_tags_fields")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
