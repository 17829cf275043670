from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "alta.catalog"
    label = "catalog"
