from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "alta.search"
    label = "search"
