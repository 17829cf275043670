"""`alta user` and `alta api-key`."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.accounts.services import user_of_api_key
from tests.commands.conftest import Alta


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("quite a long one\n")
    return path


@pytest.mark.django_db
def test_a_user_and_a_key_for_a_program(
    alta: Alta, password: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alta("user", "create", "ana", "--password-file", password, "--language", "es") == 0
    ana = User.objects.get(username="ana")
    assert (ana.check_password("quite a long one"), ana.language, ana.is_superuser) == (True, "es", False)
    said = capsys.readouterr()
    assert said.err == "But may do nothing yet: give them a --role.\n"
    assert alta("api-key", "create", "--user", "ana", "--name", "billing") == 0
    said = capsys.readouterr()
    assert user_of_api_key(said.out.strip(), timezone.now()) == ana
    assert said.err == "Keep it now: it is not shown again.\n"


@pytest.mark.django_db
def test_refused_users(
    alta: Alta, password: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alta("user", "create", "ana", "--password-file", password)
    capsys.readouterr()
    assert alta("user", "create", "ana", "--password-file", password) == 2
    assert capsys.readouterr().err == "Somebody is already called «ana»; choose another\n"
    (tmp_path / "short").write_text("abc")
    assert alta("user", "create", "eva", "--password-file", tmp_path / "short") == 2
    assert "too short" in capsys.readouterr().err
    assert alta("api-key", "create", "--user", "eva", "--name", "billing") == 2
    assert capsys.readouterr().err == "There is no user eva: alta user create eva\n"


@pytest.mark.django_db
def test_a_user_with_roles(alta: Alta, password: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roles = ("--role", "engineer", "--role", "agent")
    assert alta("user", "create", "ana", "--password-file", password, *roles) == 0
    assert User.objects.get(username="ana").roles == ["agent", "engineer"]
    assert capsys.readouterr().err == ""
    assert alta("user", "create", "eva", "--password-file", password, "--role", "boss") == 2
    assert (
        capsys.readouterr().err == "There is no role «boss»; the roles are: " + ", ".join(Role.values) + "\n"
    )
    assert not User.objects.filter(username="eva").exists()
