"""Reads one line of a source: a ticket, or the reason why it is none. Nothing is lost."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from tasks.causes import Cause
from tasks.ticket import ExternalId, Requester, Ticket, Turn

EARLIEST, LATEST = 1990, 2100
"""Years between which a ticket can honestly have been written."""

LONGEST_NAME = 200
"""Characters of an id, a channel or an address: no helpdesk comes near."""

QUOTED_BYTES = 16_384
"""Kept of a turn with all that it quotes."""

SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Malformed:
    """A message that cannot be read as a ticket, and why."""

    cause: Cause
    why: str
    external_id: ExternalId | None = None  # where the message at least said which ticket it is


def taken(ticket: Ticket) -> Malformed:
    """Why a ticket that can be read is not taken in: its values would go to another customer's."""
    why = "another source has brought another customer's ticket under this id"
    return Malformed(cause=Cause.ID_TAKEN, why=why, external_id=ticket.id)


def unreadable(line: bytes, why: str, *, body_bytes: int) -> Malformed:
    """Of a ticket that its helpdesk cannot show; `line` says which it is."""
    named = parse_ticket(line, body_bytes=body_bytes)
    external_id = named.external_id if isinstance(named, Malformed) else named.id
    return Malformed(cause=Cause.UNREADABLE, why=why, external_id=external_id)


class _Unreadable(Exception):
    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(why)
        self.cause = cause


def parse_ticket(line: bytes, *, body_bytes: int) -> Ticket | Malformed:
    """The ticket in `line` (JSON, UTF-8), or why there is none.

    `body_bytes` is the most that its text and its newest turn may take in UTF-8 together; older
    turns are left out from there on. Total: any bytes give one or the other; nothing is raised.
    """
    found: dict[str, object] = {}
    try:
        found = _object(line)
        return _ticket(found, body_bytes)
    except _Unreadable as problem:
        return Malformed(cause=problem.cause, why=str(problem), external_id=_known_id(found))


def _object(line: bytes) -> dict[str, object]:
    try:
        text = line.decode("utf-8-sig")  # some exports begin with a byte order mark
    except UnicodeDecodeError as error:
        _refuse(Cause.NOT_UTF8, f"byte {error.start} is not UTF-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        _refuse(Cause.NOT_JSON, f"not JSON at character {error.pos}")
    except ValueError:
        _refuse(Cause.NOT_JSON, "JSON holds a number with too many digits")
    except RecursionError:
        _refuse(Cause.NOT_JSON, "JSON is nested too deep")
    if not isinstance(found, dict):
        _refuse(Cause.NOT_AN_OBJECT, f"a JSON {_kind(found)}, not an object")
    return found


def _ticket(found: dict[str, object], body_bytes: int) -> Ticket:
    external_id = _external_id(found)
    subject, body = _text(found, "subject"), _text(found, "body")
    thread, fields = _thread(found.get("thread")), _fields(found.get("fields"))
    newest = [turn.body for turn in thread[-1:]]
    _refuse_long(subject, body, *newest, *fields, *fields.values(), limit=body_bytes)
    if not (subject.strip() or body.strip()):
        _refuse(Cause.EMPTY_TEXT, "subject and body are empty")
    return Ticket(
        id=external_id,
        subject=subject,
        body=body,
        channel=_name(found, "channel") or "unknown",
        requester=_requester(found.get("requester")),
        created_at=_moment(found.get("created_at"), "created_at"),
        thread=_recent(thread, body_bytes),
        quoted=_quoted(found, body_bytes),
        fields=fields,
        language=_name(found, "language") or None,
    )


def _external_id(found: dict[str, object]) -> ExternalId:
    name = found.get("id")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        _refuse(Cause.MISSING_ID, "id is missing or not a text")
    return ExternalId(_name({"id": name}, "id"))


def _known_id(found: dict[str, object]) -> ExternalId | None:
    try:
        return _external_id(found)
    except _Unreadable:
        return None


def _name(found: dict[str, object], key: str) -> str:
    """A short text without control characters, so that it can stand in any list; often empty."""
    name = _text(found, key).strip()
    if not name.isprintable() or len(name) > LONGEST_NAME:
        _refuse(Cause.WRONG_FIELD, f"{key} holds control characters or is too long")
    return name


def _text(found: dict[str, object], key: str) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        _refuse(Cause.WRONG_FIELD, f"{key} is a {_kind(value)}, not a text")
    if "\x00" in value:
        _refuse(Cause.NUL_CHARACTER, f"{key} contains a NUL character")
    if SURROGATE.search(value):
        _refuse(Cause.LONE_SURROGATE, f"{key} contains half of a surrogate pair")
    return value


def _refuse_long(*texts: str, limit: int) -> None:
    size = sum(len(text.encode()) for text in texts)
    if size > limit:
        _refuse(Cause.TEXT_TOO_LONG, f"the text has {size:,} bytes; the limit is {limit:,}")


def _requester(found: object) -> Requester:
    if not isinstance(found, dict):
        _refuse(Cause.MISSING_REQUESTER, f"requester is a {_kind(found)}, not an object")
    email, name = found.get("email"), found.get("name")
    if not isinstance(email, str) or not email.strip():
        _refuse(Cause.MISSING_REQUESTER, "requester.email is missing")
    named = name if isinstance(name, str) and _sound(name) else ""
    address = _name({"requester.email": email}, "requester.email")
    return Requester(email=address.lower(), name=named.strip()[:LONGEST_NAME])


def _thread(found: object) -> tuple[Turn, ...]:
    if found is None:
        return ()
    if not isinstance(found, list):
        _refuse(Cause.WRONG_FIELD, f"thread is a {_kind(found)}, not a list")
    return tuple(_turn(turn) for turn in found)


def _recent(thread: tuple[Turn, ...], limit: int) -> tuple[Turn, ...]:
    """The newest turns, as many as fit: what was said once may not bury what is said now."""
    size, kept = 0, len(thread)
    for turn in reversed(thread):
        size += len(turn.body.encode())
        if size > limit:
            break
        kept -= 1
    return thread[kept:]


def _turn(found: object) -> Turn:
    if not isinstance(found, dict):
        _refuse(Cause.WRONG_FIELD, f"a turn of thread is a {_kind(found)}, not an object")
    author, at = found.get("author"), found.get("at")
    if author not in ("customer", "agent"):
        _refuse(Cause.WRONG_FIELD, "author of a turn is neither customer nor agent")
    when = None if at is None else _moment(at, "at of a turn")
    quoted = _quoted(found, QUOTED_BYTES)
    return Turn(author=author, body=_text(found, "body"), quoted=quoted, at=when)


def _quoted(found: dict[str, object], limit: int) -> str:
    """Nobody decides by it, so its beginning will do."""
    return _text(found, "quoted").encode()[:limit].decode(errors="ignore")


def _fields(found: object) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        _refuse(Cause.WRONG_FIELD, f"fields is a {_kind(found)}, not an object")
    values = {
        str(key): value if isinstance(value, str) else json.dumps(value)
        for key, value in found.items()
        if value is not None
    }
    if not all(_sound(text) for pair in values.items() for text in pair):
        _refuse(Cause.WRONG_FIELD, "fields hold characters that no field has")
    return values


def _moment(found: object, name: str) -> datetime:
    if not isinstance(found, str):
        _refuse(Cause.IMPOSSIBLE_DATE, f"{name} is missing or not a text")
    try:
        moment = datetime.fromisoformat(found)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        _refuse(Cause.IMPOSSIBLE_DATE, f"{name} is not a date that exists (ISO 8601)")
    if not EARLIEST <= moment.year <= LATEST:
        _refuse(Cause.IMPOSSIBLE_DATE, f"{name} is in the year {moment.year}")
    return moment


def _sound(text: str) -> bool:
    """Whether any store can hold this text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not SURROGATE.search(text)


def _kind(value: object) -> str:
    kinds = {list: "list", dict: "object", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "number")


def _refuse(cause: Cause, why: str) -> NoReturn:
    raise _Unreadable(cause, why)
