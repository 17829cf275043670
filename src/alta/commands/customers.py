"""`alta import customers`."""

from __future__ import annotations

from argparse import Namespace

from alta.commands.environment import actor, database


def import_(options: Namespace) -> int:
    """Imports a CSV file. Lines that are refused are named; the others are kept."""
    with database():
        from alta.customers.importer import import_customers

        report = import_customers(options.file, region=options.region, actor=actor())
        print(f"created    {report.created}")
        print(f"updated    {report.updated}")
        print(f"unchanged  {report.unchanged}")
        print(f"refused    {report.refused_count}")
        for line in report.refused:
            print(f"{options.file}:{line.line}: {line.reason}")
        if unnamed := report.refused_count - len(report.refused):
            print(f"… and {unnamed} more")
    return 1 if report.refused_count else 0
