from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from django.db import connections
from ruamel.yaml import YAML

from alta.audit.models import Entry
from alta.playbooks.language import json_schema
from alta.playbooks.models import PlaybookVersion
from alta.playbooks.queries import current_version
from alta.playbooks.reader import PlaybookMistake
from alta.playbooks.services import LIBRARY, publish, publish_library

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "docs" / "playbook.schema.json"


def text(say: str = "x") -> str:
    return (
        "playbook: test\ntitle: {es: x, en: x}\n"
        f"tasks: [{{id: a, title: {{es: x, en: x}}, do: lab.ask, with: {{say: {say}}}}}]\n"
    )


@pytest.mark.django_db
def test_publishing_freezes_the_text_with_its_hash() -> None:
    version = publish(text(), "ana", NOW)
    stored = PlaybookVersion.objects.get()
    assert (stored.name, stored.version, stored.text, stored.published_by, stored.published_at) == (
        "test",
        1,
        text(),
        "ana",
        NOW,
    )
    assert stored.digest == hashlib.sha256(text().encode()).hexdigest()
    assert Entry.objects.get().detail == {"name": "test", "version": 1, "digest": version.digest}


@pytest.mark.django_db
def test_the_same_text_is_the_same_version_and_another_text_the_next() -> None:
    first = publish(text("x"), "ana", NOW)
    assert publish(text("x"), "eva", NOW) == first
    second = publish(text("y"), "ana", NOW)
    assert (second.version, current_version("test")) == (2, second)
    assert publish(text("x"), "ana", NOW).version == 3  # back to the old text is a change too
    first.refresh_from_db()
    assert first.text == text("x")


@pytest.mark.django_db
def test_a_text_with_mistakes_is_not_published() -> None:
    with pytest.raises(PlaybookMistake) as mistake:
        publish(text().replace("lab.ask", "no.such"), "ana", NOW)
    assert str(mistake.value) == "line 3, column 40: there is no action called `no.such`"
    assert not PlaybookVersion.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_racing_publishers_get_versions_without_gaps_or_doubles() -> None:
    barrier = threading.Barrier(8)
    failures: list[Exception] = []

    def publish_some(number: int) -> None:
        barrier.wait()
        try:
            for say in range(4):
                publish(text(f"t{number}_{say}"), "ana", NOW)
                publish(text("same"), "ana", NOW)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=publish_some, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    versions = list(PlaybookVersion.objects.order_by("version").values_list("version", "digest"))
    assert [version for version, _ in versions] == list(range(1, len(versions) + 1))
    assert all(one[1] != other[1] for one, other in pairwise(versions))
    assert len(versions) >= 33


@pytest.mark.django_db
def test_the_library_is_published_once() -> None:
    first = publish_library("ana", NOW)
    assert [version.version for version in first] == [1] * len(list(LIBRARY.glob("*.yaml")))
    assert publish_library("ana", NOW) == first


def test_the_committed_schema_is_the_one_of_the_language() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()


def test_the_schema_is_valid_and_accepts_the_library() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in LIBRARY.glob("*.yaml"):
        validator.validate(YAML(typ="safe", pure=True).load(path.read_text()))


@pytest.mark.parametrize(
    "change",
    [
        ("do: lab.ask", "colour: red"),
        ("id: a", "id: A"),
        ("do: lab.ask", "do: lab.ask, timeout: fast"),
        ("test", "T"),
    ],
)
def test_the_schema_refuses_what_the_language_refuses(change: tuple[str, str]) -> None:
    wrong = YAML(typ="safe", pure=True).load(text().replace(*change, 1))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json_schema())
