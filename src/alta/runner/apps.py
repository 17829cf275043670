from django.apps import AppConfig


class RunnerConfig(AppConfig):
    name = "alta.runner"
    label = "runner"

    def ready(self) -> None:
        from alta.housekeeping import every
        from alta.runner.services import forget_events

        every(seconds=3600)(forget_events)
