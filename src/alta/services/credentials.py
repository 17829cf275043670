"""A service's own credentials, such as the password of an internet access: made up by Alta, and kept sealed.

Nobody types them and no screen, log or job holds them; playbooks read them as `service.secrets.<name>`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping

from django.db import transaction
from pydantic import SecretStr

from alta.playbooks.language import Secret
from alta.sealing import keys_for
from alta.services.models import Service

PURPOSE = b"alta service secrets"
# Without what people confuse when they read it aloud: 0 and O, 1, l and I.
CHARACTERS = {
    "letters_and_digits": "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789",
    "digits": "0123456789",
    "hexadecimal": "0123456789abcdef",
}


def secrets_of_service(service_id: int) -> dict[str, SecretStr]:
    """The credentials that the service has, by name."""
    return _unseal(Service.objects.values_list("secrets", flat=True).get(pk=service_id))


@transaction.atomic
def make_up_missing(service_ids: Iterable[int], wanted: Mapping[str, Secret]) -> None:
    """Gives each service the credentials that it hasn't got yet. Those that it has stay what they are."""
    if not wanted:
        return
    changed = []
    for service in Service.objects.select_for_update().filter(pk__in=list(service_ids)).order_by("pk"):
        known = _unseal(service.secrets)
        if missing := {name: _make_up(spec) for name, spec in wanted.items() if name not in known}:
            service.secrets = _seal(known | missing)
            changed.append(service)
    Service.objects.bulk_update(changed, ["secrets"])


def _make_up(spec: Secret) -> SecretStr:
    return SecretStr("".join(secrets.choice(CHARACTERS[spec.characters]) for _ in range(spec.length)))


def _seal(known: Mapping[str, SecretStr]) -> bytes:
    plain = {name: secret.get_secret_value() for name, secret in known.items()}
    return keys_for(PURPOSE).encrypt(json.dumps(plain).encode())


def _unseal(sealed: bytes | memoryview | None) -> dict[str, SecretStr]:
    if sealed is None:
        return {}
    opened = json.loads(keys_for(PURPOSE).decrypt(bytes(sealed)))
    return {name: SecretStr(value) for name, value in opened.items()}
