from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "alta.api"
    label = "api"
