from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "alta.services"
    label = "services"
