from django.apps import AppConfig


class RenewalsConfig(AppConfig):
    name = "alta.renewals"
    label = "renewals"
