from django.apps import AppConfig


class RunnerConfig(AppConfig):
    name = "alta.runner"
    label = "runner"
