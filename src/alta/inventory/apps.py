from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "alta.inventory"
    label = "inventory"

    def ready(self) -> None:
        from alta.inventory import chores  # noqa: F401 - registers them
