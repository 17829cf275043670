"""`alta assign`: from the sale to a service that works, and what it says when that is not to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.payments.double import StripeDouble
from alta.demo.mail import MailSink
from alta.inventory.models import Item
from alta.orders.models import Order
from alta.services.models import Service
from tests.commands.conftest import Alta
from tests.conftest import WorkerProcesses

SALE = ("assign", "--customer", 123, "--product", "mobile-20gb")
ITEMS = ("--item", "sim=SIM-00123", "--item", "number=+44 7700 900123")
DONE = """\
✓ Validating customer account
✓ Assigning SIM card (ICCID: 8944...0001)
✓ Assigning mobile number (+44 7700 900123)
✓ Setting up OCS account
✓ Creating service record
✓ Sending welcome e-mail
"""


@pytest.fixture
def ocs() -> Iterator[OcsDouble]:
    with OcsDouble() as double:
        yield double


@pytest.fixture
def worker(worker_processes: WorkerProcesses, ocs: OcsDouble, tmp_path: Path) -> Iterator[WorkerProcesses]:
    """A real worker, with simulated networks."""
    with HlrDouble() as hlr, MailSink(tmp_path / "mail") as mail, StripeDouble() as bank:
        for double in (ocs, hlr, mail, bank):
            worker_processes.environment |= double.environment()
        worker_processes.start()
        yield worker_processes
        worker_processes.stop()


@pytest.mark.processes
def test_a_sale_becomes_a_service_and_a_welcome(
    alta: Alta,
    transactional_db: None,
    demo_data: None,
    worker: WorkerProcesses,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert alta(*SALE, *ITEMS, "--wait") == 0
    service = Service.objects.get()
    lines = [line for line in capsys.readouterr().out.splitlines(True) if not line.startswith("⟳")]
    order = Order.objects.get()
    assert "".join(lines) == (
        f"order {order.pk}, service {service.pk}, job {order.job_id}\n{DONE}"
        f"Completed: {service.name} (ID: {service.pk})\n"
    )
    assert (service.name, service.state, service.auto_renew) == ("Móvil - +44 7700 900123", "active", True)
    assert [path.name.partition("-john")[2] for path in (tmp_path / "mail").iterdir()] == [
        ".smith@example.com.eml"
    ]


@pytest.mark.processes
def test_a_failure_says_why_and_keeps_its_number(
    alta: Alta,
    transactional_db: None,
    demo_data: None,
    ocs: OcsDouble,
    worker: WorkerProcesses,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ocs.down()
    assert alta(*SALE, *ITEMS, "--wait") == 1
    said = capsys.readouterr()
    assert "✗ Setting up OCS account" in said.out
    assert said.err == f"Failed: Could not connect to OCS (job {Order.objects.get().job_id})\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (SALE, "Still missing: --item number=…, --item sim=…"),
        ((*SALE, "--item", "sim"), "--item sim: write NAME=IDENTIFIER, as in sim=SIM-00123"),
        ((*SALE, "--item", "modem=CPE-00001"), "mobile-20gb takes no item «modem»; it takes: sim, number"),
        ((*SALE, "--item", "sim=SIM-99999"), "There is no SIM Card SIM-99999 in the inventory."),
        (("assign", "--customer", 7, "--product", "mobile-20gb"), "There is no such customer."),
        (("assign", "--customer", 789, "--product", "mobile-20gb"), "Mobile - 20GB Plan is"),
        (("assign", "--customer", 123, "--product", "iptv-sports"), "IPTV - Sports is added to a service"),
        (
            ("assign", "--customer", 123, "--product", "none"),
            "There is no product none. There are: mobile-5gb",
        ),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(
    alta: Alta,
    demo_data: None,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[object, ...],
    sentence: str,
) -> None:
    assert alta(*arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith(sentence)
    assert said.out == ""
    assert not Order.objects.exists()
    assert not Item.objects.filter(state="reserved").exists()


def test_items_are_known_by_their_unique_value_too(alta: Alta, demo_data: None) -> None:
    iccid = Item.objects.get(identifier="SIM-00124").unique_value
    assert alta(*SALE, "--item", f"sim={iccid}", "--item", "number=+447700900124", "--no-renew") == 0
    order = Order.objects.get()
    assert order.auto_renew is False
    assert set(Item.objects.filter(state="reserved").values_list("identifier", flat=True)) == {
        "SIM-00124",
        "+44 7700 900124",
    }
