"""Opens the sources of facts that config names."""

from collections.abc import Callable, Mapping
from pathlib import Path

from config.facts import KINDS, FactsConfig, Files, Http, Sql
from tasks.facts import AtHand
from tasks.ports.clock import Clock
from tasks.ports.guards import Guards
from tasks.ticket import Requester
from worker.facts.json_files import JsonFiles
from worker.facts.source import Source
from worker.facts.sources import FactSources
from worker.telemetry.log import Log


def open_sources(
    config: FactsConfig,
    *,
    folder: Path,
    credentials: Mapping[str, str],
    clock: Clock,
    guards: Guards,
) -> FactSources:
    """All of them as one. `folder` is where JSON files lie, `credentials` what config names."""
    sources = open_each(config, folder=folder, credentials=credentials, clock=clock)
    return FactSources(
        config, sources, guards=guards, at_hand=_at_hand(config, sources), log=Log("facts")
    )


def open_each(
    config: FactsConfig, *, folder: Path, credentials: Mapping[str, str], clock: Clock
) -> dict[str, Source]:
    """Those that any fact is had from, by name. Asks nobody yet."""
    return {
        name: _open(name, config, folder=folder, credentials=credentials, clock=clock)
        for name in config.used
    }


def _open(
    name: str, config: FactsConfig, *, folder: Path, credentials: Mapping[str, str], clock: Clock
) -> Source:
    """The modules are imported here, for they bring drivers and clients that few need."""
    facts = {kind: config.of(kind) for kind in KINDS if config.of(kind).source == name}
    match config.sources[name]:
        case Files() as files:
            return JsonFiles(folder, clock, exports=files.exports)
        case Sql() as database:
            from worker.facts.sql import SqlFacts  # noqa: PLC0415

            return SqlFacts(name, credentials[database.credential], database, facts)
        case Http() as service:
            from worker.facts.http import HttpFacts  # noqa: PLC0415

            secrets = {
                header: credentials[variable].strip()
                for header, variable in service.secret_headers.items()
            }
            return HttpFacts(name, service, facts, secrets)


def _at_hand(
    config: FactsConfig, sources: Mapping[str, Source]
) -> Callable[[Requester], AtHand | None]:
    """Files are at hand, where they hold both what routing needs; all else would be asked."""
    account = sources[config.account.source]
    if isinstance(account, JsonFiles) and config.account.source == config.incidents.source:
        return account.at_hand
    return lambda _requester: None
