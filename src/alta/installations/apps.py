from django.apps import AppConfig


class InstallationsConfig(AppConfig):
    name = "alta.installations"
    label = "installations"

    def ready(self) -> None:
        from alta.installations import actions, chores  # noqa: F401 - registers them
