"""`triage simulate-provider`: a provider of made-up answers and faults, until it is told to end."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO

from tasks.errors import OperatorError
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.simulator import answer_key
from worker.simulator.catalogue import listed
from worker.simulator.simulator import Simulator

FIRST_PORT = 8801  # as config/staging.py has it
LAST_PORT = 65_535
RARELY = (100_000, 50, 100)
"""The log is long and has no cycles: looking through it for some is a fifth of a request's time."""


def simulate(asked: argparse.Namespace) -> ExitCode:
    """Listens on a port for each provider, says where, and serves until SIGTERM or Ctrl-C."""
    if asked.list:
        return _list(as_json=asked.json)
    gc.set_threshold(*RARELY)
    ports = _ports(asked.provider)
    with _opened(asked.log) as file:
        simulator = Simulator(
            ports,
            host=asked.host,
            profile=asked.profile,
            seed=asked.seed,
            latency=asked.latency,
            answers=answer_key.read(Path(asked.answers)) if asked.answers else {},
            file=file,
        )
        asyncio.run(_serve(simulator, asked))
    return ExitCode.DONE


async def _serve(simulator: Simulator, asked: argparse.Namespace) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await simulator.listen()
    try:
        _tell(simulator, asked)
        await ended.wait()
    finally:
        await simulator.close()


def _tell(simulator: Simulator, asked: argparse.Namespace) -> None:
    if not _is_loopback(asked.host):
        warning = "whoever reaches this port may read its log and change what it plays"
        print(f"{asked.host} is not this machine alone: {warning}", file=sys.stderr)
    if asked.json:
        found = [{"provider": name, "url": url} for name, url in simulator.urls.items()]
        print_json({"providers": found, "profile": asked.profile, "seed": asked.seed})
    else:
        print_table(("provider", "url"), simulator.urls.items())
        print("ready")
    sys.stdout.flush()


def _list(*, as_json: bool) -> ExitCode:
    if as_json:
        print_json({"faults": [{"name": name, "does": does} for name, does in listed()]})
    else:
        print_table(("fault", "does"), listed())
    return ExitCode.DONE


def _ports(named: Sequence[str] | None) -> Mapping[str, int]:
    """Those that were named, else those at which the staging profile has the models asked."""
    if not named:
        return _staged()
    ports: dict[str, int] = {}
    for place, text in enumerate(named):
        name, given, port = text.partition("=")
        if not name or name in ports or (given and not _is_port(port)):
            message = f"--provider {text}: say NAME or NAME=PORT, each name once"
            raise OperatorError(message)
        ports[name] = int(port) if given else FIRST_PORT + place
    return ports


def _staged() -> Mapping[str, int]:
    """Reads the configuration, which alone takes as long as all else."""
    from config.environment import Environment
    from config.load import load_tiers
    from config.staging import ADDRESS, Staging

    environment = Environment.read()
    return Staging.parse(environment.simulator or ADDRESS).ports(load_tiers(environment))


@contextmanager
def _opened(path: str | None) -> Iterator[TextIO | None]:
    """For adding lines, each written as it comes."""
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115 - used below
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}") from error
    with file:
        yield file


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= LAST_PORT


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
