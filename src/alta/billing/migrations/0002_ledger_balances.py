from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_check_balance(number bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM billing_posting WHERE transaction_id = number) < 2 THEN
        RAISE EXCEPTION 'ledger transaction % has fewer than two postings', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM billing_posting WHERE transaction_id = number GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM billing_posting p JOIN billing_account a ON a.id = p.account_id
               WHERE p.transaction_id = number AND p.currency <> a.currency) THEN
        RAISE EXCEPTION 'ledger transaction % posts to an account of another currency', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
CREATE FUNCTION billing_transaction_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_check_balance(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION billing_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_check_balance(NEW.transaction_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER billing_transaction_balanced AFTER INSERT ON billing_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_transaction_balances();
CREATE CONSTRAINT TRIGGER billing_posting_balanced AFTER INSERT ON billing_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_posting_balances();

CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % is refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER billing_transaction_append_only BEFORE UPDATE OR DELETE ON billing_transaction
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER billing_transaction_no_truncate BEFORE TRUNCATE ON billing_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER billing_posting_append_only BEFORE UPDATE OR DELETE ON billing_posting
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER billing_posting_no_truncate BEFORE TRUNCATE ON billing_posting
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
CREATE FUNCTION billing_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.kind, OLD.customer_id, OLD.provider, OLD.currency)
       IS DISTINCT FROM (NEW.kind, NEW.customer_id, NEW.provider, NEW.currency) THEN
        RAISE EXCEPTION 'an account stays what it is' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_account_stays BEFORE UPDATE ON billing_account
    FOR EACH ROW EXECUTE FUNCTION billing_account_stays();
"""
BACK = """
DROP TRIGGER billing_account_stays ON billing_account;
DROP FUNCTION billing_account_stays();
DROP TRIGGER billing_posting_no_truncate ON billing_posting;
DROP TRIGGER billing_posting_append_only ON billing_posting;
DROP TRIGGER billing_transaction_no_truncate ON billing_transaction;
DROP TRIGGER billing_transaction_append_only ON billing_transaction;
DROP FUNCTION billing_refuse_change();
DROP TRIGGER billing_posting_balanced ON billing_posting;
DROP TRIGGER billing_transaction_balanced ON billing_transaction;
DROP FUNCTION billing_posting_balances();
DROP FUNCTION billing_transaction_balances();
DROP FUNCTION billing_check_balance(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_ledger")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
