"""Asks each source of facts once, and says what is wrong with it: for `triage check`."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from config.facts import KINDS, FactKind, Http, Sql
from config.load import Config
from tasks.errors import CredentialRefused, FactsDown
from tasks.facts import Account
from worker.clock import SystemClock
from worker.compose import open_fact_sources
from worker.facts.source import Found, Source, Who
from worker.findings import Finding, fine, wrong

NOBODY = Who(email="nobody@triage-check.invalid", customer_id="0")
"""Whom nobody knows, which every source must be able to say."""

REMEDY = "mend it in facts.toml (docs/facts.md): until then tickets go on without these facts"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def try_sources(config: Config) -> list[Finding]:
    """A finding for each source that any fact is had from, and more where there is more to say."""
    return asyncio.run(_try(config))


async def _try(config: Config) -> list[Finding]:
    sources = open_fact_sources(config, SystemClock())
    try:
        trial = _Trial(config, sources)
        await trial.ask_all()
        return [finding for name in sources for finding in trial.findings(name)]
    finally:
        for source in sources.values():
            await source.aclose()


class _Trial:
    """What came of asking for each kind of fact."""

    def __init__(self, config: Config, sources: "dict[str, Source]") -> None:
        self._config = config
        self._facts = config.facts
        self._sources = sources
        self._found: dict[FactKind, Found] = {}
        self._trouble: dict[FactKind, str] = {}

    async def ask_all(self) -> None:
        """The account first: what it says is asked by after it."""
        email = self._facts.check_email.strip().lower() or NOBODY.email
        who = Who(email=email, customer_id=NOBODY.customer_id)
        await self._ask("account", who)
        with suppress(KeyError):
            for account in self._found["account"].facts:
                if isinstance(account, Account):
                    who = Who(email=email, customer_id=account.customer_id)
        await asyncio.gather(*(self._ask(kind, who) for kind in KINDS[1:]))

    async def _ask(self, kind: FactKind, who: Who) -> None:
        fact = self._facts.of(kind)
        try:
            async with asyncio.timeout(fact.timeout_seconds):
                reply = await self._sources[fact.source].ask(kind, who)
            self._found[kind] = reply()
        except TimeoutError:
            self._trouble[kind] = f"{kind}: no answer within {fact.timeout_seconds:g} s"
        except (FactsDown, CredentialRefused) as error:
            self._trouble[kind] = f"{str(error).removeprefix(f'{fact.source}, ')}{_words(error)}"

    def findings(self, name: str) -> Iterator[Finding]:
        """Of that source."""
        what, kinds = f"facts {name}", [k for k in KINDS if self._facts.of(k).source == name]
        troubles = [self._trouble[kind] for kind in kinds if kind in self._trouble]
        if troubles:
            yield wrong(what, "; ".join(dict.fromkeys(troubles)), REMEDY)
        else:
            yield fine(what, f"answers: {', '.join(self._said(kind) for kind in kinds)}")
        yield from self._warnings(what, name)

    def _said(self, kind: FactKind) -> str:
        if not self._facts.check_email:
            return kind
        count = len(self._found[kind].facts)
        return f"{kind} ({count})"

    def _warnings(self, what: str, name: str) -> Iterator[Finding]:
        source = self._facts.sources[name]
        found = self._found.get("account")
        if self._facts.check_email and self._facts.account.source == name and found == Found(()):
            yield _warning(what, "it has no account for check_email", "ask about one that it has")
        match source:
            case Sql():
                yield from self._of_database(what, source)
            case Http() if source.secret_headers:
                parts = urlsplit(source.url)
                if parts.scheme == "http" and parts.hostname not in LOOPBACK:
                    says = f"its secrets are sent to {parts.hostname} for all on the way to read"
                    yield _warning(what, says, "give an address with https://")

    def _of_database(self, what: str, source: Sql) -> Sequence[Finding]:
        from worker.facts.sql_engine import READS_ONLY, backend  # noqa: PLC0415 - few need it

        url = self._config.environment.credentials[source.credential]
        with suppress(FactsDown):  # which was said above
            if (kind := backend(url, source.credential)) not in READS_ONLY:
                says = f"it is {kind}, where nothing of ours keeps queries from writing"
                return [_warning(what, says, "give it a user that may only read")]
        return []


def _words(error: Exception) -> str:
    """The other side's own, for an operator who asks: of a ticket's question they are kept back."""
    match error.__cause__:
        case DBAPIError() as refused if refused.orig is not None:
            said = str(refused.orig)
        case OSError() as away:
            said = str(away)
        case _:
            return ""
    return f": {' '.join(said.split())[:SHOWN]}"


SHOWN = 300  # characters


def _warning(what: str, says: str, remedy: str) -> Finding:
    return Finding(what=what, level="warning", says=says, remedy=remedy)
