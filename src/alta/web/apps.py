from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "alta.web"
    label = "web"
