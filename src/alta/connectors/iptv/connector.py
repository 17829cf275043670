"""What Alta does in the IPTV middleware: an account with its set-top box, and the packages it may watch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr

from alta.connectors.contract import (
    Call,
    Connector,
    ConnectorError,
    ConnectorSettings,
    Done,
    Health,
    Permanent,
    action,
)
from alta.connectors.iptv.models import (
    AccountParams,
    AccountQuestion,
    AccountState,
    AccountUpdate,
    NewAccount,
    PackageChange,
)
from alta.connectors.rest import Rest
from alta.refusal import RefusalKind

NO_ACCOUNT = RefusalKind(
    "iptv.no_account", _("The IPTV middleware has no account {account}: create it first"), 422
)
NOT_KEPT = RefusalKind(
    "iptv.not_kept",
    _("The IPTV middleware did not take the packages {packages}: check that it has them by these names"),
    422,
)
BOX_TAKEN = RefusalKind(
    "iptv.box_taken",
    _(
        "In the IPTV middleware the set-top box {mac} belongs to another account: remove it there or choose another"
    ),
    422,
)

NOBODY = "alta-health"  # an account that can't exist: names of services are UUIDs


class Refused(Exception):
    """The middleware's `error`."""

    @property
    def not_found(self) -> bool:
        return "not found" in str(self).lower()

    @property
    def in_use(self) -> bool:
        return "in use" in str(self).lower()


class IptvSettings(ConnectorSettings):
    """`url` is what stands before the names of resources: `https://tv.example/stalker_portal/api`."""

    url: str = Field(pattern=r"^https?://[^/\s]+")
    username: SecretStr
    password: SecretStr


class Iptv(Connector):
    name = "iptv"
    title = "IPTV"
    Settings = IptvSettings
    settings: IptvSettings

    def __init__(self, settings: IptvSettings) -> None:
        super().__init__(settings)
        auth = (settings.username.get_secret_value(), settings.password.get_secret_value())
        self._rest = Rest(self, settings.url, auth)

    async def close(self) -> None:
        await self._rest.close()

    @action()
    async def create_account(self, params: NewAccount, call: Call) -> AccountState:
        """Creates an account that is active, with its set-top box and packages, and reads it back.

        Refused where another account has the set-top box (`iptv.box_taken`), and where the middleware knows no such
        package. Idempotent: an account of that name becomes what is asked for here; packages that it has besides
        stay.
        """
        values = {
            "full_name": params.name,
            "account_number": params.number,
            "stb_mac": params.mac,
            "status": "1",
        }
        if params.tariff is not None:
            values["tariff_plan"] = params.tariff
        if params.password is not None:
            values["password"] = params.password.get_secret_value()
        try:
            await self._order("POST", "/accounts", call, {"login": params.account, **values})
        except Refused as refused:
            if not refused.in_use:
                raise self.rejected(str(refused)) from refused
            if await self._find(params.account, call) is None:  # so it was not the name that is in use
                raise Permanent(BOX_TAKEN, mac=params.mac, detail=str(refused)) from refused
            await self._put(params.account, call, values)
        return await self._subscribe(PackageChange(account=params.account, add=params.packages), call)

    @action()
    async def update_account(self, params: AccountUpdate, call: Call) -> AccountState:
        """Changes what is given: the set-top box (by its MAC), the name, the tariff. Reads the account back.

        The set-top box that it had stops working at once. Refused where there is no such account, and where another
        has the set-top box. Repeating it changes nothing.
        """
        given = {"stb_mac": params.mac, "full_name": params.name, "tariff_plan": params.tariff}
        values = {name: value for name, value in given.items() if value is not None}
        if values:
            await self._put(params.account, call, values)
        return await self._read(params.account, call)

    @action()
    async def change_packages(self, params: PackageChange, call: Call) -> AccountState:
        """Adds packages to an account and removes others, and reads it back. What is in both lists is added.

        Refused where there is no such account, and where the middleware did not take a package. Repeating it
        changes nothing.
        """
        return await self._subscribe(params, call)

    @action()
    async def remove_packages(self, params: PackageChange, call: Call) -> Done:
        """Takes a `change_packages` back: removes what it added, adds what it removed. Without account there is
        nothing to do."""
        if await self._find(params.account, call) is not None:
            keep = set(params.remove)
            back = [package for package in params.add if package not in keep]
            await self._subscribe(PackageChange(account=params.account, add=params.remove, remove=back), call)
        return Done()

    @action()
    async def suspend_account(self, params: AccountParams, call: Call) -> Done:
        """Nothing can be watched any more; the packages stay. Refused where there is no such account. Repeating it
        changes nothing."""
        await self._put(params.account, call, {"status": "0"})
        return Done()

    @action()
    async def resume_account(self, params: AccountParams, call: Call) -> Done:
        """Ends a suspension. Refused where there is no such account. Repeating it changes nothing."""
        await self._put(params.account, call, {"status": "1"})
        return Done()

    @action()
    async def delete_account(self, params: AccountParams, call: Call) -> Done:
        """Deletes an account with its packages. One that isn't there counts as deleted."""
        try:
            await self._order("DELETE", f"/accounts/{params.account}", call)
        except Refused as refused:
            if not refused.not_found:
                raise self.rejected(str(refused)) from refused
        return Done()

    @action(read_only=True)
    async def get_account(self, params: AccountQuestion, call: Call) -> AccountState:
        """What the middleware knows of an account: set-top box, whether it is active, packages. Never its password.

        `missing` are those of the given packages that the account hasn't got. Refused where there is no such account.
        Changes nothing.
        """
        found = await self._read(params.account, call)
        missing = [package for package in params.packages if package not in found.packages]
        return found.model_copy(update={"missing": missing})

    async def health(self) -> Health:
        """Asks for an account that can't exist: the answer shows that the middleware and our login are good."""
        begin = time.perf_counter()
        try:
            await self._find(NOBODY, Call(key="health", timeout=4))
        except ConnectorError as error:
            return Health(False, str(error))
        return Health(True, "REST v1 answers", (time.perf_counter() - begin) * 1000)

    async def _subscribe(self, wanted: PackageChange, call: Call) -> AccountState:
        remove = [package for package in wanted.remove if package not in wanted.add]
        if wanted.add or remove:
            form: dict[str, list[str]] = {"subscribed[]": wanted.add, "unsubscribed[]": remove}
            await self._put(wanted.account, call, form, "account_subscription")
        found = await self._read(wanted.account, call)
        if missing := sorted(set(wanted.add) - set(found.packages)):
            raise Permanent(NOT_KEPT, packages=", ".join(missing))
        return found

    async def _read(self, account: str, call: Call) -> AccountState:
        found = await self._find(account, call)
        if found is None:
            raise Permanent(NO_ACCOUNT, account=account)
        subscription = await self._get(f"/account_subscription/{account}", call) or {}
        try:
            return AccountState(
                account=str(found["login"]),
                number=str(found.get("account_number") or ""),
                name=str(found.get("full_name") or ""),
                mac=str(found.get("stb_mac") or "").upper(),
                tariff=str(found.get("tariff_plan") or ""),
                active=str(found["status"]) == "1",
                packages=sorted(map(str, subscription.get("subscribed") or [])),
            )
        except (KeyError, TypeError) as error:
            raise self.bad_answer(f"an account of another shape: {error!r}") from error

    async def _find(self, account: str, call: Call) -> Mapping[str, Any] | None:
        return await self._get(f"/accounts/{account}", call)

    async def _get(self, path: str, call: Call) -> Mapping[str, Any] | None:
        """The one result, or None where there is no such thing."""
        try:
            results = await self._order("GET", path, call)
        except Refused as refused:
            if refused.not_found:
                return None
            raise self.rejected(str(refused)) from refused
        found = results[0] if isinstance(results, list) and results else results
        if found in ([], "", None):
            return None
        if not isinstance(found, Mapping):
            raise self.bad_answer(f"{path}: results of another shape")
        return found

    async def _put(
        self, account: str, call: Call, form: Mapping[str, str | list[str]], resource: str = "accounts"
    ) -> None:
        try:
            await self._order("PUT", f"/{resource}/{account}", call, form)
        except Refused as refused:
            if refused.not_found:
                raise Permanent(NO_ACCOUNT, account=account, detail=str(refused)) from refused
            if refused.in_use:
                raise Permanent(BOX_TAKEN, mac=str(form.get("stb_mac")), detail=str(refused)) from refused
            raise self.rejected(str(refused)) from refused

    async def _order(
        self, method: str, path: str, call: Call, form: Mapping[str, str | list[str]] | None = None
    ) -> Any:
        """The `results`. Errors come with status 200, so only the body says how it went."""
        answer = await self._rest.ask(method, path, call, form=form)
        match answer.body:
            case {"status": "OK", "results": results}:
                return results
            case {"status": "ERROR", "error": error}:
                raise Refused(str(error))
        raise self.bad_answer(f"{method} {path}: status {answer.status}, no answer of the middleware's")
