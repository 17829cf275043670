"""Signing in, my account and the administration of people, as a browser without JavaScript meets them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from alta.accounts import two_factor
from alta.accounts.models import TwoFactor, User, UserSession
from alta.audit.models import Entry
from alta.demo.people import PASSWORD
from alta.web.views import account as account_views
from alta.web.views import sign_in as sign_in_views

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"


class Clock:
    """What the pages take for now."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(now)
    for module in (sign_in_views, account_views):
        monkeypatch.setattr(module, "timezone", clock)
    return clock


def user(name: str = "agente") -> User:
    return User.objects.get(username=name)


def enter(client: Client, name: str = "agente", password: str = PASSWORD, next: str = "/"):  # type: ignore[no-untyped-def]
    return client.post("/entrar/", {"username": name, "password": password, "next": next})


def with_second_factor(clock: Clock) -> tuple[str, list[str]]:
    secret = two_factor.begin(user())
    before = clock.at - timedelta(minutes=5)
    return secret, two_factor.confirm(user(), pyotp.TOTP(secret).at(before), before)


def test_signing_in_leads_to_where_one_wanted_to_go_but_never_elsewhere(client: Client, clock: Clock) -> None:
    answer = enter(client, next="/clientes/?q=john")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/clientes/?q=john")
    assert client.get("/clientes/").status_code == 200
    other = Client()
    assert enter(other, next="https://evil.example.com/").headers["Location"] == "/"
    assert other.get("/entrar/").headers["Location"] == "/"
    assert Entry.objects.filter(action="user.signed_in", actor="agente").count() == 2


def test_a_wrong_password_says_so_and_keeps_the_name(client: Client, clock: Clock) -> None:
    answer = enter(client, password="wrong")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'data-code="accounts.sign_in.wrong"' in text
    assert 'value="agente"' in text
    assert 'wrong"' not in text.replace('sign_in.wrong"', "")
    assert client.get("/").status_code == 302


def test_too_many_wrong_passwords_say_when_to_try_again(client: Client, clock: Clock) -> None:
    for _ in range(5):
        enter(client, password="wrong")
    answer = enter(client)
    assert answer.status_code == 429
    assert "Inténtalo de nuevo dentro de 15 min" in answer.content.decode()
    clock.at += timedelta(minutes=15)
    assert enter(client).status_code == 302


def test_with_a_second_factor_the_password_alone_opens_nothing(client: Client, clock: Clock) -> None:
    secret, codes = with_second_factor(clock)
    answer = enter(client, next="/trabajos/")
    assert answer.headers["Location"] == "/entrar/codigo/"
    assert client.get("/").headers["Location"].startswith("/entrar/")
    assert client.get("/api/jobs/1").status_code == 401
    wrong = client.post("/entrar/codigo/", {"code": "000000"})
    assert (wrong.status_code, b"accounts.code.wrong" in wrong.content) == (422, True)
    good = client.post("/entrar/codigo/", {"code": pyotp.TOTP(secret).at(clock.at)})
    assert (good.status_code, good.headers["Location"]) == (302, "/trabajos/")
    assert client.get("/").status_code == 200

    other = Client()
    enter(other)
    assert other.post("/entrar/codigo/", {"code": codes[0]}).headers["Location"] == "/"
    third = Client()
    enter(third)
    assert third.post("/entrar/codigo/", {"code": codes[0]}).status_code == 422


@pytest.mark.parametrize("change", ["late", "password", "left", "nothing was begun"])
def test_the_second_step_is_for_a_moment_and_for_the_password_given(
    client: Client, clock: Clock, change: str
) -> None:
    secret, _ = with_second_factor(clock)
    if change != "nothing was begun":
        enter(client)
    person = user()
    if change == "late":
        clock.at += timedelta(minutes=10, seconds=1)
    elif change == "password":
        person.set_password("another good one")
        person.save()
    elif change == "left":
        User.objects.filter(pk=person.pk).update(is_active=False)
    answer = client.post("/entrar/codigo/", {"code": pyotp.TOTP(secret).at(clock.at)})
    assert (answer.status_code, b"accounts.sign_in.stale" in answer.content) == (422, True)
    assert client.get("/").status_code == 302


def test_the_second_factor_is_set_up_and_its_codes_are_shown_once(agent: Client, clock: Clock) -> None:
    page = agent.get("/mi-cuenta/segundo-factor/")
    text = page.content.decode()
    assert 'src="data:image/svg+xml' in text
    [secret] = re.findall(r'<code id="secret">(\w+)</code>', text)
    wrong = agent.post("/mi-cuenta/segundo-factor/", {"code": "1"})
    assert wrong.status_code == 422
    assert secret in wrong.content.decode()
    done = agent.post("/mi-cuenta/segundo-factor/", {"code": pyotp.TOTP(secret).at(clock.at)})
    assert done.headers["Cache-Control"] == "no-store"
    codes = re.findall(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code>", done.content.decode())
    assert len(codes) == 10
    account = agent.get("/mi-cuenta/").content.decode()
    assert "Quedan 10 códigos de recuperación." in account
    assert codes[0] not in account
    assert agent.get("/mi-cuenta/segundo-factor/").status_code == 409
    assert agent.post("/mi-cuenta/segundo-factor/quitar/", {"password": "wrong"}).status_code == 422
    assert TwoFactor.objects.filter(confirmed_at__isnull=False).count() == 1
    assert agent.post("/mi-cuenta/segundo-factor/codigos/", {"password": PASSWORD}).status_code == 200
    assert agent.post("/mi-cuenta/segundo-factor/quitar/", {"password": PASSWORD}).status_code == 302
    assert not TwoFactor.objects.exists()


def test_sessions_are_listed_and_can_be_ended(client: Client, clock: Clock) -> None:
    phone, laptop = Client(), Client()
    enter(client)
    for browser in (phone, laptop):
        browser.defaults |= {"HTTP_USER_AGENT": FIREFOX, "REMOTE_ADDR": "192.0.2.7"}
        enter(browser)
        assert browser.get("/").status_code == 200
    client.get("/")
    text = client.get("/mi-cuenta/").content.decode()
    assert text.count("Firefox · Windows</strong>") == 2
    assert text.count("192.0.2.7 ·") == 2
    key = phone.cookies["sessionid"].value
    row = UserSession.objects.get(session_key=key)
    assert client.post(f"/mi-cuenta/sesiones/{row.pk}/cerrar/").status_code == 302
    assert phone.get("/").status_code == 302
    assert laptop.get("/").status_code == 200
    assert client.post(f"/mi-cuenta/sesiones/{row.pk}/cerrar/").status_code == 404
    client.post("/mi-cuenta/sesiones/cerrar-las-demas/")
    assert laptop.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_somebody_elses_session_cannot_be_ended(agent: Client, now: datetime) -> None:
    other = Client()
    other.force_login(user("ingeniera"))
    other.get("/")
    row = UserSession.objects.get(user=user("ingeniera"))
    assert agent.post(f"/mi-cuenta/sesiones/{row.pk}/cerrar/").status_code == 404
    assert other.get("/").status_code == 200


def test_a_session_is_noted_once_a_minute(agent: Client, now: datetime) -> None:
    agent.get("/")
    first = UserSession.objects.get()
    agent.get("/")
    again = UserSession.objects.get()
    assert again.last_seen_at == first.last_seen_at
    session = agent.session
    session["alta_session"] |= {"at": session["alta_session"]["at"] - 61}
    session.save()
    agent.get("/")
    assert UserSession.objects.get().last_seen_at > first.last_seen_at


def test_changing_the_password_ends_every_other_session(client: Client, clock: Clock) -> None:
    other = Client()
    for browser in (client, other):
        enter(browser)
        browser.get("/")
    wrong = {"old": "wrong", "new": "another good one", "again": "another good one"}
    assert client.post("/mi-cuenta/contrasena/", wrong).status_code == 422
    different = wrong | {"old": PASSWORD, "again": "typo"}
    assert client.post("/mi-cuenta/contrasena/", different).status_code == 422
    weak = {"old": PASSWORD, "new": "12345678", "again": "12345678"}
    assert client.post("/mi-cuenta/contrasena/", weak).status_code == 422
    assert user().check_password(PASSWORD)
    assert client.post("/mi-cuenta/contrasena/", wrong | {"old": PASSWORD}).status_code == 302
    assert user().check_password("another good one")
    assert client.get("/mi-cuenta/").status_code == 200
    assert other.get("/").status_code == 302
    assert UserSession.objects.filter(user=user()).count() == 1
    assert "esta</span>" in client.get("/mi-cuenta/").content.decode()


def test_the_language_is_kept_and_used_from_the_next_page(agent: Client, now: datetime) -> None:
    agent.post("/mi-cuenta/idioma/", {"language": "en"})
    assert user().language == "en"
    assert "My account" in agent.get("/mi-cuenta/").content.decode()


@pytest.fixture
def administrator(client: Client, now: datetime) -> Client:
    client.force_login(user("admin"))
    return client


def test_a_person_is_added_and_comes_in_with_the_rights_given(administrator: Client, now: datetime) -> None:
    given = {"username": "eva", "password": "a long one", "again": "a long one", "roles": ["stock_keeper"]}
    refused = administrator.post("/personas/nueva/", given | {"again": "typo", "full_name": "Eva Ruiz"})
    text = refused.content.decode()
    assert refused.status_code == 422
    assert 'value="Eva Ruiz"' in text
    assert re.search(r'value="stock_keeper" checked', text)
    added = administrator.post("/personas/nueva/", given)
    eva = user("eva")
    assert added.headers["Location"] == f"/personas/{eva.pk}/"
    assert "eva" in administrator.get("/personas/").content.decode()
    hers = Client()
    enter(hers, "eva", "a long one")
    assert (hers.get("/productos/").status_code, hers.get("/clientes/").status_code) == (200, 403)
    administrator.post(f"/personas/{eva.pk}/", {"roles": ["agent"], "full_name": "", "email": ""})
    assert hers.get("/clientes/").status_code == 200
    assert "Roles cambiados" in administrator.get(f"/personas/{eva.pk}/").content.decode()


def test_somebody_deactivated_is_out_at_once(administrator: Client, now: datetime) -> None:
    hers = Client()
    hers.force_login(user("ingeniera"))
    assert hers.get("/").status_code == 200
    administrator.post(f"/personas/{user('ingeniera').pk}/desactivar/")
    assert hers.get("/").status_code == 302
    assert not Session.objects.filter(session_key=hers.cookies["sessionid"].value).exists()
    administrator.post(f"/personas/{user('ingeniera').pk}/activar/")
    assert enter(Client(), "ingeniera").status_code == 302


def test_the_last_administrator_is_told_what_to_do_first(administrator: Client, now: datetime) -> None:
    boss = user("admin")
    answer = administrator.post(f"/personas/{boss.pk}/", {"roles": ["agent"]})
    assert answer.status_code == 409
    assert "admin es el último administrador. Da antes ese rol a otra persona." in answer.content.decode()
    assert administrator.post(f"/personas/{boss.pk}/desactivar/").status_code == 409
    assert user("admin").roles == ["administrator"]


def test_a_new_password_and_a_reset_second_factor_let_somebody_in_again(
    administrator: Client, clock: Clock
) -> None:
    with_second_factor(clock)
    pk = user().pk
    assert "Restablecer el segundo factor" in administrator.get(f"/personas/{pk}/").content.decode()
    weak = administrator.post(f"/personas/{pk}/contrasena/", {"password": "abc", "again": "abc"})
    assert weak.status_code == 422
    good = {"password": "another good one", "again": "another good one"}
    assert administrator.post(f"/personas/{pk}/contrasena/", good).status_code == 302
    assert administrator.post(f"/personas/{pk}/segundo-factor/").status_code == 302
    assert enter(Client(), password="another good one").headers["Location"] == "/"
    noted = Entry.objects.filter(actor="admin").values_list("action", flat=True)
    assert {"user.password_given", "user.two_factor_reset"} <= set(noted)


def test_the_list_of_people_takes_no_query_more_for_each(
    administrator: Client,
    django_assert_num_queries,
    now: datetime,  # type: ignore[no-untyped-def]
) -> None:
    administrator.get("/personas/")
    with django_assert_num_queries(3):
        administrator.get("/personas/")
    User.objects.bulk_create(User(username=f"person-{n}", roles=["agent"]) for n in range(20))
    with django_assert_num_queries(3):
        assert "person-19" in administrator.get("/personas/").content.decode()
