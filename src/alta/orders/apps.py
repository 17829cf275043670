from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "alta.orders"
    label = "orders"
