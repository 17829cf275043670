from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "alta.inventory"
    label = "inventory"
