"""The alert that docs/interface.md shows to whoever writes a receiver is what is sent."""

import json
from datetime import datetime

from config.alerts import AlertKind
from tests.house.documents import INTERFACE, blocks, section
from worker.alerts.alert import Alert
from worker.alerts.channel import Message, State


def test_the_alert_that_is_shown_is_what_is_sent() -> None:
    [shown] = [block.text for block in blocks(INTERFACE) if "breaker open" in block.text]
    found = json.loads(shown)
    since = datetime.fromisoformat(found["alert"].pop("since")).timestamp()
    runbook, _, _ = found["alert"].pop("runbook").partition("#")
    alert = Alert(**found["alert"] | {"kind": AlertKind(found["alert"]["kind"]), "since": since})
    at = datetime.fromisoformat(found["at"]).timestamp()
    state = State(found["state"])
    message = Message(id=found["id"], state=state, alert=alert, at=at, runbook=runbook)
    assert message.document() == json.loads(shown)


def test_every_state_is_explained() -> None:
    listed = section(INTERFACE, "An alert")
    assert [state for state in State if f"`{state}`" not in listed] == []
