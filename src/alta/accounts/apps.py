from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "alta.accounts"
    label = "accounts"
