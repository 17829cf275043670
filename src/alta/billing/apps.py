from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "alta.billing"
    label = "billing"
