"""A million invented customers, and how long finding one of them takes.

    python -m bench.customers 1000000 1000

It empties the customers' tables, so it refuses a database that isn't called …bench…."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Any

BATCH = 20_000


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""
    María José Juan Ana Luis Carmen Carlos Laura Pedro Lucía Miguel Elena Jorge Sofía Diego Paula Pablo
    Marta Andrés Rosa Fernando Isabel Ricardo Teresa Álvaro Pilar Javier Beatriz Rubén Noelia Iván Rocío
    Óscar Nuria John Mary James Linda Robert Susan David Karen Richard Nancy Thomas Betty Daniel Helen
    Mark Sandra Paul Donna George Carol Kevin Ruth Brian Sharon Edward Laura Jason Amy Ryan Anna Jacob
    Emma Gary Olivia Eric Jane Stephen
""")
LAST = _words("""
    García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández
    Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez
    Serrano Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias
    Medina Garrido Cortés Castillo Mamani Quispe Flores Condori Choque Vargas Rojas Mendoza Cruz Apaza
    Huanca Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker
    White Roberts Green Hall Wood Jackson Clarke O'Brien
""")
SYLLABLES = _words("""
    ba be bi bo bu ca co cu da de do fa fe ga go la le li lo lu ma me mi mo na ne no pa pe ra re ri ro
    sa
""")
TRADES = _words("""
    Construcciones Transportes Consultores Enterprises Logistics Hoteles Clínica Farmacia Systems Foods
""")


def _surname(rng: random.Random) -> str:
    """Common surnames are common; half the people have a rarer one."""
    if rng.random() < 0.5:
        return LAST[min(int(rng.expovariate(0.06)), len(LAST) - 1)]
    return "".join(rng.choices(SYLLABLES, k=rng.choice((3, 3, 4)))).capitalize()


def _name(rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.08:
        return f"{rng.choice(TRADES)} {_surname(rng)} {rng.choice(('S.A.', 'S.L.', 'Ltd'))}", "business"
    first = FIRST[min(int(rng.expovariate(0.05)), len(FIRST) - 1)]
    if rng.random() < 0.3:
        first = f"{first} {rng.choice(FIRST)}"
    return f"{first} {_surname(rng)} {_surname(rng)}", "individual"


def _people(n: int) -> Iterator[tuple[int, str, str, str, str, Any]]:
    """Id, name, kind, external id, e-mail, phone."""
    from alta.customers.keys import fold
    from alta.customers.rules import PhoneNumber

    rng = random.Random(20260101)
    for id_ in range(1, n + 1):
        name, kind = _name(rng)
        national = f"7{rng.randrange(10**9):09}"
        words = fold(name).split()
        email = f"{words[0]}.{words[-1]}{id_}@{rng.choice(('example.com', 'mail.example', 'correo.example'))}"
        external_id = f"{rng.randrange(10**4):04}-{rng.randrange(16**5):05X}-{id_}"
        yield id_, name, kind, external_id, email, PhoneNumber(f"+44{national}", national)


def fill(connection: Any, n: int) -> float:
    """Replaces all customers by `n` invented ones with their search keys. Gives the seconds it took."""
    from alta.customers.keys import keys_of

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        [database] = cursor.fetchone()
        if "bench" not in database:
            raise SystemExit(f"the database {database} is not for benchmarks")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        # Without the triggers that keep people from emptying the ledger and the log.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE customers_customer CASCADE")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ALTER TABLE customers_searchkey DROP CONSTRAINT IF EXISTS customers_searchkey_pkey")
        cursor.execute(
            "SELECT indexname FROM pg_indexes"
            " WHERE tablename = 'customers_searchkey' AND indexname LIKE '%customer_id%'"
        )
        other_indexes = [name for (name,) in cursor.fetchall()]
        for name in other_indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        people = _people(n)
        while batch := [person for _count, person in zip(range(BATCH), people, strict=False)]:
            _copy(
                cursor,
                "customers_customer"
                " (id, name, kind, external_id, status, tax_id, language, currency, attributes, custom)",
                (
                    f"{i}\t{name}\t{kind}\t{ext}\topen\t\tes\tGBP\t{{}}\t{{}}"
                    for i, name, kind, ext, _e, _p in batch
                ),
            )
            _copy(
                cursor,
                'customers_email (customer_id, address, "primary")',
                (f"{i}\t{email}\tt" for i, _n, _k, _x, email, _p in batch),
            )
            _copy(
                cursor,
                'customers_phone (customer_id, e164, "primary")',
                (f"{i}\t{phone.e164}\tt" for i, _n, _k, _x, _e, phone in batch),
            )
            _copy(
                cursor,
                "customers_searchkey (customer_id, kind, key)",
                (
                    f"{i}\t{key_kind}\t{key}"
                    for i, name, _k, external_id, email, phone in batch
                    for key_kind, key in keys_of(name, external_id, [email], [phone])
                ),
            )
        cursor.execute("ALTER TABLE customers_searchkey ADD PRIMARY KEY (key, customer_id, kind)")
        for name in other_indexes:
            cursor.execute(f'CREATE INDEX "{name}" ON customers_searchkey (customer_id)')
        cursor.execute(
            "VACUUM ANALYZE customers_customer, customers_email, customers_phone, customers_searchkey"
        )
    return time.perf_counter() - began


def _copy(cursor: Any, table: str, lines: Iterator[str]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write("\n".join(lines) + "\n")


def _typed(rng: random.Random, person: tuple[int, str, str, str, str, Any]) -> tuple[str, str]:
    """What somebody who looks for this person may type, and of which kind it is."""
    id_, name, _kind, external_id, email, phone = person
    words = name.split()
    swapped = " ".join(words[1:] + words[:1])
    choices = {
        "one letter": name[0],
        "first word": words[0],
        "beginning": name[: rng.randint(2, len(name))],
        "rotated": swapped[: rng.randint(2, len(swapped))],
        "first and last": f"{words[0]} {words[-1]}",
        "last and first": f"{words[-1]} {words[0]}",
        "two beginnings": f"{words[0][:2]} {words[-1][:3]}",
        "e-mail": email[: rng.randint(3, len(email))],
        "phone": phone.e164,
        "phone spaced": f"+44 {phone.national[:4]} {phone.national[4:]}",
        "phone, first digits": phone.national[: rng.randint(2, 9)],
        "phone, last digits": phone.e164[-rng.randint(4, 7) :],
        "id": str(id_),
        "external id": external_id[: rng.randint(4, len(external_id))],
        "nobody": f"{words[0]}zq {words[-1]}",
        "two that never meet": f"{rng.choice(FIRST)} {rng.choice(FIRST)} zq",
    }
    return rng.choice(list(choices.items()))


def search_p99(n_queries: int) -> dict[str, float]:
    """Milliseconds of `n_queries` searches: median, 99th percentile, slowest, and slowest of each kind."""
    from alta.customers.models import Customer
    from alta.customers.queries import search

    rng = random.Random(7)
    n = Customer.objects.count()
    sample = sorted(rng.sample(range(1, n + 1), n_queries))
    wanted, people = set(sample), _people(n)
    typed = [_typed(rng, person) for person in people if person[0] in wanted]
    rng.shuffle(typed)
    times: list[tuple[float, str, str]] = []
    for kind, text in typed:
        began = time.perf_counter()
        search(text)
        times.append(((time.perf_counter() - began) * 1000, kind, text))
    times.sort()
    result = {
        "median": times[n_queries // 2][0],
        "p99": times[int(n_queries * 0.99)][0],
        "slowest": times[-1][0],
    }
    for milliseconds, kind, text in times:
        result[f"slowest, {kind}"] = milliseconds
        if milliseconds == times[-1][0]:
            print(f"slowest: {kind} «{text}»")
    return {name: round(value, 2) for name, value in result.items()}


if __name__ == "__main__":
    import django

    django.setup()
    from django.db import connection

    print(f"filled in {fill(connection, int(sys.argv[1])):.1f} s")
    for label, value in search_p99(int(sys.argv[2])).items():
        print(f"{label:32} {value:8.2f} ms")
