"""The mails of a ticket as Request Tracker holds them: in parts, each an attachment."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Any

from worker.helpdesks.rt.client import RtClient, Shown
from worker.mail.parts import HTML, PLAIN, Part

ALTERNATIVE = "multipart/alternative"
MAIL = "message/rfc822"
BYTES = "application/octet-stream"
ORIGINALLY = "X-RT-Original-Content-Type"
"""What a text was before RT called it BYTES."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One message as RT holds it."""

    subject: str
    headers: Mapping[str, str]
    parts: tuple[Part, ...]


NOTHING = Mail(subject="", headers={}, parts=())
"""Of a ticket that was opened with a subject alone."""


def mails_of(client: RtClient, shown: Shown, wanted: Collection[int]) -> dict[int, Mail]:
    """Of each wanted transaction that has one."""
    fields = "TransactionId,ContentType,Filename,Headers,Subject"
    found: dict[int, list[Mapping[str, Any]]] = {}
    for one in client.listed(f"/ticket/{shown.id}/attachments", fields=fields):
        found.setdefault(_number(one["TransactionId"]), []).append(one)
    return {number: _mail(client, found[number]) for number in wanted if number in found}


def _mail(client: RtClient, attachments: Iterable[Mapping[str, Any]]) -> Mail:
    ordered = sorted(attachments, key=lambda one: int(one["id"]))
    top = _headers(ordered[0])
    kinds = {str(one["id"]): one["ContentType"] or "" for one in ordered}
    return Mail(
        subject=str(top.get("Subject", ordered[0]["Subject"] or "")),
        headers={name: str(value) for name, value in top.items()},
        parts=tuple(_part(client, one, kinds) for one in ordered),
    )


def _part(client: RtClient, attachment: Mapping[str, Any], kinds: Mapping[str, str]) -> Part:
    number, headers = str(attachment["id"]), _headers(attachment)
    kind = _kind(headers, kinds[number])
    filename = attachment["Filename"] or ""
    if kind == MAIL:  # RT keeps no name of those
        return Part(content_type=kind, text="", filename=headers.get_filename() or "")
    if filename or kind not in {PLAIN, HTML}:
        return Part(content_type=kind, text="", filename=filename)
    above = list(_above(client, number, kinds))
    return Part(
        content_type=kind,
        text=client.attached(number).text,
        alternative=next((one for one in above if kinds[one] == ALTERNATIVE), ""),
        enclosed=any(kinds[one] == MAIL for one in above),
    )


def _kind(headers: Message, kind: str) -> str:
    """What RT calls bytes because it does not know their charset is a text all the same.

    It says once what it was; of an answer it says so twice, and what it was is lost.
    """
    if kind != BYTES:
        return kind
    originally = headers.get(ORIGINALLY, BYTES)
    return PLAIN if originally == BYTES and headers.get_param("charset") else originally


def _above(client: RtClient, number: str, kinds: Mapping[str, str]) -> Iterator[str]:
    """The parts that it stands in, innermost first. The whole stands in none, and is not asked."""
    whole = next(iter(kinds))
    while number != whole and (number := client.attached(number).parent) in kinds:
        yield number


def _headers(attachment: Mapping[str, Any]) -> Message:
    return HeaderParser().parsestr(attachment["Headers"] or "")


def _number(of: object) -> int:
    return int(of["id"]) if isinstance(of, Mapping) else int(str(of))
