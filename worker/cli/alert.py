"""`triage alert`: whether alerts reach anybody, before there is one."""

import argparse

from config.alerts import AlertKind
from worker.alarm import open_channels, open_owned
from worker.alerts.alert import Alert
from worker.alerts.channel import Channel, Message, State, Undelivered
from worker.chance import oldest_id, token
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop


def test(asked: argparse.Namespace) -> ExitCode:
    """Sends one test alert to every channel, with --yes; exit code 1 where one did not take it."""
    with the_shop() as shop:
        now = shop.clock.now()
        owned = (one for theirs in open_owned(shop.config).values() for one in theirs)
        every = (*open_channels(shop.config), *owned)
        channels = [one for one in every if one.name != "log"]
        text = "somebody has asked whether alerts arrive; nothing is wrong"
        message = Message(
            id=oldest_id(now) + token(),
            state=State.TEST,
            alert=Alert(kind=AlertKind.TEST, name="test", text=text, since=now),
            at=now,
            runbook=shop.config.alerts.runbook,
        )
    rows = [{"channel": one.name, "says": _told(one, message, asked.yes)} for one in channels]
    if asked.json:
        print_json({"sent": asked.yes, "channels": rows})
    else:
        _print(rows, sent=asked.yes)
    is_taken = all(row["says"] in ("taken", "not sent") for row in rows)
    return ExitCode.DONE if is_taken else ExitCode.FAILED


def _told(channel: Channel, message: Message, sends: bool) -> str:  # noqa: FBT001 - the --yes
    if not sends:
        return "not sent"
    try:
        channel.tell(message)
    except Undelivered as error:
        return str(error)
    return "taken"


def _print(rows: list[dict[str, str]], *, sent: bool) -> None:
    if not rows:
        print("alerts go to the log alone: name a webhook or a mail server in alerts.toml")
    for row in rows:
        print(f"{row['channel']}: {row['says']}")
    if rows and not sent:
        print("nothing was sent: the same with --yes sends one test alert to each")
