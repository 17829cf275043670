from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from alta.audit.log import entries_about
from alta.audit.models import Entry
from alta.customers import importer, queries, services
from alta.customers.importer import Report, import_customers
from alta.customers.models import Customer, Email, PaymentMethod, Phone, SearchKey
from alta.refusal import Refusal

TELCO_HEADER = (
    "customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,"
    "OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,"
    "PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn"
)
TELCO_ROWS = [
    "7590-VHVEG,Female,0,Yes,No,1,No,No phone service,DSL,No,Yes,No,No,No,No,Month-to-month,Yes,"
    "Electronic check,29.85,29.85,No",
    "5575-GNVDE,Male,0,No,No,34,Yes,No,DSL,Yes,No,Yes,No,No,No,One year,No,Mailed check,56.95,1889.5,No",
    "4472-LVYGI,Female,0,Yes,Yes,0,No,No phone service,DSL,Yes,No,Yes,Yes,Yes,No,Two year,Yes,"
    "Bank transfer (automatic),52.55, ,No",
]
HEADER = "external_id,name,kind,email,phone,language,currency,segment"
JOHN = "C-1,John Smith,individual,John@Example.com,+44 7700 900123,en,GBP,gold"
ACME = "C-2,ACME S.A.,business,office@acme.example,+591 71234567,es,BOB,"

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(*lines: str | bytes, end: bytes = b"\n") -> Path:
        path = tmp_path / "customers.csv"
        path.write_bytes(b"".join((x if isinstance(x, bytes) else x.encode()) + end for x in lines))
        return path

    return write


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.refused_count


def snapshot() -> list[list[dict[str, Any]]]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Customer, Email, Phone, PaymentMethod, SearchKey, Entry)
    ]


def test_the_public_churn_set_is_read_with_plainly_invented_names(file: Any) -> None:
    report = import_customers(file(TELCO_HEADER, *TELCO_ROWS))
    assert counts(report) == (3, 0, 0, 0)
    customer = Customer.objects.get(external_id="7590-VHVEG")
    assert (customer.name, customer.kind, customer.status) == ("Cliente 7590-VHVEG", "individual", "open")
    assert customer.attributes["InternetService"] == "DSL"
    assert customer.attributes["MonthlyCharges"] == "29.85"
    assert "customerID" not in customer.attributes
    assert "TotalCharges" not in Customer.objects.get(external_id="4472-LVYGI").attributes
    [method] = customer.payment_methods.all()
    assert (method.provider, method.token, method.brand, method.is_default) == (
        "imported",
        "7590-VHVEG",
        "Electronic check",
        True,
    )
    assert [found.name for found in queries.search("7590-vh")] == ["Cliente 7590-VHVEG"]
    assert [found.name for found in queries.search("vhveg")] == ["Cliente 7590-VHVEG"]


def test_a_plain_file_brings_names_and_contacts(file: Any) -> None:
    assert counts(import_customers(file(HEADER, JOHN, ACME))) == (2, 0, 0, 0)
    john = Customer.objects.get(external_id="C-1")
    assert (john.name, john.kind, john.language, john.currency) == ("John Smith", "individual", "en", "GBP")
    assert john.attributes == {"segment": "gold"}
    assert [found.id for found in queries.search("smith john")] == [john.pk]
    assert [found.id for found in queries.search("07700 900123")] == [john.pk]
    assert [found.email for found in queries.search("john@ex")] == ["john@example.com"]
    acme = Customer.objects.get(external_id="C-2")
    assert (acme.kind, acme.currency, acme.attributes) == ("business", "BOB", {})


@pytest.mark.parametrize("lines", [[TELCO_HEADER, *TELCO_ROWS], [HEADER, JOHN, ACME]])
def test_the_same_file_again_changes_nothing_and_says_so(file: Any, lines: list[str]) -> None:
    path = file(*lines)
    first = import_customers(path)
    before = snapshot()
    again = import_customers(path)
    assert counts(again) == (0, 0, first.created, 0)
    assert again.changed_nothing
    assert not first.changed_nothing
    assert snapshot() == before


def test_a_changed_line_changes_that_customer_only(file: Any) -> None:
    import_customers(file(HEADER, JOHN, ACME))
    acme = list(Customer.objects.filter(external_id="C-2").values())
    changed = "C-1,John Taylor,,new@example.com,+44 7700 900456,,,silver"
    assert counts(import_customers(file(HEADER, changed, ACME), actor="eva")) == (0, 1, 1, 0)
    john = Customer.objects.get(external_id="C-1")
    assert (john.name, john.kind, john.language, john.attributes) == (
        "John Taylor",
        "individual",
        "en",
        {"segment": "silver"},
    )
    assert set(john.emails.values_list("address", "primary")) == {
        ("new@example.com", True),
        ("john@example.com", False),
    }
    assert set(john.phones.values_list("e164", "primary")) == {
        ("+447700900456", True),
        ("+447700900123", False),
    }
    assert queries.search("smith") == []
    assert [found.id for found in queries.search("taylor john")] == [john.pk]
    assert len(queries.search("john@example")) == 1
    assert list(Customer.objects.filter(external_id="C-2").values()) == acme
    newest = entries_about(john)[0]
    assert (newest.actor, newest.action) == ("eva", "customer.changed")
    assert newest.detail == {"file": "customers.csv", "line": 2}


def test_an_import_leaves_status_and_default_payment_method_alone(file: Any) -> None:
    import_customers(file(HEADER, JOHN))
    john = Customer.objects.get(external_id="C-1")
    card = services.add_payment_method(john.pk, provider="stripe", token="t", actor="ana")
    services.change_status(john.pk, services.Status.SUSPENDED, actor="ana")
    created_at = john.created_at
    import_customers(file("id,name,Payment Method", "C-1,Johnny Smith,Mailed check"))
    john.refresh_from_db()
    assert (john.name, john.status, john.created_at) == ("Johnny Smith", "suspended", created_at)
    assert john.attributes == {"segment": "gold"}
    assert list(john.payment_methods.filter(is_default=True)) == [card]
    assert john.payment_methods.count() == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",Eva,,,,,,", "customer.import.id_missing"),
        ("C-1,Eva,,,,,,", "customer.import.id_twice"),
        ("C-3,Eva", "customer.import.columns"),
        ("C-3,Eva,,,,,,,,,", "customer.import.columns"),
        ("C-3,Eva,robot,,,,,", "customer.import.choice"),
        ("C-3,Eva,,,,klingon,,", "customer.import.choice"),
        ("C-3,Eva,,,,,pounds,", "customer.import.choice"),
        ("C-3,Eva,,not an address,,,,", "customer.email.malformed"),
        ("C-3,Eva,,,900123,,,", "customer.phone.malformed"),
        (f"C-3,{'x' * 201},,,,,,", "customer.import.too_long"),
        (f"{'x' * 65},Eva,,,,,,", "customer.import.too_long"),
        ('C-3,"Eva,,,,,,', "customer.import.unreadable_row"),
        ('C-3,"Eva"x,,,,,,', "customer.import.unreadable_row"),
        (f"C-3,{'x' * 200_000},,,,,,", "customer.import.unreadable_row"),
        (b"C-3,Jos\xe9,,,,,,", "customer.import.encoding"),
        (b"C-3,E\x00va,,,,,,", "customer.import.encoding"),
    ],
)
def test_a_bad_line_stays_out_and_the_others_go_in(file: Any, line: str | bytes, code: str) -> None:
    report = import_customers(file(HEADER, JOHN, line, ACME))
    assert counts(report) == (2, 0, 0, 1)
    [refused] = report.refused
    assert (refused.line, refused.code) == (3, code)
    with translation.override("en"):
        assert str(refused.reason)
    assert set(Customer.objects.values_list("external_id", "name")) == {
        ("C-1", "John Smith"),
        ("C-2", "ACME S.A."),
    }
    assert Email.objects.count() == Phone.objects.count() == 2


@pytest.mark.parametrize("value", ["abc", "-1", "NaN", "Infinity", "1,5"])
def test_a_charge_that_is_no_amount_is_refused(file: Any, value: str) -> None:
    report = import_customers(file("customerID,MonthlyCharges", f'A-1,"{value}"', "A-2,10.5"))
    assert [(refused.line, refused.code, refused.params) for refused in report.refused] == [
        (2, "customer.import.number", {"column": "MonthlyCharges", "value": value})
    ]
    assert Customer.objects.get().external_id == "A-2"


def test_a_duplicate_names_the_line_that_came_first(file: Any) -> None:
    [refused] = import_customers(file(HEADER, ACME, JOHN, JOHN)).refused
    assert (refused.line, refused.params) == (4, {"external_id": "C-1", "line": 3})


def test_a_refused_first_line_does_not_bar_a_good_one_of_the_same_id(file: Any) -> None:
    report = import_customers(file(HEADER, "C-1,John,robot,,,,,", JOHN))
    assert counts(report) == (1, 0, 0, 1)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_byte_order_mark_line_ends_and_empty_lines_do_not_matter(file: Any, end: bytes) -> None:
    path = file(b"\xef\xbb\xbf" + HEADER.encode(), "", JOHN, ",,,,,,,", end=end)
    assert counts(import_customers(path)) == (1, 0, 0, 0)


def test_batches_add_up(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH", 3)
    path = file("id,name", *[f"C-{n},Name {n}" for n in range(10)])
    assert counts(import_customers(path)) == (10, 0, 0, 0)
    assert counts(import_customers(path)) == (0, 0, 10, 0)


def test_of_very_many_refused_lines_the_first_are_kept(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "MOST_REFUSED_KEPT", 2)
    report = import_customers(file("id,name", *[",x"] * 5))
    assert (report.refused_count, [refused.line for refused in report.refused]) == (5, [2, 3])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "customer.import.header"),
        (["name,email", "Eva,eva@x.com"], "customer.import.header"),
        (["external_id,,name", "1,2,3"], "customer.import.header"),
        (["customerID,id,name", "1,2,3"], "customer.import.column_twice"),
        ([HEADER.encode("utf-16"), JOHN.encode("utf-16")], "customer.import.header"),
    ],
)
def test_a_file_without_usable_columns_is_refused(file: Any, lines: list[str | bytes], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        import_customers(file(*lines))
    assert refusal.value.code == code
    assert not Customer.objects.exists()


def test_a_file_that_is_too_large_or_missing_is_refused(
    file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "LARGEST_FILE", 10)
    with pytest.raises(Refusal) as refusal:
        import_customers(file(HEADER, JOHN))
    assert refusal.value.code == "customer.import.too_large"
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(Refusal) as refusal:
            import_customers(path)
        assert refusal.value.code == "customer.import.unreadable"
    assert not Customer.objects.exists()
