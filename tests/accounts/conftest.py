from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alta.accounts.models import User
from alta.audit.models import Entry
from alta.refusal import Refusal

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana", password=PASSWORD, roles=["agent"])


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_user("boss", password=PASSWORD, roles=["administrator"])


def refused(code: str, use_case: Callable[..., Any], *args: Any, **kwargs: Any) -> Refusal:
    """The refusal, which changed nobody and noted nothing."""
    before = list(User.objects.order_by("pk").values()), Entry.objects.count()
    with pytest.raises(Refusal) as caught:
        use_case(*args, **kwargs)
    assert caught.value.code == code
    assert str(caught.value)
    assert (list(User.objects.order_by("pk").values()), Entry.objects.count()) == before
    return caught.value


def noted() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))
