"""Does what a block of shell in the docs says, on a home of its own, as far as a test can.

Each command falls under one rule below; one that falls under none is an error.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from string import Template
from urllib.request import Request, urlopen

from honcho import command as honcho

from tests.acceptance.fleet import Place, Said
from tests.acceptance.patience import until
from tests.house.checkout import ROOT
from tests.house.deployed import STORES, compose, procfile
from tests.house.documents import Block
from worker.cli.exit_codes import ExitCode

BIN = Path(sys.executable).parent
PATIENCE = 60  # seconds

NOTHING_MOVED = re.compile(r"^0 |is left alone", re.MULTILINE)


class UnknownCommand(Exception):
    """No rule says what a test does with this command."""


@dataclass(kw_only=True)
class Terminal:
    """A shell in a folder, with variables, in which `triage` is for one home.

    `placeholders` are words of the docs and what stands for them here.
    """

    place: Place
    folder: Path
    placeholders: Mapping[str, str]
    alerts: bool = False  # whether `triage status` has some in this home
    said: list[Said] = field(default_factory=list)  # by commands that ended

    def run(self, block: Block) -> None:
        """Everything that the block says, in order."""
        for words in commands(block):
            self._run([self._filled(word) for word in words])

    def _filled(self, word: str) -> str:
        for name, value in self.placeholders.items():
            word = value.join(re.split(rf"(?<!\w){re.escape(name)}(?!\w)", word))
        return word

    def _run(self, words: list[str]) -> None:
        match words:
            case ["triage", *rest]:
                self._triage(rest)
            case ["docker", "compose", *rest]:
                self._compose(rest)
            case ["python", "-m", "worker.health", *rest]:
                self._health(rest)
            case ["export", assignment]:
                self._export(*assignment.split("=", 1))
            case ["tail", *rest]:
                self._tail(rest)
            case ["curl", *rest]:
                self._curl(rest)
            case _:
                _look_up(words)

    def _triage(self, words: list[str]) -> None:
        """For real: what starts a fleet as a process, everything else in this one."""
        match words:
            case ["simulate-provider", *rest, "&"]:
                running = self.place.start("simulate-provider", *rest)
                until(lambda: running.says("ready\n"), PATIENCE)
            case ["up", *_]:
                self.said.append(self._until_ready(words))
            case ["run", *_]:
                self.said.append(self._process([str(BIN / "triage"), *words]))
            case _:
                code = ExitCode.NEEDS_YOU if words == ["status"] and self.alerts else ExitCode.DONE
                with chdir(self.folder):
                    said = self.place.ask(*words, code=code)
                assert not ("--yes" in words and NOTHING_MOVED.search(said.out)), said.out
                self.said.append(said)

    def _until_ready(self, words: list[str]) -> Said:
        """As one does with Ctrl-C, once it says that it is ready."""
        with subprocess.Popen(
            [BIN / "triage", *words],
            env=self.place.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "ready\n":
                    process.terminate()
        said = Said(code=process.returncode, out="".join(lines), err="")
        assert (said.code, lines[-1:]) == (0, ["ready\n"]), said
        return said

    def _process(self, words: list[str], codes: tuple[int, ...] = (0,)) -> Said:
        done = subprocess.run(
            words,
            env=self.place.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said = Said(code=done.returncode, out=done.stdout, err=done.stderr)
        assert said.code in codes, said
        return said

    def _export(self, name: str, value: str) -> None:
        """For the commands that follow. PATH is ours already, and leads to what was installed."""
        if name == "PATH":
            assert value.startswith("$PWD/.venv/bin:")
            assert (BIN / "triage").is_file()
            return
        value = Template(value).substitute(self.place.environment)
        self.place = replace(self.place, environment={**self.place.environment, name: value})

    def _compose(self, words: list[str]) -> None:
        """Names services that there are; what it runs in one of ours is run here."""
        match words:
            case ["up", *options]:
                rest = " ".join(options)
                for scaled in re.findall(r"--scale (\S+)=\d+", rest):
                    assert scaled in compose({}).keys() - STORES
                assert re.fullmatch(r"(--detach|--build|--scale \S+=\d+| )*", rest), rest
            case ["ps"]:
                pass
            case ["stop", *services]:
                assert services
                assert set(services) <= compose({}).keys()
            case ["exec", service, "triage", *rest]:
                assert service in compose({}).keys() - STORES
                self._triage(rest)
            case _:
                raise UnknownCommand(f"docker compose {shlex.join(words)}")

    def _health(self, words: list[str]) -> None:
        """Well, or not with a sentence that says why: nothing runs here."""
        said = self._process([sys.executable, "-m", "worker.health", *words], (0, 1))
        assert bool(said.err) == bool(said.code), said

    def _tail(self, words: list[str]) -> None:
        """For real, by a shell: it knows `${TRIAGE_HOME:-.triage}`."""
        *options, path = words
        assert self._process(["/bin/sh", "-c", f'tail {shlex.join(options)} "{path}"']).out

    def _curl(self, words: list[str]) -> None:
        """What it would ask is asked, and answered with a success."""
        *options, url = words
        given = dict(zip(options[::2], options[1::2], strict=True))
        assert given.keys() <= {"--request", "--data"}
        body = given.get("--data")
        asked = Request(url, body.encode() if body else None, method=given.get("--request", "GET"))  # noqa: S310 - ours
        with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            assert answer.status == HTTPStatus.OK


def commands(block: Block) -> Iterator[list[str]]:
    """The words of each command. The programs of `.venv/bin` are meant without it, too."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


def _look_up(words: list[str]) -> None:
    """Not run here: what it names exists."""
    match words:
        case ["make", target]:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        case ["cp", source, _]:
            assert (ROOT / source).is_file(), source
        case ["honcho", "start", *_]:
            asked = honcho.parser.parse_args(words[1:])
            scaled = [part.partition("=")[0] for part in (asked.concurrency or "").split(",")]
            assert {*filter(None, scaled), *asked.processes} <= procfile({}).keys()
        case _:
            raise UnknownCommand(shlex.join(words))
