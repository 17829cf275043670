"""A VoIP line through its whole life, as the customer's phone sees it: a real Kamailio, and jobs of Alta's."""

from __future__ import annotations

import pytest

from alta.connectors.voip.credentials import Credentials
from alta.runner.models import Attempt, Job
from alta.runner.services import undo_job
from alta.services.credentials import secrets_of_service
from alta.services.models import Service
from tests.house_of_data import item
from tests.network.conftest import NOW, Shop, everything_stored
from tests.network.kamailio import DOMAIN, Kamailio

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("voip")]

NUMBER = "+44 20 7946 0100"


@pytest.fixture
def voip(shop: Shop, switch: Kamailio) -> Shop:
    shop.use(switch.environment())
    return shop


def line(service: Service) -> tuple[str, str]:
    """Name and password of the line, as the customer's phone has them."""
    return f"line-{service.pk}", secrets_of_service(service.pk)["password"].get_secret_value()


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

    undo_job(job.pk, actor="agente", now=NOW)
    voip.run(job)
    assert job.state == "undone"
    assert switch.register(username, password) == 401
    assert item(NUMBER).holder is None


def test_the_credentials_are_in_no_table_no_log_and_no_mail(
    voip: Shop, switch: Kamailio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    job = voip.sell("voip-line", {"number": NUMBER})
    username, password = line(voip.service(job))
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
