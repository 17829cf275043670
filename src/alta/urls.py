"""Every address of the web application."""

from django.urls import include, path

from alta.api.api import api

urlpatterns = [
    path("api/", api.urls),
    path("", include("alta.web.urls")),
]
