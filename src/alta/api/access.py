"""Who a program is: a signed-in person's browser, or an API key as bearer token. A key may what its person may."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer, SessionAuth

from alta.accounts.access import check, rule_for
from alta.accounts.models import User
from alta.accounts.refusals import PAGE_UNDECLARED
from alta.accounts.services import user_of_api_key
from alta.api.permissions import TABLE


def _permitted(request: HttpRequest, user: User) -> User:
    """The person, where the operation is theirs to ask for; refuses it otherwise."""
    match = request.resolver_match
    rule = rule_for(TABLE, match.view_name, request.method) if match else None
    if match is None or rule is None:
        raise PAGE_UNDECLARED(page=match.view_name if match else request.path)
    check(rule, user, match.kwargs)
    return user


class ApiKeyBearer(HttpBearer):
    """`Authorization: Bearer alta_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = user_of_api_key(token, timezone.now())
        if user is None:
            return None
        request.user = user
        return _permitted(request, user)


class SignedIn(SessionAuth):
    """The session of somebody's browser."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        user = super().authenticate(request, key)
        return _permitted(request, user) if isinstance(user, User) else None


access = [ApiKeyBearer(), SignedIn()]
