"""Takes the pictures of the pages for the documents: `python -m tests.pictures`.

Of the real thing: an embedded fleet on the sample inbox, in a home of its own, seen by a browser.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from config.environment import Environment
from tests import browser
from tests.acceptance.patience import until
from tests.house.checkout import ROOT
from tests.screen import watched

SECRET = "only-for-the-pictures"
SOURCE = "file:fixtures/inbox/bank.jsonl"
PATIENCE = 300.0
OPEN = ("queued", "running", "waiting")


@contextmanager
def _fleet(folder: Path) -> Iterator[str]:
    """A fleet that has triaged the sample inbox; the address of its pages."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    settings = f"[pages]\nport = {port}\n[intake]\npoll_seconds = 2.0\n"
    (folder / "settings.toml").write_text(settings)
    ours = {"TRIAGE_HOME": folder / "home", "TRIAGE_CONFIG": folder}
    theirs = Environment.read().credentials
    environment = {name: text for name, text in theirs.items() if "TRIAGE_" not in name}
    triage = Path(sys.executable).with_name("triage")
    process = subprocess.Popen(
        [triage, "up", SOURCE],
        env=environment
        | {name: str(value) for name, value in ours.items()}
        | {"TRIAGE_FLOWER_PASSWORD": SECRET},
        cwd=ROOT,
    )
    address = f"127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _is_done(address), PATIENCE)
        yield f"http://triage:{SECRET}@{address}/fleet"
    finally:
        process.terminate()
        process.wait(60)


def _is_done(address: str) -> bool:
    """Whether every ticket has come to its end, and the minute in which it did is over."""
    login = b64encode(f"triage:{SECRET}".encode()).decode()
    request = Request(f"http://{address}/fleet.json", headers={"Authorization": f"Basic {login}"})
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
            found: dict[str, Any] = json.load(answer)
    except URLError:
        return False
    left = sum(found[state] for state in OPEN)
    return bool(found["ingested"] and not left and any(m["routed"] for m in found["minutes"]))


def _run(folder: Path) -> str:
    """What one sees of `make run`: the display midway, and all that stands there at the end."""
    ours = {"TRIAGE_HOME": str(folder), "COLUMNS": "110"}
    environment = {**Environment.read().credentials, **ours}
    triage = Path(sys.executable).with_name("triage")
    code, screens = watched([str(triage), "run", SOURCE], environment, ROOT)
    assert code == 0, screens[-1]
    midway = next(screen for screen in screens if "written" in screen)
    return f"$ make run\n{midway}\n\n  […]\n\n{screens[-1]}"


def _as_page(text: str) -> str:
    """A page that looks like a terminal."""
    return (
        "data:text/html;charset=utf-8,<meta charset=utf-8>"
        "<body style='margin:0;background:%23161b22'>"
        "<pre style='margin:24px;color:%23d1d7e0;font:14px/1.4 monospace'>" + quote(escape(text))
    )


def main() -> None:
    """Writes run.png, fleet.png and fleet-phone.png into the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "images")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as ground,
        tempfile.TemporaryDirectory() as profile,
        _fleet(Path(ground)) as url,
    ):
        looking = browser.start(Path(profile))
        looking.resize((1000, 900))
        looking.open(_as_page(_run(Path(ground) / "run")))
        looking.picture(folder / "run.png")
        for name, size in (("fleet", browser.DESKTOP), ("fleet-phone", browser.PHONE)):
            looking.resize(size)
            looking.open(url)
            looking.picture(folder / f"{name}.png")
        looking.driver.quit()


if __name__ == "__main__":
    main()
