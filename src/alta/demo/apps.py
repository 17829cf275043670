from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "alta.demo"
    label = "demo"
