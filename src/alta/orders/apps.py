from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "alta.orders"
    label = "orders"

    def ready(self) -> None:
        # Orders follow their jobs in every process, the workers' too.
        from alta.orders import change_actions, chores, confirming, undoing  # noqa: F401
