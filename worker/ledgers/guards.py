"""Keeps events as they were written: the database itself refuses to change or to remove one."""

from sqlalchemy import Connection, text

REFUSAL = "events are append-only"

SQLITE = {
    f"events_no_{verb.lower()}": (
        f"CREATE TRIGGER IF NOT EXISTS events_no_{verb.lower()} BEFORE {verb} ON events "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    for verb in ("UPDATE", "DELETE")
} | {
    # REPLACE removes a row without a word to the trigger above, unless the connection asked for
    # recursive triggers. Ours do; this one holds for everybody's.
    "events_no_replace": (
        "CREATE TRIGGER IF NOT EXISTS events_no_replace BEFORE INSERT ON events "
        "WHEN EXISTS (SELECT 1 FROM events WHERE run = NEW.run AND seq = NEW.seq) "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    ),
}
"""Triggers by name; a table that a migration rebuilds loses them, so every start looks for them."""

POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$
"""

POSTGRES = {
    "events_no_change": (
        "CREATE OR REPLACE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION events_append_only()"
    ),
    "events_no_truncate": (
        "CREATE OR REPLACE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()"
    ),
}
"""Triggers by name, needing the function above."""


def post(connection: Connection) -> None:
    """Puts every guard in its place, those that somebody removed or turned off too."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(POSTGRES_FUNCTION))
    for statement in _wanted(connection).values():
        connection.execute(text(statement))


def missing(connection: Connection) -> list[str]:
    """The guards that are not at their place, by name."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'events'::regclass AND tgenabled <> 'D'"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
    )
    found = {row[0] for row in connection.execute(text(query))}
    return sorted(set(_wanted(connection)) - found)


def _wanted(connection: Connection) -> dict[str, str]:
    return POSTGRES if connection.dialect.name == "postgresql" else SQLITE
