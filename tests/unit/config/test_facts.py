"""Sources of facts in config: every mistake is said with its place and its remedy."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.facts import KINDS, Files
from tests.servers.foreign_database import REST, TWO_TABLES, VARIABLE
from tests.stubs.facts_service import ACCOUNT
from tests.stubs.facts_service import REST as SERVICE_REST
from tests.stubs.facts_service import VARIABLE as SHOP
from tests.unit.config.overlay import loaded, overlay

DATABASE = TWO_TABLES + REST
SERVICE = (ACCOUNT + SERVICE_REST).replace("PORT", "8080")


def test_without_a_word_facts_are_in_our_files() -> None:
    """As before there was a choice."""
    facts = loaded().facts
    assert facts.used == {"files": Files(kind="files")}
    assert [facts.of(kind).source for kind in KINDS] == ["files"] * 4


def test_each_fact_may_come_from_somewhere_else(tmp_path: Path) -> None:
    """Two tables of a database, and the rest from files."""
    facts = loaded(overlay(tmp_path, facts=TWO_TABLES), **{VARIABLE: "sqlite:////crm"}).facts
    assert list(facts.used) == ["crm", "files"]
    assert facts.account.fields["since"].name == "signed_up"
    assert facts.billing.asked_by == {"customer_id"}


def test_a_cast_is_no_key(tmp_path: Path) -> None:
    """Two colons are PostgreSQL's."""
    text = DATABASE.replace("lower(mail) = :email", "lower(mail::text) = :email", 1)
    facts = loaded(overlay(tmp_path, facts=text), **{VARIABLE: "x"}).facts
    assert facts.account.asked_by == {"email"}


MISTAKES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "no such source": (
        DATABASE,
        '[account]\nsource = "crm"',
        '[account]\nsource = "cmr"',
        ("account: no source is called 'cmr'; there are", "crm"),
    ),
    "a name in capitals": (DATABASE, "sources.crm]", "sources.CRM]", ("sources.CRM", "small")),
    "an unknown kind": (DATABASE, '"sql"', '"mongo"', ("sources.crm", "'sql'")),
    "an unknown key": (DATABASE, "credential =", "credentials =", ("sources.crm", "credential")),
    "no query": (
        DATABASE,
        'query = "SELECT ref, headline',
        'path = "/x"\nas_of = "SELECT ref, headline',
        ("incidents: crm is a database: say `query`, and no `path`",),
    ),
    "a query that writes": (DATABASE, "SELECT ref, headline", "DELETE", ("begins with SELECT",)),
    "two statements": (DATABASE, "FROM outages", "FROM outages; DROP TABLE x", ("one statement",)),
    "a query of everybody": (DATABASE, "= :email", "= 'ada'", ("account: it does not say whose",)),
    "an unknown place": (DATABASE, "= :email", "= :mail", (":mail is nothing", "say :email")),
    "an account by its id": (DATABASE, ":email", ":customer_id", ("account: :customer_id is",)),
    "a field that is missing": (DATABASE, 'plan = "product"', "", ("account: fields lacks plan",)),
    "a field too many": (
        DATABASE,
        'plan = "product"',
        'plan = "product"\nplam = "x"',
        ("account: there is no field plam; there are customer_id, plan",),
    ),
    "a field of two minds": (
        DATABASE,
        '{ value = "EUR" }',
        '{ value = "EUR", name = "currency" }',
        ("billing.fields.currency", "say `name`, or `value`"),
    ),
    "fields of files": (
        DATABASE,
        '[billing]\nsource = "crm"',
        '[billing]\nsource = "files"',
        ("billing: files is files, which need neither",),
    ),
    "no time": (DATABASE, "[billing]\n", "[billing]\ntimeout_seconds = 0\n", ("billing.timeout",)),
    "no address": (SERVICE, "http://127.0.0.1:8080/api/v2", "127.0.0.1", ("url is no address",)),
    "another scheme": (SERVICE, "http://127", "ftp://127", ("url is no address",)),
    "a secret in the address": (
        SERVICE,
        "http://127",
        "http://ada:secret@127",
        ("secrets go into secret_headers",),
    ),
    "a key in the address": (SERVICE, "/api/v2", "/api/v2?key=1", ("go into secret_headers",)),
    "a secret in the file": (
        SERVICE,
        "secret_headers = {",
        'headers = { X-Api-Key = "made-up" }\nsecret_headers = {',
        ("X-Api-Key looks like a secret: name its variable",),
    ),
    "a header of two lines": (
        SERVICE,
        "secret_headers = {",
        'headers = { Accept = "a\\nb" }\nsecret_headers = {',
        ("the value of Accept is no line",),
    ),
    "no header": (SERVICE, "Authorization =", '"A b" =', ("'A b' is no name of a header",)),
    "no path": (SERVICE, 'path = "/outages"', "", ("incidents: shop is a service: say a `path`",)),
    "a path to another host": (SERVICE, '"/outages"', '"//evil.example"', ("begins with /",)),
    "a path upwards": (SERVICE, '"/outages"', '"/../outages"', ("what no path has",)),
    "a path with a fragment": (SERVICE, '"/outages"', '"/outages#x"', ("what no path has",)),
    "a query of a service": (
        SERVICE,
        'path = "/outages"',
        'query = "SELECT 1"',
        ("incidents: shop is a service: say `path`, and no `query`",),
    ),
    "a path of everybody": (SERVICE, '/people/{email}"', '/people"', ("put {email} into it",)),
    "an empty place": (SERVICE, '/people/{email}"', '/people/{}"', ("{} is nothing",)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_with_its_place(tmp_path: Path, mistake: str) -> None:
    text, old, new, said = MISTAKES[mistake]
    assert old in text
    folder = overlay(tmp_path, facts=text.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        loaded(folder, **{VARIABLE: "sqlite:////crm", SHOP: "Bearer x"})
    message = str(error.value)
    assert message.startswith("facts.toml is not valid:")
    assert [part for part in said if part not in message] == []


@pytest.mark.parametrize(("text", "variable"), [(DATABASE, VARIABLE), (SERVICE, SHOP)])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, text: str, variable: str) -> None:
    """Else every ticket would go without facts, and nobody would know why."""
    with pytest.raises(ConfigError, match=f"^{variable} is not set: the source of facts"):
        loaded(overlay(tmp_path, facts=text))


def test_a_source_that_nothing_comes_from_needs_nothing(tmp_path: Path) -> None:
    """One may prepare what one does not use yet."""
    text = f'[sources.crm]\nkind = "sql"\ncredential = "{VARIABLE}"\n'
    assert list(loaded(overlay(tmp_path, facts=text)).facts.used) == ["files"]
