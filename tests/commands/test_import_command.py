"""`alta import customers`."""

from __future__ import annotations

from pathlib import Path

import pytest

from alta.customers.models import Customer
from tests.commands.conftest import Alta

CSV = """\
external_id,name,email,phone,kind
X-1,Prueba Uno,uno@example.com,+447700900701,individual
X-2,Prueba Dos,not-an-address,+447700900702,individual
X-3,Prueba Tres,tres@example.com,+447700900703,business
"""


@pytest.mark.django_db
def test_bad_lines_are_named_and_the_others_kept(
    alta: Alta, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CSV)
    assert alta("import", "customers", file) == 1
    assert capsys.readouterr().out == (
        "created    2\n"
        "updated    0\n"
        "unchanged  0\n"
        "refused    1\n"
        f"{file}:3: «not-an-address» is not an e-mail address\n"
    )
    assert sorted(Customer.objects.values_list("external_id", flat=True)) == ["X-1", "X-3"]

    file.write_text(CSV.replace("not-an-address", "dos@example.com").replace("Prueba Tres", "Prueba Cuatro"))
    assert alta("import", "customers", file) == 0
    assert capsys.readouterr().out == "created    1\nupdated    1\nunchanged  1\nrefused    0\n"


@pytest.mark.django_db
def test_a_missing_file_is_a_sentence(alta: Alta, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert alta("import", "customers", tmp_path / "none.csv") == 2
    assert "none.csv" in capsys.readouterr().err
