from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    name = "alta.playbooks"
    label = "playbooks"
