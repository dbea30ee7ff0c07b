"""What the embedded helpdesk does for a customer who wants to be forgotten."""

import sqlite3

FORGOTTEN = "(forgotten)"
THEIRS = "SELECT external_id FROM tickets WHERE lower(trim(email)) = ?"
WORDS = (
    "UPDATE notes SET body = :word WHERE ticket = :ticket",
    "UPDATE turns SET body = :word WHERE ticket = :ticket",
    """UPDATE tickets SET email = :word, name = :word, subject = :word, body = :word
    WHERE external_id = :ticket""",
)


def forget(connection: sqlite3.Connection, email: str) -> int:
    """In the transaction that there is; the tickets stay, with their fields and their history.

    Fields that people have filled in are theirs, and stay.
    """
    # Else what was overwritten is left lying in the file's free pages.
    connection.execute("PRAGMA secure_delete = ON")
    found = [ticket for (ticket,) in connection.execute(THEIRS, (email.strip().lower(),))]
    for ticket in found:
        for words in WORDS:
            connection.execute(words, {"word": FORGOTTEN, "ticket": ticket})
    return len(found)
