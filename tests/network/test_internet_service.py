"""An internet service sold and delivered by Alta, seen from the network: the modem's login, its address, and its light."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import connection
from ncclient import manager

from alta.catalog.models import Product
from alta.orders import services as orders
from alta.runner.models import Job
from alta.runner.services import cancel_job, undo_job
from alta.services.credentials import secrets_of_service
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.house_of_data import item, load_demo
from tests.network.conftest import FibreNetwork
from tests.network.daemons import HOST

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("internet")]
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What the network grants a modem: the rate at its login, whether it gets an address, and its light in the OLT."""

    rate: str | None
    has_address: bool
    light: str | None


NOTHING = Seen(None, False, None)


class Modem:
    """A customer's modem on its line, with the credentials that it was given."""

    def __init__(self, network: FibreNetwork, service: Service, identifier: str) -> None:
        self._network = network
        self._service = service
        self._values = item(identifier).values

    @property
    def password(self) -> str:
        return secrets_of_service(self._service.pk)["password"].get_secret_value()

    def seen(self) -> Seen:
        line = str(self._service.uuid)
        granted = self._network.radius.log_in(line, self.password)
        with self._network.dhcp.relay() as relay:
            address = relay.get_address(self._values["mac"], line)
        return Seen(
            str(granted["Mikrotik-Rate-Limit"]) if granted else None, address is not None, self._light()
        )

    def _light(self) -> str | None:
        olt = self._network.olt
        with manager.connect_ssh(
            HOST,
            port=olt.port,
            username="root",
            key_filename=olt.key_file,
            hostkey_verify=False,
            allow_agent=False,
            look_for_keys=False,
        ) as session:
            for ont in session.get_config("running").data_ele.iter("{urn:alta:olt}ont"):
                leaves = {str(leaf.tag).rpartition("}")[2]: leaf.text for leaf in ont}
                if leaves["serial"] == self._values["serial"]:
                    assert leaves["circuit-id"] == str(self._service.uuid)
                    return f"{leaves['speed-profile']} {'on' if leaves['enabled'] == 'true' else 'off'}"
        return None


def sell(modem: str, product: str = "fibre-100") -> Job:
    order = orders.begin(
        actor="agente", now=NOW, product_id=Product.objects.get(slug=product).pk, customer_id=123
    )
    orders.choose_item(order.uuid, "modem", item(modem).pk, actor="agente", now=NOW)
    orders.answer_renewal(order.uuid, True)
    return orders.confirm(order.uuid, actor="agente", now=NOW)


def run(run_jobs: RunJobs, job: Job) -> Job:
    run_jobs(job, now=lambda: NOW)
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_a_modem_is_refused_works_once_sold_and_is_refused_once_undone(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    load_demo(NOW)
    job = sell("CPE-00001")
    service = Service.objects.get()
    modem = Modem(network, service, "CPE-00001")
    assert modem.seen() == NOTHING

    job = run(run_jobs, job)
    assert job.state == "done", job.error
    assert modem.seen() == Seen("100M/100M", True, "internet-100-100 on")
    service.refresh_from_db()
    assert (service.state, service.name) == ("active", "Internet - 100Mbps")
    assert (item("CPE-00001").state, item("CPE-00001").holder) == ("assigned", service.uuid)
    assert [one["status"] for one in network.bank.of_reference(str(service.uuid))] == ["succeeded"]

    network.radius.start_session(str(service.uuid), "S1")
    undo_job(job.pk, actor="agente", now=NOW)
    job = run(run_jobs, job)
    assert job.state == "undone", job.error
    assert modem.seen() == NOTHING
    service.refresh_from_db()
    assert (service.state, item("CPE-00001").state) == ("terminated", "new")


@pytest.mark.django_db(transaction=True)
def test_the_password_is_in_no_table_but_the_one_that_freeradius_reads(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    load_demo(NOW)
    job = run(run_jobs, sell("CPE-00002"))
    assert job.state == "done", job.error
    password = Modem(network, Service.objects.get(), "CPE-00002").password
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert password not in (cursor.fetchone()[0] or ""), table


@pytest.mark.django_db(transaction=True)
def test_a_modem_on_another_line_stops_the_job_and_cancelling_leaves_that_line_alone(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    load_demo(NOW)
    first = run(run_jobs, sell("CPE-00003"))
    other = item("CPE-00004")
    other.values = {**other.values, "serial": item("CPE-00003").values["serial"]}
    other.save()
    job = run(run_jobs, sell("CPE-00004"))
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "olt.other_line")
    assert first.service is not None
    assert job.error["params"]["line"] == str(first.service.uuid)
    cancel_job(job.pk, actor="agente", now=NOW)
    assert run(run_jobs, job).state == "cancelled"
    modem = Modem(network, first.service, "CPE-00003")
    assert modem.seen() == Seen("100M/100M", True, "internet-100-100 on")
