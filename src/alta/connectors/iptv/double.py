"""A double of the IPTV middleware: Stalker's REST interface, and the question that the video edge asks.

python -m alta.connectors.iptv.double --port 8082 --state iptv.json
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from alta.connectors.httpdouble import HttpDouble, basic, json_response, run
from alta.connectors.ocs.http import Request, Response

API = "/stalker_portal/api/"
ENTITLED = "/entitled"
PACKAGES = ("basic", "family", "sports", "cinema")
FIELDS = ("password", "full_name", "account_number", "tariff_plan", "status", "stb_mac")
Form = dict[str, list[str]]


class Error(Exception):
    """The `error` of an answer."""


class IptvDouble(HttpDouble):
    """`accounts` by login, as the real one shows them, and `subscriptions`: the packages of each.

    `GET /entitled` with the headers X-STB-MAC and X-Package answers a video edge: 204, or 403. Like the real one it
    ignores packages that it doesn't have."""

    name = "iptv"

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        *,
        auth: tuple[str, str] = ("alta", "double"),
    ) -> None:
        self.auth = auth
        self.accounts: dict[str, dict[str, str]] = {}
        self.subscriptions: dict[str, list[str]] = {}
        super().__init__(host, port, state)

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_IPTV_URL": self.base_url + API.rstrip("/"),
            "ALTA_IPTV_USERNAME": self.auth[0],
            "ALTA_IPTV_PASSWORD": self.auth[1],
        }

    def dump(self) -> Any:
        return [self.accounts, self.subscriptions]

    def load(self, known: Any) -> None:
        self.accounts, self.subscriptions = known

    def entitled(self, mac: str, package: str) -> bool:
        """Whether the set-top box may watch the package now."""
        return any(
            account["stb_mac"].upper() == mac.upper() and package in self.subscriptions[login]
            for login, account in self.accounts.items()
            if account["status"] == "1"
        )

    def respond(self, request: Request) -> Response:
        path = urlsplit(request.target).path
        if path == ENTITLED:
            headers = request.headers
            allowed = self.entitled(headers.get("x-stb-mac", ""), headers.get("x-package", ""))
            return Response(status=HTTPStatus.NO_CONTENT if allowed else HTTPStatus.FORBIDDEN)
        if request.headers.get("authorization") != basic(*self.auth):
            return _error("401 Unauthorized request", HTTPStatus.UNAUTHORIZED)
        resource, _, login = path.removeprefix(API).partition("/")
        answers = {"accounts": self._accounts, "account_subscription": self._subscription}
        if not path.startswith(API) or resource not in answers:
            return _error("Resource not found", HTTPStatus.NOT_FOUND)
        answer: Callable[[str, str, Form], Any] = answers[resource]
        try:
            form = parse_qs(request.body.decode(), keep_blank_values=True)
            return json_response(
                200, {"status": "OK", "results": answer(request.method, unquote(login), form)}
            )
        except Error as error:
            return _error(str(error))

    def _accounts(self, method: str, login: str, form: Form) -> Any:
        given = {name: form[name][0] for name in FIELDS if name in form}
        match method:
            case "POST":
                return self._create(form.get("login", [""])[0], given)
            case "GET" if not login:
                return [self._shown(each) for each in self.accounts]
            case "GET":
                return [self._shown(self._known(login))]
            case "PUT":
                self._refuse_taken_box(login, given)
                self.accounts[self._known(login)].update(given)
                return True
            case "DELETE":
                del self.accounts[self._known(login)], self.subscriptions[login]
                return True
        raise Error("Method not allowed")

    def _create(self, login: str, given: dict[str, str]) -> bool:
        if not login:
            raise Error("Login is required")
        if login in self.accounts:
            raise Error("Login already in use")
        self._refuse_taken_box(login, given)
        self.accounts[login] = {**dict.fromkeys(FIELDS, ""), "status": "1", **given}
        self.subscriptions[login] = []
        return True

    def _refuse_taken_box(self, login: str, given: dict[str, str]) -> None:
        mac = given.get("stb_mac", "").upper()
        if mac and any(
            account["stb_mac"].upper() == mac for other, account in self.accounts.items() if other != login
        ):
            raise Error("STB MAC already in use")

    def _subscription(self, method: str, login: str, form: Form) -> Any:
        packages = self.subscriptions[self._known(login)]
        if method == "PUT":
            there = {*packages, *form.get("subscribed[]", [])} - {*form.get("unsubscribed[]", [])}
            self.subscriptions[login] = sorted(there & {*PACKAGES})
            return True
        return [{"login": login, "subscribed": packages}]

    def _known(self, login: str) -> str:
        if login not in self.accounts:
            raise Error("Account not found")
        return login

    def _shown(self, login: str) -> dict[str, str]:
        return {"login": login} | {k: v for k, v in self.accounts[login].items() if k != "password"}


def _error(text: str, status: int = HTTPStatus.OK) -> Response:
    return json_response(status, {"status": "ERROR", "results": "", "error": text})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="alta double iptv", description="A double of the IPTV middleware (Stalker REST, version 1)"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--state", type=Path, metavar="FILE", help="keeps accounts over a restart")
    options = parser.parse_args()
    run(IptvDouble(options.host, options.port, options.state), "IPTV double")


if __name__ == "__main__":
    main()
