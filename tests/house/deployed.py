"""What the files of the deployment say, read as their tools read them."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from honcho.environ import parse_procfile

from tests.house.checkout import ROOT

STORES = {"redis", "postgres"}
"""Services that are not ours."""

PLACE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}|\$(\w+)")
SECONDS = {"s": 1, "m": 60}


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service of docker-compose.yml, with the defaults in its places."""

    said: Mapping[str, object]  # all of it, as it stands there
    image: str
    command: tuple[str, ...]  # empty: the image's own
    health: tuple[str, ...]  # empty: none
    environment: Mapping[str, str | None]  # None: handed on as it is
    grace_seconds: int


def procfile(values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The Procfile's commands by name, where these are all variables that are set."""
    lines = parse_procfile((ROOT / "Procfile").read_text()).processes
    return {name: tuple(shlex.split(filled(line, values))) for name, line in lines.items()}


def compose(values: Mapping[str, str]) -> dict[str, Service]:
    """The services of docker-compose.yml, where these are all variables that are set."""
    said = yaml.safe_load(filled((ROOT / "docker-compose.yml").read_text(), values))
    return {name: _service(service) for name, service in said["services"].items()}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with each variable's value in its place, else the default that stands there."""

    def value(place: re.Match[str]) -> str:
        name, how, rest = place[1] or place[4], place[2], place[3]
        return values.get(name) or (rest if how == ":-" else "")

    return PLACE.sub(value, text)


def variables(text: str) -> set[str]:
    """The variables that have a place in the text."""
    return {place[1] or place[4] for place in PLACE.finditer(text)}


def copied() -> dict[str, str]:
    """What the Dockerfile copies from the checkout, and to where in the image."""
    lines = re.findall(r"^COPY (.+) (\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return {source: target for sources, target in lines for source in sources.split()}


def example() -> dict[str, str]:
    """The variables of .env.example, those in a comment too, with what stands before each."""
    found: dict[str, str] = {}
    comment = ""
    for line in (ROOT / ".env.example").read_text().splitlines():
        if assigned := re.match(r"#?([A-Z][A-Z_]*)=", line):
            found[assigned[1]] = comment
        else:
            comment = line.removeprefix("#").strip()
    return found


def _service(said: Mapping[str, object]) -> Service:
    match said:
        case {"image": str(image), **rest}:
            environment = rest.get("environment", {})
            assert isinstance(environment, dict)
            return Service(
                said=said,
                image=image,
                command=_words(rest.get("command", [])),
                health=_health(rest.get("healthcheck", {})),
                environment=environment,
                grace_seconds=_seconds(str(rest["stop_grace_period"])),
            )
        case _:
            raise ValueError(said)


def _words(command: object) -> tuple[str, ...]:
    match command:
        case str():
            return tuple(shlex.split(command))
        case [*words]:
            return tuple(map(str, words))
        case _:
            raise ValueError(command)


def _health(check: object) -> tuple[str, ...]:
    match check:
        case {"test": ["CMD", *words]}:
            return tuple(map(str, words))
        case {"test": ["CMD-SHELL", str(script)]}:
            return ("/bin/sh", "-c", script)
        case _:
            return ()


def _seconds(text: str) -> int:
    return int(text[:-1]) * SECONDS[text[-1]]
