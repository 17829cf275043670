from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "alta.documents"
    label = "documents"
