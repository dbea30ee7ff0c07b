"""Where facts about customers come from, and what our fields are called there."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from config.taxonomy import Frozen

FactKind = Literal["account", "billing", "incidents", "interactions"]
KINDS: tuple[FactKind, ...] = get_args(FactKind)


class Named(NamedTuple):
    """Our fields of a fact: those that every source must have, and those that it may have."""

    needed: tuple[str, ...]
    other: tuple[str, ...] = ()


FIELDS: Mapping[FactKind, Named] = {
    "account": Named(("customer_id", "plan", "tier"), ("since", "renewal_at")),
    "billing": Named(("id", "at", "kind", "amount", "currency", "status")),
    "incidents": Named(("id", "title", "opened_at"), ("issue_types", "closed_at", "customers")),
    "interactions": Named(("id", "at", "channel", "summary", "outcome")),
}

KEYS = ("email", "customer_id")
"""What a source may be asked by."""


class Theirs(Frozen):
    """Where a field of ours is found there, and what is done with what stands in it."""

    name: str = ""  # a column; in JSON the way to it: "plan.tier", or "/plan/tier"
    value: str | None = None  # in place of a name: always this
    values: dict[str, str] = Field(default_factory=dict)  # theirs -> ours; others are the same
    default: str | None = None  # where they say nothing
    format: str = "iso"  # of days and moments: iso, epoch, epoch_ms, or "%d.%m.%Y"
    divide_by: int = Field(default=1, ge=1)  # of an amount: 100 where theirs is in cents
    absolute: bool = False  # of an amount: its sign says nothing

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.name) == (self.value is not None):
            raise ValueError("say `name`, or `value` for what is always the same")
        return self


def _short(said: object) -> object:
    """`plan = "product"` for `plan = { name = "product" }`."""
    return {"name": said} if isinstance(said, str) else said


Origin = Annotated[Theirs, BeforeValidator(_short)]


class Fact(Frozen):
    """One kind of fact: whom it is had from, how, and for how long it is good."""

    source: str
    timeout_seconds: float = Field(default=2.0, gt=0, le=30)
    good_for_seconds: float | None = Field(default=None, gt=0)  # None: as policy.toml says
    most: int = Field(default=10, ge=1, le=100)  # the newest of them; of what has an order
    query: str = ""  # of a sql source
    path: str = ""  # of an http source
    at: str = ""  # http: where in the answer it stands; empty: the answer is it
    listed: bool = False  # http, account: a list of one at most, as a search gives
    unknown_status: tuple[int, ...] = ()  # http: says that there is no such customer
    whose: str = ""  # a field of theirs that repeats what was asked by; another's is refused
    as_of: Annotated[Theirs | None, BeforeValidator(_short)] = None  # when it was so, as they say
    fields: dict[str, Origin] = Field(default_factory=dict)

    @property
    def asked_by(self) -> frozenset[str]:
        """The keys that query or path have a place for."""
        return frozenset(BINDS.findall(self.query) + PLACES.findall(self.path))


BINDS = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
"""As SQLAlchemy finds them."""

PLACES = re.compile(r"\{(\w*)\}")


class Files(Frozen):
    """Four JSON files in the folder `sources.facts` of settings.toml."""

    kind: Literal["files"]
    exports: bool = False  # a job writes them anew: they are as old as their files


class Sql(Frozen):
    """A database."""

    kind: Literal["sql"]
    credential: str  # the NAME of the variable with its address
    connections: int = Field(default=4, ge=1, le=64)  # at once, by one process


class Http(Frozen):
    """A service that answers in JSON."""

    kind: Literal["http"]
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    secret_headers: dict[str, str] = Field(default_factory=dict)  # header -> NAME of the variable
    connections: int = Field(default=16, ge=1, le=256)  # at once, by one process
    most_bytes: int = Field(default=1_000_000, ge=1)  # of an answer

    @model_validator(mode="after")
    def _speakable(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is no address: give http://HOST[:PORT][/PATH] or https://…")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("url is scheme, host and path alone: secrets go into secret_headers")
        for name in (*self.headers, *self.secret_headers):
            if not re.fullmatch(r"[A-Za-z0-9-]+", name):
                message = f"{name!r} is no name of a header"
                raise ValueError(message)
        for name, value in self.headers.items():
            if re.search(r"authorization|cookie|key|token|secret", name, re.IGNORECASE):
                message = f"{name} looks like a secret: name its variable in secret_headers"
                raise ValueError(message)
            if not value.isprintable():
                message = f"the value of {name} is no line of text"
                raise ValueError(message)
        return self


Source = Annotated[Files | Sql | Http, Field(discriminator="kind")]


class FactsConfig(Frozen):
    """All of it."""

    check_email: str = ""  # a customer of yours that `triage check` asks about
    sources: dict[str, Source]
    account: Fact
    billing: Fact
    incidents: Fact
    interactions: Fact

    def of(self, kind: FactKind) -> Fact:
        """That fact."""
        found: dict[FactKind, Fact] = {
            "account": self.account,
            "billing": self.billing,
            "incidents": self.incidents,
            "interactions": self.interactions,
        }
        return found[kind]

    @property
    def header_credentials(self) -> tuple[str, ...]:
        """The NAMES of the variables that are sent as headers."""
        services = (source for source in self.used.values() if isinstance(source, Http))
        return tuple(name for one in services for name in one.secret_headers.values())

    @property
    def used(self) -> Mapping[str, Files | Sql | Http]:
        """The sources that any fact is had from."""
        names = dict.fromkeys(self.of(kind).source for kind in KINDS)
        return {name: self.sources[name] for name in names}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in self.sources:
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
                message = f"sources.{name}: a source is named in small letters, as in `crm`"
                raise ValueError(message)
        for kind in KINDS:
            if problem := _problem(kind, self.of(kind), self.sources):
                message = f"{kind}: {problem}"
                raise ValueError(message)
        return self


def _problem(kind: FactKind, fact: Fact, sources: Mapping[str, Any]) -> str | None:
    match sources.get(fact.source):
        case None:
            known = ", ".join(sources)
            return f"no source is called {fact.source!r}; there are {known}"
        case Files():
            if fact.query or fact.path or fact.fields:
                return f"{fact.source} is files, which need neither query nor path nor fields"
            return None
        case Sql():
            return _of_query(fact) or _of_keys(kind, fact, ":{}") or _of_fields(kind, fact)
        case _:
            return _of_path(fact) or _of_keys(kind, fact, "{{{}}}") or _of_fields(kind, fact)


def _of_query(fact: Fact) -> str | None:
    if fact.path:
        return f"{fact.source} is a database: say `query`, and no `path`"
    if not re.match(r"\s*(select|with)\b", fact.query, re.IGNORECASE):
        return f"{fact.source} is a database: say a `query` that begins with SELECT or WITH"
    if ";" in fact.query:
        return "the query is one statement, without a semicolon"
    return None


def _of_path(fact: Fact) -> str | None:
    if fact.query:
        return f"{fact.source} is a service: say `path`, and no `query`"
    if not re.match(r"/(?!/)", fact.path):
        return f"{fact.source} is a service: say a `path` that begins with /"
    if re.search(r"[\s#\\]|/\.\.?(/|$|\?)", fact.path) or not fact.path.isprintable():
        return "the path holds what no path has"
    return None


def _of_keys(kind: FactKind, fact: Fact, shown: str) -> str | None:
    """Whom it is about must stand in it, or everybody would be told the same."""
    keys = KEYS[:1] if kind == "account" else KEYS
    ours = " or ".join(shown.format(key) for key in keys)
    if strange := sorted(fact.asked_by - set(keys)):
        return f"{shown.format(strange[0])} is nothing that it is asked by: say {ours}"
    if not fact.asked_by and kind != "incidents":
        return f"it does not say whose: put {ours} into it"
    return None


def _of_fields(kind: FactKind, fact: Fact) -> str | None:
    needed, other = FIELDS[kind]
    if missing := [name for name in needed if name not in fact.fields]:
        return f"fields lacks {', '.join(missing)}"
    if strange := sorted(fact.fields.keys() - {*needed, *other}):
        return f"there is no field {strange[0]}; there are {', '.join((*needed, *other))}"
    return None
