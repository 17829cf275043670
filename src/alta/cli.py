"""The command line: `alta --help`. The commands are in `alta.commands`, each imported only when it runs."""

from __future__ import annotations

import importlib
import sys
from argparse import REMAINDER, ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Sequence

from alta import __version__
from alta.commands.doubles import DOUBLES


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="alta", description="From the sale of a telecom service to the moment it works."
    )
    parser.add_argument("--version", action="version", version=f"alta {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: str, help: str, under=commands) -> ArgumentParser:  # type: ignore[no-untyped-def]
        command: ArgumentParser = under.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    def group(name: str, help: str):  # type: ignore[no-untyped-def]
        return commands.add_parser(name, help=help, description=help).add_subparsers(
            metavar="COMMAND", required=True
        )

    demo = add(
        "demo", "alta.demo.supervisor:demo", "everything at once, with demo data and simulated networks"
    )
    demo.add_argument("--port", type=int, default=8000)

    serve = add("serve", "alta.commands.servers:serve", "the web server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)

    worker = add("worker", "alta.commands.servers:worker", "a worker; start as many as you like")
    worker.add_argument("--jobs", type=int, default=400, help="jobs under way at once (400)")

    add("migrate", "alta.commands.servers:migrate", "create or update the tables")
    add("check", "alta.commands.check:check", "say what is missing before Alta can work")

    playbook = group("playbook", "check and publish playbooks")
    for name, help in (
        ("check", "print every mistake as FILE:LINE:COLUMN; needs no database"),
        ("publish", "publish as new versions; a file with mistakes is not published"),
    ):
        add(name, f"alta.commands.playbooks:{name}", help, playbook).add_argument(
            "files", nargs="+", metavar="FILE"
        )
    add("schema", "alta.commands.playbooks:schema", "print the language as JSON Schema", playbook)

    imports = group("import", "bring data in")
    customers = add(
        "customers",
        "alta.commands.customers:import_",
        "customers of a CSV file; bad lines are named",
        imports,
    )
    customers.add_argument("file", metavar="FILE")
    customers.add_argument("--region", help="country of phone numbers without +, such as GB or BO")

    assign = add("assign", "alta.commands.assign:assign", "assign a product to a customer")
    assign.add_argument("--customer", type=int, required=True, metavar="ID")
    assign.add_argument("--product", required=True, metavar="SLUG")
    assign.add_argument(
        "--item",
        action="append",
        default=[],
        metavar="NAME=IDENTIFIER",
        help="a piece of stock, as in sim=SIM-00123; once for each that the product takes",
    )
    assign.add_argument("--renew", action=BooleanOptionalAction, help="whether the service renews itself")
    assign.add_argument("--wait", action="store_true", help="follow the provisioning until it ends")

    user = group("user", "people who sign in")
    create = add("create", "alta.commands.users:create", "create one; asks for the password", user)
    create.add_argument("name", metavar="NAME")
    create.add_argument("--password-file", metavar="FILE", help="read the password from here")
    create.add_argument("--language", choices=["es", "en"], default="")
    create.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE",
        help="agent, supervisor, stock_keeper, engineer or administrator; once for each role",
    )
    create.add_argument("--admin", action="store_true", help="may do everything")

    key = group("api-key", "keys of programs")
    create_key = add("create", "alta.commands.users:create_key", "create one and print it, once", key)
    create_key.add_argument("--user", required=True, metavar="NAME", help="in whose name the program acts")
    create_key.add_argument("--name", required=True, metavar="TEXT", help="what the key is for")
    create_key.add_argument("--days", type=int, default=365, help="how long it is valid (365)")

    double = add("double", "alta.commands.doubles:double", "a simulated system, such as an OCS")
    double.add_argument("system", choices=sorted(DOUBLES))
    double.add_argument("arguments", nargs=REMAINDER, help="as the double's own --help says")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: done; 1: done, and it came out badly; 2: could not be done."""
    options = _parser().parse_args(arguments)
    module, _, function = options.run.partition(":")
    try:
        return _run(module, function, options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _run(module: str, function: str, options: Namespace) -> int:
    from alta.commands.environment import Mistake
    from alta.postgres import EmbeddedPostgresError

    try:
        return int(getattr(importlib.import_module(module), function)(options))
    except (Mistake, EmbeddedPostgresError) as mistake:
        sentence = str(mistake)
    except Exception as error:
        sentence = _expected(error)
        if not sentence:
            raise
    print(sentence, file=sys.stderr)
    return 2


def _expected(error: Exception) -> str:
    """The sentence for what may well happen; empty for a mistake in Alta."""
    from django.db.utils import OperationalError, ProgrammingError

    from alta.refusal import Refusal

    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, ProgrammingError) and "does not exist" in str(error):
        return "The database has no tables of this version yet: run `alta migrate`."
    if isinstance(error, OperationalError):
        return f"The database can't be reached: {str(error).strip().splitlines()[0]}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
