"""Who a program is: a signed-in person's browser, or an API key as bearer token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer, SessionAuth

from alta.accounts.services import user_of_api_key


class ApiKeyBearer(HttpBearer):
    """`Authorization: Bearer alta_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = user_of_api_key(token, timezone.now())
        if user is not None:
            request.user = user
        return user


access = [ApiKeyBearer(), SessionAuth()]
