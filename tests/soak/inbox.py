"""300 real messages come in by mail and are routed: `python -m tests.soak.inbox --picture FILE`.

`triage up`, as a person would start it, against a Request Tracker of our own. Afterwards RT itself
is asked of each ticket: its queue, priority, custom fields and note. The picture is RT's own page.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from csv import DictReader
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tasks.run import Run, State
from tests import browser
from tests.acceptance.fleet import AT_ONCE, Place, a_place
from tests.acceptance.patience import until
from tests.contracts.stages import Page, RtStage
from tests.house.checkout import ROOT
from tests.servers.rt import PASSWORD, Rt
from tests.soak.judge import MACHINE

COUNT = 300
FALLBACK = "triage"
POLL = "[intake]\npoll_seconds = 5.0\n"


def messages() -> Iterator[tuple[str, str]]:
    """Sender and text: the sample inbox, and behind it what fills it up from the training set."""
    for line in (
        (ROOT / "fixtures" / "inbox" / "bank.jsonl").read_text("utf-8", "ignore").splitlines()
    ):
        try:
            found = json.loads(line)
            yield found["requester"]["email"], found["body"]
        except (ValueError, TypeError, KeyError):  # it is malformed on purpose
            continue
    with (ROOT / "fixtures" / "bank" / "train.csv").open(newline="") as file:
        for number, row in enumerate(DictReader(file)):
            yield f"customer-{number}@example.com", row["text"]


def mailed(rt: Rt, count: int) -> None:
    """Each through RT's mail gateway."""
    sent = 0
    for sender, text in messages():
        if not text.isprintable() or len(text) > 2_000 or not text.strip():
            continue
        message = EmailMessage()
        message["From"], message["To"] = sender, "help@example.org"
        message["Subject"] = " ".join(text.split()[:6])
        message.set_content(text)
        rt.mail(message.as_bytes())
        sent += 1
        if sent == count:
            return


def is_through(place: Place, count: int) -> bool:
    """Whether all have come to rest; says how many."""
    states = place.states()
    rest = sum(states[state] for state in (State.WRITTEN, State.IN_REVIEW, State.DEAD))
    sys.stderr.write(f"\r{rest} of {count} ")
    return rest >= count


def judged(place: Place, rt: Rt) -> dict[str, Any]:
    """By RT's own pages."""
    counts = Counter[str]()
    examples = list[str]()
    for run in place.runs():
        stage = RtStage(rt, run.external_id)
        page = stage.page()
        stage.helpdesk.close()
        what = _what(run, page)
        counts[what] += 1
        if what == "wrong":
            examples.append(f"{run.external_id}: {run.state} {page.fields} {page.notes}")
    return {**counts, "examples": examples[:5]}


def _what(run: Run, page: Page) -> str:
    ours = [text for author, text in page.notes if author == MACHINE]
    if run.state is State.WRITTEN:
        wanted = {
            "queue": run.queue,
            "priority": str(run.priority),
            "issue_type": run.issue_type,
        }
        is_right = page.fields.items() >= wanted.items() and bool(ours)
        return "routed" if is_right else "wrong"
    is_right = page.fields["queue"] == FALLBACK and len(ours) == 1
    return "with people" if is_right else "wrong"


def picture(rt: Rt, ticket: str, path: Path) -> None:
    """RT's own page of that ticket, as Ada sees it, and beside it its history with the note."""
    with tempfile.TemporaryDirectory() as profile:
        looking = browser.start(Path(profile))
        try:
            looking.resize((1280, 1000))
            looking.open(f"{rt.url}/NoAuth/Login.html")
            for field, value in (("user", "ada"), ("pass", PASSWORD)):
                looking.driver.find_element("name", field).send_keys(value)
            looking.driver.find_element("name", "pass").submit()
            for page, name in (("Display", ""), ("History", "-history")):
                looking.open(f"{rt.url}/Ticket/{page}.html?id={ticket}")
                looking.picture(path.with_stem(f"{path.stem}{name}"))
        finally:
            looking.driver.quit()


def main() -> int:
    """The exit code: 0 where every ticket is as its run says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, help="where RT's page of one of them goes")
    parser.add_argument("--messages", type=int, default=COUNT)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="triage-inbox-", dir="/tmp") as folder,
        tempfile.TemporaryDirectory(prefix="triage-rt-", dir="/tmp") as theirs,
    ):
        rt = Rt(Path(theirs))
        named = {"": "rt", "_URL": rt.url, "_TOKEN": rt.token}
        variables = {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()}
        place = a_place(Path(folder), variables, settings=POLL, policy=AT_ONCE)
        try:
            place.may_write()
            front = place.start("up")
            until(lambda: front.says("ready"), 120)
            until(lambda: place.shop.ledger.cursor(f"rt:{rt.url}") is not None, 60)
            began = time.monotonic()
            mailed(rt, asked.messages)
            came = time.monotonic()
            until(lambda: is_through(place, asked.messages), 1_800)
            done = time.monotonic()
            front.end()
            document = {
                "messages": asked.messages,
                "mail_seconds": round(came - began),
                "seconds_until_all_are_through": round(done - began),
                "states": {str(s): n for s, n in place.states().items() if n},
                "balanced": place.shop.ledger.books().balanced,
                **judged(place, rt),
            }
            if asked.picture:
                card = next(run for run in place.runs() if run.issue_type == "card")
                picture(rt, card.external_id, asked.picture)
        finally:
            place.clear()
            rt.stop()
    print(json.dumps(document, indent=1))
    return 1 if document.get("wrong") or not document["balanced"] else 0


if __name__ == "__main__":
    sys.exit(main())
