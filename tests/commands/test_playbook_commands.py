"""`alta playbook`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from alta.playbooks.models import PlaybookVersion
from alta.playbooks.services import LIBRARY
from tests.commands.conftest import Alta

BROKEN = """\
playbook: broken
title: {es: Roto, en: Broken}
tasks:
  - id: first
    title: {es: Uno, en: One}
    do: hlr.no_such_thing
  - id: second
    title: {es: Dos, en: Two}
    do: customer.check
    with:
      colour: red
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    return path


def test_check_names_file_line_and_column(
    alta: Alta, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alta("playbook", "check", broken) == 1
    assert capsys.readouterr().out == (
        f"{broken}:6:5: there is no action called `hlr.no_such_thing`\n"
        f"{broken}:9:5: `customer.check` needs `customer_id`\n"
        f"{broken}:11:7: `customer.check` takes no `colour`\n"
    )


def test_check_says_that_the_library_is_good(alta: Alta, capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(LIBRARY.glob("*.yaml"))
    assert files
    assert alta("playbook", "check", *files) == 0
    assert capsys.readouterr().out == "".join(f"{file}: good\n" for file in files)


def test_check_needs_no_database_and_leaves_nothing_behind(broken: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {
        **os.environ,
        "ALTA_HOME": str(home),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }
    for name in ("ALTA_SECRET_KEY", "ALTA_CONNECTORS"):
        environment.pop(name, None)
    ended = subprocess.run(
        [sys.executable, "-m", "alta.cli", "playbook", "check", str(broken)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert not home.exists()


def test_a_file_that_is_not_there_is_a_sentence(alta: Alta, capsys: pytest.CaptureFixture[str]) -> None:
    assert alta("playbook", "check", "/nowhere/p.yaml") == 2
    assert capsys.readouterr().err.startswith("/nowhere/p.yaml can't be read: ")


def test_schema_accepts_the_library(alta: Alta, capsys: pytest.CaptureFixture[str]) -> None:
    assert alta("playbook", "schema") == 0
    validator = Draft202012Validator(json.loads(capsys.readouterr().out))
    for path in LIBRARY.glob("*.yaml"):
        validator.validate(YAML(typ="safe", pure=True).load(path.read_text()))


@pytest.mark.django_db
def test_publish_is_all_or_nothing(alta: Alta, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = LIBRARY / "mobile-plan.yaml"
    assert alta("playbook", "publish", good, broken) == 1
    assert f"{broken}:6:5: there is no action" in capsys.readouterr().out
    assert not PlaybookVersion.objects.exists()
    assert alta("playbook", "publish", good) == alta("playbook", "publish", good) == 0
    assert capsys.readouterr().out == "mobile-plan v1\nmobile-plan v1\n"


def test_publish_warns_of_products_on_sale_that_it_breaks(
    alta: Alta, demo_data: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mobile-plan.yaml"
    text = (LIBRARY / "mobile-plan.yaml").read_text()
    file.write_text(text.replace("data_gb: {type: integer, min: 1,", "data_gb: {type: integer, min: 6,"))
    capsys.readouterr()
    assert alta("playbook", "publish", file) == 0
    first, *warnings = capsys.readouterr().out.splitlines()
    assert first == "mobile-plan v2"
    assert warnings == [
        "warning: product mobile-5gb can't be provisioned with it: "
        "«5» is no valid value of the feature «data_gb» for the playbook (integer, from 6)"
    ]
