"""FreeRADIUS's tables, as its `sql` module reads them at every request: what is written here holds at once.

`radcheck` has what a user must fulfil, `radreply` what only they get, `radusergroup` their plan, `radgroupreply` what
everybody on a plan gets. None of them has a unique key for a user's attribute, so rows are deleted and written again in one
transaction, under a lock of the user's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from alta.connectors.database import Database

PASSWORD, REJECT, ADDRESS = "Cleartext-Password", "Auth-Type", "Framed-IP-Address"
PLAN, WALLED_GARDEN = 1, 0  # priorities in radusergroup; the lowest is asked first


async def lock(db: Database, kind: str, name: str) -> None:
    """Until the end of the transaction nobody else of Alta changes this user or plan."""
    await db.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('alta.radius.' || %(kind)s || %(name)s, 0))",
        kind=kind,
        name=name,
    )


async def exists(db: Database, username: str) -> bool:
    found = await db.run(
        "SELECT 1 AS there FROM radcheck WHERE username = %(username)s AND attribute = %(attribute)s LIMIT 1",
        username=username,
        attribute=PASSWORD,
    )
    return bool(found)


async def set_check(db: Database, username: str, attribute: str, value: str | SecretStr | None) -> None:
    """The user's only row of that attribute; with None there is none."""
    await _set(db, "radcheck", username, attribute, value)


async def set_reply(db: Database, username: str, attribute: str, value: str | None) -> None:
    await _set(db, "radreply", username, attribute, value)


async def _set(
    db: Database, table: str, username: str, attribute: str, value: str | SecretStr | None
) -> None:
    await db.run(
        f"DELETE FROM {table} WHERE username = %(username)s AND attribute = %(attribute)s",  # noqa: S608
        username=username,
        attribute=attribute,
    )
    if value is not None:
        await db.run(
            f"INSERT INTO {table} (username, attribute, op, value)"  # noqa: S608
            " VALUES (%(username)s, %(attribute)s, ':=', %(value)s)",
            username=username,
            attribute=attribute,
            value=value,
        )


async def set_group(db: Database, username: str, group: str | None, priority: int) -> None:
    """The user's only group of that priority; with None there is none."""
    await db.run(
        "DELETE FROM radusergroup WHERE username = %(username)s AND priority = %(priority)s",
        username=username,
        priority=priority,
    )
    if group is not None:
        await db.run(
            "INSERT INTO radusergroup (username, groupname, priority)"
            " VALUES (%(username)s, %(group)s, %(priority)s)",
            username=username,
            group=group,
            priority=priority,
        )


async def attributes_of(db: Database, group: str) -> dict[str, str]:
    rows = await db.run("SELECT attribute, value FROM radgroupreply WHERE groupname = %(group)s", group=group)
    return {row["attribute"]: row["value"] for row in rows}


async def set_attributes(db: Database, group: str, attributes: Mapping[str, str]) -> None:
    """The plan gives exactly these attributes from now on; nothing is written where it does already."""
    await lock(db, "group", group)
    if await attributes_of(db, group) == dict(attributes):
        return
    await db.run("DELETE FROM radgroupreply WHERE groupname = %(group)s", group=group)
    for name, value in attributes.items():
        await db.run(
            "INSERT INTO radgroupreply (groupname, attribute, op, value)"
            " VALUES (%(group)s, %(name)s, ':=', %(value)s)",
            group=group,
            name=name,
            value=value,
        )


async def delete(db: Database, username: str) -> None:
    for table in ("radcheck", "radreply", "radusergroup"):
        await db.run(f"DELETE FROM {table} WHERE username = %(username)s", username=username)  # noqa: S608


async def state(db: Database, username: str) -> dict[str, Any]:
    """What is known of a user, their password left out."""
    [row] = await db.run(
        "SELECT EXISTS (SELECT FROM radcheck WHERE username = %(username)s AND attribute = %(password)s)"
        " AS exists,"
        " EXISTS (SELECT FROM radcheck WHERE username = %(username)s AND attribute = %(reject)s"
        " AND value = 'Reject') AS rejected,"
        " (SELECT groupname FROM radusergroup WHERE username = %(username)s AND priority = %(plan)s LIMIT 1)"
        " AS plan,"
        " (SELECT groupname FROM radusergroup WHERE username = %(username)s AND priority = %(garden)s LIMIT 1)"
        " AS walled_garden,"
        " (SELECT value FROM radreply WHERE username = %(username)s AND attribute = %(address)s LIMIT 1)"
        " AS address,"
        " (SELECT count(*) FROM radacct WHERE username = %(username)s AND acctstoptime IS NULL) AS sessions",
        username=username,
        password=PASSWORD,
        reject=REJECT,
        address=ADDRESS,
        plan=PLAN,
        garden=WALLED_GARDEN,
    )
    return row


async def open_sessions(db: Database, username: str) -> list[tuple[str, str]]:
    """Address of the access server and number, of each session that is open."""
    rows = await db.run(
        "SELECT DISTINCT host(nasipaddress) AS nas, acctsessionid AS session FROM radacct"
        " WHERE username = %(username)s AND acctstoptime IS NULL ORDER BY 1, 2",
        username=username,
    )
    return [(row["nas"], row["session"]) for row in rows]
