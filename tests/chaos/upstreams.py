"""The providers of a storm as the nemesis sees them: a process, and what it is told to play."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

from tests.acceptance.fleet import ROOT
from tests.chaos.provider import CONTROL, FAIR, PROVIDERS

LOG = "provider.jsonl"
ANSWER_SECONDS = 10.0


class Upstreams:
    """Their process is struck by nobody; what they answer is."""

    def __init__(self, seed: int, folder: Path, latency: float) -> None:
        self.log = folder / LOG
        words = ("--seed", str(seed), "--log", str(self.log), "--latency", str(latency))
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.chaos.provider", *words),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout
        self.urls: dict[str, str] = json.loads(self._process.stdout.readline())
        self._control = self.urls.pop(CONTROL).removesuffix("/v1")

    def play(self, profile: str, provider: str) -> None:
        """From here on that one plays this."""
        url = f"{self._control}/simulator/profile?provider={provider}"
        asked = Request(url, data=profile.encode(), method="PUT")  # noqa: S310 - http, and our own
        with urlopen(asked, timeout=ANSWER_SECONDS):  # noqa: S310
            pass

    def heal(self) -> None:
        """Nothing is played but what tickets bring."""
        for provider in PROVIDERS:
            self.play(FAIR, provider)

    def close(self) -> None:
        """Ends them."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
