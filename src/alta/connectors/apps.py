from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConnectorsConfig(AppConfig):
    name = "alta.connectors"
    label = "connectors"

    def ready(self) -> None:
        # Each domain app's `actions` module registers what playbooks can do with that app's data.
        autodiscover_modules("actions")
