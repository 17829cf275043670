"""A VoIP line through its whole life, as the customer's phone sees it: a real Kamailio, and jobs of Alta's."""

from __future__ import annotations

import psycopg
import pytest

from alta.connectors.voip.credentials import Credentials
from alta.orders.rules import Action
from alta.runner.models import Attempt, Job
from alta.services.credentials import secrets_of_service
from alta.services.models import Service
from tests.house_of_data import item
from tests.network.kamailio import DOMAIN, Kamailio
from tests.network.shop import Shop, everything_stored

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("voip")]

NUMBER, OTHER = "+44 20 7946 0100", "+44 20 7946 0101"


@pytest.fixture
def voip(shop: Shop, switch: Kamailio) -> Shop:
    with psycopg.connect(switch.database) as rows:  # services are numbered from the start in every test
        rows.execute("DELETE FROM subscriber")
        rows.execute("DELETE FROM dbaliases")
    shop.use(switch.environment())
    return shop


def line(service: Service) -> tuple[str, str]:
    """Name and password of the line, as the customer's phone has them."""
    return f"line-{service.pk}", secrets_of_service(service.pk)["password"].get_secret_value()


def numbers(switch: Kamailio, service: Service) -> list[str]:
    with psycopg.connect(switch.database) as rows:
        found = rows.execute(
            "SELECT alias_username FROM dbaliases WHERE username = %s", [f"line-{service.pk}"]
        )
        return [number for (number,) in found]


def states(job: Job) -> list[str]:
    return list(job.tasks.order_by("position").values_list("state", flat=True))


def test_a_line_is_sold_and_works_and_undone_and_does_not(voip: Shop, switch: Kamailio) -> None:
    job = voip.sell("voip-line", {"number": NUMBER})
    assert (job.state, states(job)) == ("done", ["done"] * 5)
    service = voip.service(job)
    assert (service.state, service.name) == ("active", f"VoIP - {NUMBER}")
    assert (item(NUMBER).state, item(NUMBER).holder) == ("assigned", service.uuid)
    username, password = line(service)
    assert (switch.register(username, password), switch.register(username, "guess")) == (200, 401)

    assert voip.undo(job).state == "undone"
    assert switch.register(username, password) == 401
    assert item(NUMBER).holder is None


def test_a_line_rests_wakes_and_ends(voip: Shop, switch: Kamailio) -> None:
    service = voip.service(voip.sell("voip-line", {"number": NUMBER}))
    phone = line(service)
    assert switch.register(*phone) == 200

    assert voip.change(service, Action.SUSPEND).state == "done"
    service.refresh_from_db()
    assert (switch.register(*phone), service.state) == (401, "suspended")
    resumed = voip.change(service, Action.RESUME)
    service.refresh_from_db()
    assert (resumed.state, switch.register(*phone), service.state) == ("done", 200, "active")
    assert voip.undo(resumed).state == "undone"
    assert switch.register(*phone) == 401
    voip.change(service, Action.RESUME)
    assert switch.register(*phone) == 200

    assert voip.change(service, Action.TERMINATE).state == "done"
    service.refresh_from_db()
    assert (switch.register(*phone), service.state) == (401, "terminated")
    assert (item(NUMBER).state, item(NUMBER).holder) == ("quarantined", None)


def test_a_suspension_that_is_undone_lets_the_phone_in_again(voip: Shop, switch: Kamailio) -> None:
    service = voip.service(voip.sell("voip-line", {"number": NUMBER}))
    suspended = voip.change(service, Action.SUSPEND)
    assert switch.register(*line(service)) == 401
    assert voip.undo(suspended).state == "undone"
    service.refresh_from_db()
    assert (switch.register(*line(service)), service.state) == (200, "active")


def test_another_number_rings_at_the_same_phone_and_back(voip: Shop, switch: Kamailio) -> None:
    service = voip.service(voip.sell("voip-line", {"number": NUMBER}))
    assert numbers(switch, service) == ["442079460100"]
    swapped = voip.change(service, Action.SWAP, {"number": OTHER})
    assert (swapped.state, numbers(switch, service)) == ("done", ["442079460101"])
    assert (item(OTHER).holder, item(NUMBER).state) == (service.uuid, "quarantined")
    service.refresh_from_db()
    assert service.name == f"VoIP - {OTHER}"
    assert switch.register(*line(service)) == 200
    assert voip.undo(swapped).state == "undone"
    service.refresh_from_db()
    assert (numbers(switch, service), service.name) == (["442079460100"], f"VoIP - {NUMBER}")
    assert (item(NUMBER).holder, item(OTHER).holder) == (service.uuid, None)


def test_another_plan_costs_the_difference_and_leaves_the_line_alone(voip: Shop, switch: Kamailio) -> None:
    service = voip.service(voip.sell("voip-line", {"number": NUMBER}))
    job = voip.change_plan(service, "voip-line-plus")
    service.refresh_from_db()
    assert (job.state, service.product.slug, service.recurring_price) == ("done", "voip-line-plus", 1400)
    assert switch.register(*line(service)) == 200


def test_the_credentials_are_in_no_table_no_log_and_no_mail(
    voip: Shop, switch: Kamailio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    job = voip.sell("voip-line", {"number": NUMBER})
    service = voip.service(job)
    username, password = line(service)
    for action in (Action.SUSPEND, Action.RESUME):
        voip.change(service, action)
    assert switch.register(username, password) == 200
    made = Credentials.of(username, DOMAIN, password)
    secrets = [password, made.ha1.get_secret_value(), made.ha1b.get_secret_value()]
    said = [*everything_stored(), ("log", caplog.text)]
    said += [("mail", mail.read_text()) for mail in voip.mails.glob("*.eml")]
    assert {"runner_attempt", "services_service", "audit_entry", "mail"} <= {where for where, _ in said}
    assert any("INSERT INTO subscriber" in text for _, text in said)
    for where, text in said:
        assert not any(secret in text for secret in secrets), where
    [created] = Attempt.objects.filter(task__key="open_line", task__job=job)
    assert created.request == {"username": username, "password": "**********"}
