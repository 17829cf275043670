"""The connector of the online charging system (CGRateS)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.conf import settings as django_settings
from django.utils.translation import gettext, override
from pydantic import Field, SecretStr

from alta.connectors.contract import (
    OVERLOADED,
    Call,
    Connector,
    ConnectorError,
    ConnectorSettings,
    Done,
    Health,
    Permanent,
    Transient,
    action,
)
from alta.connectors.ocs import models as m
from alta.connectors.ocs.client import BadStatus, EngineClient, EngineRefused, Nonsense

HEALTH_SECONDS = 4.0
NOT_FOUND = "NOT_FOUND"
UNKNOWN_PLAN = "SERVER_ERROR: NOT_FOUND"
NOT_ALL_DONE = "PARTIALLY_EXECUTED"


def _(reason: str) -> str:
    """Marks a reason for the translators. It is translated when it is given, in the language of the call."""
    return reason


NO_ACCOUNT = _("it has no account {account}; create it first")
NO_SUCH_PLAN = _("one of these action plans does not exist there: {plans}")
NO_SUCH_ACTION = _("it has no action {action}")
NOT_KEPT = _("it did not keep the settings of account {account}")
NOT_AUTHORIZED = _("it does not accept our user and password")


class OcsSettings(ConnectorSettings):
    """Where the engine answers, and as whom we ask it. A `url` without a path gets `/jsonrpc`."""

    url: str = Field(pattern=r"^https?://[^/\s]+")
    tenant: str = "cgrates.org"
    username: SecretStr | None = None
    password: SecretStr | None = None


class Ocs(Connector):
    name = "ocs"
    title = "OCS"
    Settings = OcsSettings
    settings: OcsSettings

    def __init__(self, settings: OcsSettings) -> None:
        super().__init__(settings)
        auth = None
        if settings.username is not None:
            password = settings.password.get_secret_value() if settings.password else ""
            auth = (settings.username.get_secret_value(), password)
        self._client = EngineClient(settings.url, auth, settings.concurrency)

    async def close(self) -> None:
        await self._client.close()

    async def health(self) -> Health:
        started = time.perf_counter()
        try:
            pong = await self._ask("CoreSv1.Ping", {}, Call(key="health", timeout=HEALTH_SECONDS))
        except ConnectorError as error:
            return Health(False, str(error))
        milliseconds = (time.perf_counter() - started) * 1000
        return Health(pong == "Pong", f"CoreSv1.Ping: {pong}", milliseconds)

    @action()
    async def set_account(self, params: m.SetAccountParams, call: Call) -> m.Account:
        """Creates an account or changes it to what is given, and reads it back.

        `disabled` suspends: no session is granted any more, balances stay. `action_plans` are attached in
        place of those that the account has; left empty, those it has stay. Plans are sent only when they
        differ from the attached ones, because the engine runs their `*asap` actions at every repetition.

        Fails for good when a plan does not exist (the account is then not created). Idempotent: it states
        what shall be.
        """
        request: dict[str, Any] = {
            "Account": params.account,
            "ExtraOptions": {"AllowNegative": params.allow_negative, "Disabled": params.disabled},
            # Engines older than ExtraOptions look here; the others ignore it.
            "AllowNegative": params.allow_negative,
            "Disabled": params.disabled,
            "ReloadScheduler": True,
        }
        if params.action_plans and await self._plans(params.account, call) != set(params.action_plans):
            request |= {"ActionPlanIDs": params.action_plans, "ActionPlansOverwrite": True}
        try:
            await self._order("ApierV2.SetAccount", request, call)
        except EngineRefused as refused:
            if str(refused) == UNKNOWN_PLAN:
                raise self._no(call, refused, NO_SUCH_PLAN, plans=", ".join(params.action_plans)) from refused
            raise self._refused(refused) from refused
        account = await self._account(params.account, call)
        if (account.disabled, account.allow_negative) != (params.disabled, params.allow_negative):
            raise self._no(call, "read back", NOT_KEPT, account=params.account)
        return account

    @action()
    async def open_account(self, params: m.OpenAccountParams, call: Call) -> m.Account:
        """Everything a new subscriber needs: the account, its first balances, and, with `imsi`, the profile that makes the
        SIM's traffic count for it. Reads the account back.

        Data in bytes, voice in nanoseconds, SMS in messages, money in currency units. Idempotent: it states what shall be.
        """
        await self.set_account(m.SetAccountParams(account=params.account), call)
        for balance in params.balances:
            request = {"Account": params.account} | balance.wire(balance.id)
            await self._ask("ApierV1.SetBalance", request, call)
        if params.imsi is not None:
            profile = m.SetAttributeProfileParams(imsi=params.imsi, msisdn=params.account)
            await self.set_attribute_profile(profile, call)
        return await self._account(params.account, call)

    @action()
    async def close_account(self, params: m.CloseAccountParams, call: Call) -> Done:
        """Takes `open_account` back: the SIM's profile, then the account. Idempotent: what is already gone is fine."""
        if params.imsi is not None:
            await self.remove_attribute_profile(m.RemoveAttributeProfileParams(imsi=params.imsi), call)
        return await self.remove_account(m.AccountParams(account=params.account), call)

    @action(read_only=True)
    async def get_account(self, params: m.AccountParams, call: Call) -> m.Account:
        """Reads an account and its balances.

        Data in bytes, voice in nanoseconds, SMS in messages, money in currency units. Fails for good when
        there is no such account. Changes nothing.
        """
        return await self._account(params.account, call)

    @action()
    async def remove_account(self, params: m.AccountParams, call: Call) -> Done:
        """Removes an account with its balances and plans. Idempotent: one that is already gone is fine."""
        await self._ask("ApierV1.RemoveAccount", {"Account": params.account, "ReloadScheduler": True}, call)
        return Done()

    @action()
    async def set_balance(self, params: m.SetBalanceParams, call: Call) -> m.BalanceRef:
        """Sets the balance `id` of an account to `value`, with expiry and weight; makes it if missing.

        Data in bytes, voice in nanoseconds, SMS in messages, money in currency units. Fails for good when
        there is no such account. Idempotent: a repetition sets the same value again, so what was used in
        between is given back.
        """
        await self._account(params.account, call)  # the engine would create it
        await self._ask("ApierV1.SetBalance", {"Account": params.account} | params.wire(params.id), call)
        return m.BalanceRef(account=params.account, type=params.type, id=params.id)

    @action()
    async def add_balance(self, params: m.AddBalanceParams, call: Call) -> m.BalanceRef:
        """Gives an account one more balance, for a top-up or a boost, beside those that it has.

        Data in bytes, voice in nanoseconds, SMS in messages, money in currency units. Fails for good when
        there is no such account. Without `id` the balance is named after the task. Idempotent: a repetition
        finds the task's balance and leaves it, used up or not; with an `id` of your own the balance is
        reset to `value` (its expiry stays).
        """
        account = await self._account(params.account, call)  # the engine would create it
        balance_id = params.id or f"ALTA_{call.key}"
        if params.id is not None or not account.has(params.type, balance_id):
            request = {"Account": params.account, "Overwrite": True} | params.wire(balance_id)
            await self._ask("ApierV1.AddBalance", request, call)
        return m.BalanceRef(account=params.account, type=params.type, id=balance_id)

    @action()
    async def remove_balance(self, params: m.RemoveBalanceParams, call: Call) -> Done:
        """Removes the balance `id` of an account. Idempotent: balance or account already gone is fine."""
        balance = {"BalanceType": f"*{params.type}", "Balance": {"ID": params.id}}
        try:
            await self._order("ApierV1.RemoveBalances", {"Account": params.account} | balance, call)
        except EngineRefused as refused:
            if str(refused) not in (NOT_FOUND, NOT_ALL_DONE) or await self._has(params, call):
                raise self._refused(refused) from refused
        return Done()

    @action()
    async def execute_action(self, params: m.ExecuteActionParams, call: Call) -> m.Account:
        """Runs an action set of the engine on an account, and reads the account back.

        Use it only with actions that may run twice, such as `*topup_reset`: a set with `*topup` adds again
        when the task is repeated. Fails for good when the account or the action is missing. As idempotent
        as the actions are.
        """
        await self._account(params.account, call)  # the engine would create it
        try:
            await self._order(
                "ApierV1.ExecuteAction", {"Account": params.account, "ActionsId": params.action}, call
            )
        except EngineRefused as refused:
            if str(refused) == NOT_FOUND:
                raise self._no(call, refused, NO_SUCH_ACTION, action=params.action) from refused
            raise self._refused(refused) from refused
        return await self._account(params.account, call)

    @action()
    async def set_attribute_profile(
        self, params: m.SetAttributeProfileParams, call: Call
    ) -> m.AttributeProfile:
        """Makes the traffic of a SIM (`imsi`) count for the account of a number (`msisdn`).

        There is one profile for a SIM, so a change of number replaces the old one. Idempotent: it states
        what shall be.
        """
        profile = {
            "ID": _profile_id(params.imsi),
            "Contexts": ["*any"],
            "FilterIDs": [f"*string:~*req.Account:{params.imsi}"],
            "Attributes": [
                {"FilterIDs": [], "Path": "*req.Account", "Type": "*constant", "Value": params.msisdn}
            ],
            "Blocker": False,
            "Weight": 20,
        }
        await self._ask("APIerSv2.SetAttributeProfile", profile, call)
        return m.AttributeProfile(id=profile["ID"])

    @action()
    async def remove_attribute_profile(self, params: m.RemoveAttributeProfileParams, call: Call) -> Done:
        """Ends what `set_attribute_profile` began for a SIM. Idempotent: a profile already gone is fine."""
        try:
            await self._order("APIerSv1.RemoveAttributeProfile", {"ID": _profile_id(params.imsi)}, call)
        except EngineRefused as refused:
            if str(refused) != NOT_FOUND:
                raise self._refused(refused) from refused
        return Done()

    async def _account(self, account: str, call: Call) -> m.Account:
        try:
            wire = await self._order("ApierV2.GetAccount", {"Account": account}, call)
        except EngineRefused as refused:
            if str(refused) == NOT_FOUND:
                raise self._no(call, refused, NO_ACCOUNT, account=account) from refused
            raise self._refused(refused) from refused
        with self._sensible():
            return m.read_account(account, wire)

    async def _has(self, params: m.RemoveBalanceParams, call: Call) -> bool:
        found = await self._ask("ApierV2.GetAccounts", {"AccountIDs": [params.account]}, call)
        with self._sensible():
            return any(m.read_account(params.account, each).has(params.type, params.id) for each in found)

    async def _plans(self, account: str, call: Call) -> set[str]:
        timings = await self._ask("ApierV1.GetAccountActionPlan", {"Account": account}, call)
        with self._sensible():
            return {timing["ActionPlanId"] for timing in timings}

    @contextmanager
    def _sensible(self) -> Iterator[None]:
        """Around the reading of a result, which may have any shape."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self.bad_answer(f"result of another shape: {error!r}") from error

    async def _ask(self, method: str, argument: dict[str, Any], call: Call) -> Any:
        """Asks the engine; whatever goes wrong is an error for the runner."""
        try:
            return await self._order(method, argument, call)
        except EngineRefused as refused:
            raise self._refused(refused) from refused

    async def _order(self, method: str, argument: dict[str, Any], call: Call) -> Any:
        """Asks the engine; lets its refusal through for those who know what it means."""
        try:
            return await self._client.ask(method, {"Tenant": self.settings.tenant} | argument, call)
        except httpx.TimeoutException as error:
            raise self.timed_out(repr(error)) from error
        except httpx.TransportError as error:
            raise self.unreachable(repr(error)) from error
        except (httpx.HTTPError, Nonsense) as error:
            raise self.bad_answer(repr(error)) from error
        except BadStatus as error:
            raise self._status(error, call) from error

    def _status(self, error: BadStatus, call: Call) -> ConnectorError:
        if error.status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
            return Transient(OVERLOADED, detail=str(error), system=self.title)
        if error.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return self.bad_answer(str(error))
        if error.status == httpx.codes.UNAUTHORIZED:
            return self._no(call, error, NOT_AUTHORIZED)
        return self.rejected(str(error))

    def _refused(self, refused: EngineRefused) -> ConnectorError:
        """The engine's own errors may pass; what it says about our request won't change."""
        text = str(refused)
        if text.startswith("SERVER_ERROR") and text != UNKNOWN_PLAN:
            return self.bad_answer(text)
        return self.rejected(text, detail=text)

    def _no(self, call: Call, detail: object, reason: str, **values: str) -> Permanent:
        """A refusal with a reason for people, in the language of the call."""
        if django_settings.configured:
            with override(call.language):
                reason = gettext(reason)
        return self.rejected(reason.format(**values), detail=str(detail))


def _profile_id(imsi: str) -> str:
    return f"ATTR_{imsi}"
