from django.db import migrations

# A site and its customer are one reference, so nobody's service points to somebody else's site. Deferred: merging two
# customers moves all of it in one transaction.
ADD = """
ALTER TABLE services_service ADD CONSTRAINT services_site_of_customer
    FOREIGN KEY (site_id, customer_id) REFERENCES customers_site (id, customer_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE services_service ADD CONSTRAINT services_billing_contact_of_customer
    FOREIGN KEY (billing_contact_id, customer_id) REFERENCES customers_contact (id, customer_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE services_service ADD CONSTRAINT services_technical_contact_of_customer
    FOREIGN KEY (technical_contact_id, customer_id) REFERENCES customers_contact (id, customer_id)
    DEFERRABLE INITIALLY DEFERRED;
"""
REMOVE = """
ALTER TABLE services_service DROP CONSTRAINT services_site_of_customer;
ALTER TABLE services_service DROP CONSTRAINT services_billing_contact_of_customer;
ALTER TABLE services_service DROP CONSTRAINT services_technical_contact_of_customer;
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0002_service_data"), ("customers", "0002_sites_contacts_notes_tags_fields")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
