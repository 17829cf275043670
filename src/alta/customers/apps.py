from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "alta.customers"
    label = "customers"
