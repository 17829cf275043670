from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "alta.catalog"
    label = "catalog"

    def ready(self) -> None:
        from alta.catalog import chores  # noqa: F401 - registers them

        post_migrate.connect(_begin_with_service_types, sender=self)


def _begin_with_service_types(**_sent: Any) -> None:
    from alta.catalog.servicetypes import begin

    begin()
