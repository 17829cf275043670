from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from alta.customers import queries, services
from alta.customers.models import Customer

from .conftest import MakeCustomer


@pytest.fixture
def people(john: Customer, make: MakeCustomer) -> None:
    make("John Doe", emails=["doe@example.com"], phones=["+44 20 7946 0123"])
    make("Johnson Enterprises", kind="business", emails=["office@johnson.example"])
    make("María José García López", phones=["+591 71234567"], external_id="BO-1")
    make("Jane O'Brien", phones=["+1 415 555 0100"])


def names(text: str, limit: int = 20) -> list[str]:
    return [found.name for found in queries.search(text, limit)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("John", ["John Doe", "John Smith", "Johnson Enterprises"]),
        ("jo", ["John Doe", "John Smith", "Johnson Enterprises", "María José García López"]),
        ("JOHN SM", ["John Smith"]),
        ("smith john", ["John Smith"]),
        ("Smith, J", ["John Smith"]),
        ("garcia", ["María José García López"]),
        ("maria garcia", ["María José García López"]),
        ("lópez mar", ["María José García López"]),
        ("obrien", ["Jane O'Brien"]),
        ("o'b", ["Jane O'Brien"]),
        ("john.smith@", ["John Smith"]),
        ("JSMITH@work", ["John Smith"]),
        ("office@johnson.example", ["Johnson Enterprises"]),
        ("7590-vh", ["John Smith"]),
        ("bo-1", ["María José García López"]),
        ("+447700900123", ["John Smith"]),
        ("+44 7700-900 123", ["John Smith"]),
        ("0044 7700 900123", ["John Smith"]),
        ("07700 900123", ["John Smith"]),
        ("7700900123", ["John Smith"]),
        ("(020) 7946", ["John Doe"]),
        ("900123", ["John Smith"]),
        ("0123", ["John Smith", "John Doe"]),
        ("0090", ["John Smith"]),
        ("9460", ["John Doe"]),
        ("7946", ["John Doe"]),
        ("71234567", ["María José García López"]),
        ("smithy", []),
        ("smith garcia", []),
        ("zz zz", []),
        ("%", []),
        ("", []),
        ("   ", []),
        ("\x00", []),
        ("' OR 1=1 --", []),
        ("321009", []),
    ],
)
def test_customers_are_found_as_people_type(people: None, text: str, found: list[str]) -> None:
    assert sorted(names(text)) == sorted(found)


def test_the_exact_id_comes_first(people: None, john: Customer, make: MakeCustomer) -> None:
    other = make("Numbered", external_id=f"{john.pk}-x")
    found = queries.search(str(john.pk))
    assert [hit.id for hit in found[:2]] == [john.pk, other.pk]
    assert (found[0].match, found[1].match) == ("id", "external_id")


def test_what_is_found_says_how_to_recognise_it(people: None, john: Customer) -> None:
    assert queries.search("+44 7700 900123") == [
        queries.Found(
            id=john.pk,
            name="John Smith",
            kind="individual",
            status="open",
            email="john.smith@example.com",
            phone="+447700900123",
            match="phone",
        )
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("smith", "name"),
        ("jsmith@", "email"),
        ("00123", "phone_end"),
        ("0090", "phone_part"),
        ("7590-", "external_id"),
    ],
)
def test_what_is_found_says_by_what(people: None, text: str, match: str) -> None:
    assert {found.match for found in queries.search(text)} == {match}


def test_names_come_in_order_up_to_the_limit(people: None) -> None:
    assert names("john", limit=2) == ["John Doe", "John Smith"]


def test_a_customer_is_found_once_however_many_keys_match(make: MakeCustomer) -> None:
    make("Ana Ana Ana", emails=["ana@x.com", "ana@y.com", "ana@z.com"])
    assert names("ana") == ["Ana Ana Ana"]


def test_many_matches_of_some_do_not_crowd_out_the_others(make: MakeCustomer) -> None:
    for number in range(30):
        make(f"Ana Anabel Anais {number:02}", emails=[f"ana{number}@x.com"])
    assert len(names("ana", limit=20)) == 20


@pytest.mark.parametrize(
    ("text", "statements"), [("john", 1), ("smith john", 1), ("maria garcia", 2), ("", 0)]
)
def test_a_search_takes_two_statements_at_most(
    people: None, text: str, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(statements):
        queries.search(text)


def test_a_search_reads_a_range_of_the_index(people: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT key FROM customers_searchkey WHERE key >= 'a' AND key < 'b' ORDER BY key LIMIT 9"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using customers_searchkey_pkey" in plan
    assert "Sort" not in plan


class AnyNameIsFound(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=12), min_size=1, max_size=4),
        st.randoms(use_true_random=False),
    )
    def test_by_its_words_in_any_order(self, words: list[str], random: object) -> None:
        customer = services.create_customer(name=" ".join(words), actor="ana")
        shuffled = list(words)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert customer.pk in [found.id for found in queries.search(" ".join(shuffled), limit=100)]
