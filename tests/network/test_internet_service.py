"""An internet service sold and delivered by Alta, seen from the network: the modem's login, its address, and its light."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import connection
from ncclient import manager

from alta.catalog.models import Product
from alta.customers.belongings import save_site
from alta.installations.models import WorkOrder
from alta.orders import services as orders
from alta.orders.details import Answers
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.refusal import Refusal
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
            str(granted["Mikrotik-Rate-Limit"]) if granted else None, address is not None, self.light()
        )

    def light(self) -> str | None:
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
    orders.answer_details(order.uuid, Answers())
    orders.leave_slot_for_later(order.uuid)
    orders.answer_renewal(order.uuid, True)
    return orders.confirm(order.uuid, actor="agente", now=NOW)


def run(run_jobs: RunJobs, job: Job) -> Job:
    run_jobs(job, now=lambda: NOW)
    job.refresh_from_db()
    return job


def done(run_jobs: RunJobs, job: Job) -> Job:
    job = run(run_jobs, job)
    assert job.state == "done", job.error
    return job


def undo(run_jobs: RunJobs, job: Job) -> None:
    undo_job(job.pk, actor="agente", now=NOW)
    assert run(run_jobs, job).state == "undone", job.error


def sold(run_jobs: RunJobs, modem: str) -> Service:
    load_demo(NOW)
    done(run_jobs, sell(modem))
    return Service.objects.get()


def begin(service: Service, action: Action) -> Order:
    return orders.begin_change(service.pk, action, actor="agente", now=NOW)


def confirm(run_jobs: RunJobs, order: Order) -> Job:
    job = orders.confirm(order.uuid, actor="agente", now=NOW, reason="the customer asked for it")
    return done(run_jobs, job)


FAST = Seen("100M/100M", True, "internet-100-100 on")


@pytest.mark.django_db(transaction=True)
def test_a_modem_is_refused_works_once_sold_and_is_refused_once_undone(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    load_demo(NOW)
    job = sell("CPE-00001")
    service = Service.objects.get()
    modem = Modem(network, service, "CPE-00001")
    assert modem.seen() == NOTHING

    job = done(run_jobs, job)
    assert modem.seen() == FAST
    service.refresh_from_db()
    assert (service.state, service.name) == ("active", "Internet - 100Mbps")
    assert (item("CPE-00001").state, item("CPE-00001").holder) == ("assigned", service.uuid)
    assert [one["status"] for one in network.bank.of_reference(str(service.uuid))] == ["succeeded"]
    work_order = WorkOrder.objects.get(service=service)
    assert (work_order.state, work_order.job, work_order.appointment.state) == ("planned", job, "pending")

    network.radius.start_session(str(service.uuid), "S1")
    undo(run_jobs, job)
    assert modem.seen() == NOTHING
    service.refresh_from_db()
    assert (service.state, item("CPE-00001").state) == ("terminated", "new")
    work_order.refresh_from_db()
    assert work_order.state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_modem_is_refused_while_suspended_works_once_resumed_and_is_refused_once_terminated(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs, "CPE-00005")
    modem = Modem(network, service, "CPE-00005")
    network.radius.start_session(str(service.uuid), "S5")
    suspension = confirm(run_jobs, begin(service, Action.SUSPEND))
    # The line keeps its address: only light and login are gone.
    assert modem.seen() == Seen(None, True, "internet-100-100 off")
    assert network.radius.ended(str(service.uuid), "S5")
    service.refresh_from_db()
    assert service.state == "suspended"

    undo(run_jobs, suspension)
    assert modem.seen() == FAST
    confirm(run_jobs, begin(service, Action.SUSPEND))
    confirm(run_jobs, begin(service, Action.RESUME))
    assert modem.seen() == FAST

    confirm(run_jobs, begin(service, Action.TERMINATE))
    assert modem.seen() == NOTHING
    service.refresh_from_db()
    assert (service.state, item("CPE-00005").state) == ("terminated", "in_stock")


@pytest.mark.django_db(transaction=True)
def test_a_faster_plan_holds_at_once_and_goes_when_it_is_undone(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs, "CPE-00006")
    modem = Modem(network, service, "CPE-00006")
    network.radius.start_session(str(service.uuid), "S6")
    order = begin(service, Action.MODIFY)
    orders.choose_product(order.uuid, Product.objects.get(slug="fibre-300").pk, actor="agente", now=NOW)
    orders.choose_when(order.uuid, False)
    job = confirm(run_jobs, order)
    assert modem.seen() == Seen("300M/300M", True, "internet-300-300 on")
    assert network.radius.policy(str(service.uuid), "S6") == "internet-300-300"
    service.refresh_from_db()
    assert service.recurring_price == 4500

    undo(run_jobs, job)
    assert modem.seen() == FAST
    assert network.radius.policy(str(service.uuid), "S6") == "internet-100-100"


@pytest.mark.django_db(transaction=True)
def test_another_modem_takes_over_line_and_address_and_gives_them_back(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs, "CPE-00007")
    old, new = Modem(network, service, "CPE-00007"), Modem(network, service, "CPE-00008")
    assert old.seen() == FAST
    order = begin(service, Action.SWAP)
    orders.choose_item(order.uuid, "modem", item("CPE-00008").pk, actor="agente", now=NOW)
    job = confirm(run_jobs, order)
    assert new.seen() == FAST
    assert old.light() is None
    assert [item(name).state for name in ("CPE-00007", "CPE-00008")] == ["in_stock", "assigned"]

    undo(run_jobs, job)
    assert (old.seen(), new.light()) == (FAST, None)
    assert [item(name).state for name in ("CPE-00007", "CPE-00008")] == ["assigned", "new"]


@pytest.mark.django_db(transaction=True)
def test_a_modem_that_is_taken_on_the_fibre_does_not_replace_another_and_undoing_changes_nothing(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs, "CPE-00009")
    neighbour = done(run_jobs, sell("CPE-00010")).service
    assert neighbour is not None
    broken = item("CPE-00011")
    broken.values = {**broken.values, "serial": item("CPE-00010").values["serial"]}
    broken.save()
    order = begin(service, Action.SWAP)
    orders.choose_item(order.uuid, "modem", broken.pk, actor="agente", now=NOW)
    job = run(run_jobs, orders.confirm(order.uuid, actor="agente", now=NOW, reason="broken"))
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "olt.other_line")
    cancel_job(job.pk, actor="agente", now=NOW)
    assert run(run_jobs, job).state == "cancelled"
    assert Modem(network, service, "CPE-00009").seen() == FAST
    assert Modem(network, neighbour, "CPE-00010").seen() == FAST


@pytest.mark.django_db(transaction=True)
def test_a_service_that_moves_comes_up_anew_at_its_new_site(network: FibreNetwork, run_jobs: RunJobs) -> None:
    load_demo(NOW)
    service = sold(run_jobs, "CPE-00012")
    site = save_site(123, name="Casa", line1="12 Mill Lane", city="Oxford", country="GB", actor="agente")
    network.radius.start_session(str(service.uuid), "S12")
    order = begin(service, Action.MOVE)
    with pytest.raises(Refusal) as refusal:
        orders.answer_details(order.uuid, Answers())
    assert refusal.value.code == "order.site_missing"
    orders.answer_details(order.uuid, Answers(site_id=site.pk))
    orders.leave_slot_for_later(order.uuid)
    job = confirm(run_jobs, order)
    service.refresh_from_db()
    assert (service.site_id, network.radius.ended(str(service.uuid), "S12")) == (site.pk, True)
    assert Modem(network, service, "CPE-00012").seen() == FAST
    undo(run_jobs, job)
    service.refresh_from_db()
    assert service.site_id is None


@pytest.mark.django_db(transaction=True)
def test_the_password_is_in_no_table_but_the_one_that_freeradius_reads(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs, "CPE-00002")
    password = Modem(network, service, "CPE-00002").password
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert password not in (cursor.fetchone()[0] or ""), table


@pytest.mark.django_db(transaction=True)
def test_a_modem_on_another_line_stops_the_job_and_cancelling_leaves_that_line_alone(
    network: FibreNetwork, run_jobs: RunJobs
) -> None:
    first = sold(run_jobs, "CPE-00003")
    other = item("CPE-00004")
    other.values = {**other.values, "serial": item("CPE-00003").values["serial"]}
    other.save()
    job = run(run_jobs, sell("CPE-00004"))
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "olt.other_line")
    assert job.error["params"]["line"] == str(first.uuid)
    cancel_job(job.pk, actor="agente", now=NOW)
    assert run(run_jobs, job).state == "cancelled"
    assert Modem(network, first, "CPE-00003").seen() == FAST
