"""Which permission each of our pages asks for, method by method. What is not in this table is refused.

Buttons ask the same table (`{% allowed "job_undo" %}`), so that nobody is shown what would be refused."""

from __future__ import annotations

from alta.accounts.access import ANYBODY, SIGNED_IN, Rule, Table, Values
from alta.installations.models import WorkOrder
from alta.runner.models import Job


def _started_job(values: Values) -> str | None:
    return Job.objects.filter(pk=values["job_id"]).values_list("started_by", flat=True).first()


def _technician(values: Values) -> str | None:
    found = WorkOrder.objects.filter(pk=values["work_order_id"])
    return found.values_list("technician__username", flat=True).first()


UNDO = Rule("jobs.undo", own="jobs.undo_own", owner=_started_job)
USERS = Rule("users.manage")
SETTINGS = Rule("settings.edit")
ASSIGN = Rule("orders.assign")
JOBS = Rule("jobs.view")
EDIT_CATALOGUE = Rule("catalogue.edit")
EDIT_CUSTOMERS = Rule("customers.edit")
MERGE_CUSTOMERS = Rule("customers.merge")
STOCK = Rule("stock.view")
KEEP_STOCK = Rule("stock.edit")
DEFINE_STOCK = Rule("stock.define")

SEE_INSTALLATIONS = Rule("installations.view")
PLAN_INSTALLATIONS = Rule("installations.plan")
SETTINGS = Rule("settings.edit")

TABLE: Table = {
    "start": {"GET": SIGNED_IN},
    "search": {"GET": SIGNED_IN},
    "health": {"GET": ANYBODY},
    "sign_in": {"GET": ANYBODY, "POST": ANYBODY},
    "sign_in_code": {"GET": ANYBODY, "POST": ANYBODY},
    "sign_out": {"POST": SIGNED_IN},
    "language": {"POST": ANYBODY},
    "account": {"GET": SIGNED_IN},
    "account_language": {"POST": SIGNED_IN},
    "account_password": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "two_factor": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "two_factor_codes": {"POST": SIGNED_IN},
    "two_factor_off": {"POST": SIGNED_IN},
    "session_end": {"POST": SIGNED_IN},
    "session_end_others": {"POST": SIGNED_IN},
    "users": {"GET": USERS},
    "user_new": {"GET": USERS, "POST": USERS},
    "user": {"GET": USERS, "POST": USERS},
    "user_password": {"POST": USERS},
    "user_two_factor": {"POST": USERS},
    "user_deactivate": {"POST": USERS},
    "user_activate": {"POST": USERS},
    "products": {"GET": Rule("catalogue.view")},
    "products_kept": {"GET": EDIT_CATALOGUE},
    "product_new": {"GET": EDIT_CATALOGUE, "POST": EDIT_CATALOGUE},
    "product_edit": {"GET": EDIT_CATALOGUE, "POST": EDIT_CATALOGUE},
    "product_enable": {"POST": EDIT_CATALOGUE},
    "product_duplicate": {"POST": EDIT_CATALOGUE},
    "product_versions": {"GET": EDIT_CATALOGUE},
    "version_withdraw": {"POST": EDIT_CATALOGUE},
    "coverage": {"GET": EDIT_CATALOGUE, "POST": EDIT_CATALOGUE},
    "area_remove": {"POST": EDIT_CATALOGUE},
    "service_types": {"GET": EDIT_CATALOGUE, "POST": EDIT_CATALOGUE},
    "service_type_remove": {"POST": EDIT_CATALOGUE},
    "customers": {"GET": Rule("customers.view")},
    "customer": {"GET": Rule("customers.view")},
    "customer_new": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "customer_edit": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "customer_status": {"POST": EDIT_CUSTOMERS},
    "customer_merge": {"GET": MERGE_CUSTOMERS, "POST": MERGE_CUSTOMERS},
    "site_new": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "site": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "contact_new": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "contact": {"GET": EDIT_CUSTOMERS, "POST": EDIT_CUSTOMERS},
    "document_add": {"POST": EDIT_CUSTOMERS},
    "document": {"GET": Rule("customers.view")},
    "document_remove": {"POST": EDIT_CUSTOMERS},
    "customer_note": {"POST": EDIT_CUSTOMERS},
    "customer_tag": {"POST": EDIT_CUSTOMERS},
    "customer_payment": {"POST": Rule("payments.take")},
    "service": {"GET": Rule("services.view")},
    "service_balance": {"GET": Rule("services.view")},
    "service_renewal": {"POST": Rule("services.change")},
    "service_change": {"POST": Rule("services.change")},
    "service_end": {"POST": Rule("services.terminate")},
    "assign_begin": {"POST": ASSIGN},
    "assign": {"GET": ASSIGN},
    "assign_product": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_customer": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_details": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_service": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_when": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_inventory": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_items": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_installation": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_renewal": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_review": {"GET": ASSIGN, "POST": ASSIGN},
    "assign_progress": {"GET": JOBS},
    "assign_again": {"POST": ASSIGN},
    "assign_cancel": {"POST": ASSIGN},
    "installations": {"GET": SEE_INSTALLATIONS},
    "installation_load": {"GET": SEE_INSTALLATIONS},
    "installation_settings": {"GET": SETTINGS},
    "installation_settings_change": {"POST": SETTINGS},
    "work_order": {"GET": SEE_INSTALLATIONS},
    "work_order_open": {"POST": PLAN_INSTALLATIONS},
    "work_order_date": {"GET": PLAN_INSTALLATIONS, "POST": PLAN_INSTALLATIONS},
    "work_order_change": {"POST": PLAN_INSTALLATIONS},
    "work_order_work": {"POST": Rule("installations.plan", own="installations.work", owner=_technician)},
    "work_order_take": {"POST": Rule("installations.work")},
    "stock": {"GET": STOCK},
    "stock_items": {"GET": STOCK},
    "stock_item": {"GET": STOCK},
    "stock_add": {"GET": KEEP_STOCK, "POST": KEEP_STOCK},
    "stock_change": {"POST": KEEP_STOCK},
    "stock_import": {"GET": KEEP_STOCK, "POST": KEEP_STOCK},
    "stock_import_example": {"GET": KEEP_STOCK},
    "stock_import_preview": {"GET": KEEP_STOCK},
    "stock_import_confirm": {"POST": KEEP_STOCK},
    "stock_import_errors": {"GET": KEEP_STOCK},
    "stock_template_new": {"GET": DEFINE_STOCK, "POST": DEFINE_STOCK},
    "stock_template_edit": {"GET": DEFINE_STOCK, "POST": DEFINE_STOCK},
    "settings": {"GET": SETTINGS},
    "settings_renewals": {"GET": SETTINGS, "POST": SETTINGS},
    "settings_keys": {"GET": SETTINGS, "POST": SETTINGS},
    "settings_key_revoke": {"POST": SETTINGS},
    "settings_fields": {"GET": SETTINGS},
    "settings_field_new": {"GET": SETTINGS, "POST": SETTINGS},
    "settings_field": {"GET": SETTINGS, "POST": SETTINGS},
    "settings_field_change": {"POST": SETTINGS},
    "jobs": {"GET": JOBS},
    "job": {"GET": JOBS},
    "job_progress": {"GET": JOBS},
    "job_tasks": {"GET": JOBS},
    "job_events": {"GET": JOBS},
    "job_retry": {"POST": Rule("jobs.retry")},
    "job_edit": {"POST": Rule("jobs.edit")},
    "job_skip": {"POST": Rule("jobs.skip")},
    "job_cancel": {"POST": Rule("jobs.cancel", own="jobs.undo_own", owner=_started_job)},
    "job_undo": {"GET": UNDO, "POST": UNDO},
}
