from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "alta.audit"
    label = "audit"
