"""`triage check` asks each source of facts, and names what is wrong with it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.fleet import a_place
from tests.servers.foreign_database import TWO_TABLES, VARIABLE, ForeignDatabase
from tests.stubs.facts_service import ACCOUNT, REST, SECRET, FactsService, facts_service
from tests.stubs.facts_service import VARIABLE as SHOP
from worker.cli.exit_codes import ExitCode
from worker.simulator.answer import Answer

SERVICE = ACCOUNT[: ACCOUNT.index("[account]")] + REST
FACTS = TWO_TABLES + SERVICE


@dataclass(frozen=True, kw_only=True)
class Firm:
    """A database and a service that are well, and whom to ask about."""

    folder: Path
    database: ForeignDatabase
    service: FactsService

    def check(
        self,
        text: str = FACTS,
        *,
        code: int = ExitCode.REFUSED,
        variables: Mapping[str, str] | None = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """What it finds about facts, by what it is about."""
        known = {VARIABLE: self.database.url, SHOP: SECRET, **(variables or {})}
        folder = self.folder / str(len(list(self.folder.iterdir())))
        folder.mkdir()
        place = a_place(folder, known, facts_toml=text.replace("PORT", self.service.port))
        try:
            said = place.ask("check", "--json", code=code).json()["findings"]
        finally:
            place.clear()
        found: dict[str, list[dict[str, Any]]] = {}
        for one in said:
            if one["what"].startswith(("facts", "configuration")):
                found.setdefault(one["what"], []).append(one)
        assert "made-up" not in json.dumps(found)
        return found

    def wrong(
        self, what: str, text: str = FACTS, variables: Mapping[str, str] | None = None
    ) -> str:
        """What is wrong with that one source; all else is well."""
        found = self.check(text, variables=variables)
        assert {one for one, rows in found.items() if rows[0]["level"] != "ok"} == {what}
        [finding] = found[what]
        assert finding["level"] == "wrong"
        assert "facts.toml" in finding["remedy"]
        return str(finding["says"])


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    database = ForeignDatabase(f"sqlite:///{tmp_path}/crm")
    with facts_service() as service:
        yield Firm(folder=tmp_path, database=database, service=service)
    database.close()


def _with_email(text: str = FACTS) -> str:
    return f'check_email = "Ada@example.com"\n{text}'


def test_sources_that_are_well_are_said_to_be(firm: Firm) -> None:
    """With a customer to ask about, by how much they know of them."""
    found = firm.check(code=ExitCode.DONE)
    assert found["facts crm"][0]["says"] == "answers: account, billing"
    assert found["facts shop"][0]["says"] == "answers: incidents, interactions"
    firm.database.put("customers", cust_no="7", mail="ADA@example.com", product="x", segment="gold")
    firm.service.calls["ada@example.com"] = [
        {"no": n, "began": "2026-11-01", "by": "phone", "gist": ""} for n in range(5)
    ]
    found = firm.check(_with_email(), code=ExitCode.DONE)
    assert found["facts crm"][0]["says"] == "answers: account (1), billing (0)"
    assert found["facts shop"][0]["says"] == "answers: incidents (0), interactions (5)"


def test_a_customer_who_is_not_there_is_a_warning(firm: Firm) -> None:
    """All may be well, or the query looks into the wrong column."""
    found = firm.check(_with_email(), code=ExitCode.DONE)
    assert [one["level"] for one in found["facts crm"]] == ["ok", "warning"]
    assert found["facts crm"][1]["says"] == "it has no account for check_email"


def test_a_table_that_is_not_there_is_named(firm: Firm) -> None:
    said = firm.wrong("facts crm", FACTS.replace("FROM payments", "FROM payment"))
    assert said == "billing: OperationalError (SQLITE_ERROR): no such table: payment"


def test_a_column_that_is_not_there_is_named(firm: Firm) -> None:
    """Ours for it, too, although no customer was found."""
    said = firm.wrong("facts crm", FACTS.replace('plan = "product"', 'plan = "produce"'))
    assert said.startswith("account: the query gives no 'produce'; it gives cust_no, product")


def test_a_value_that_is_none_of_ours_is_named_by_its_field(firm: Firm) -> None:
    firm.database.put("customers", cust_no="7", mail="ada@example.com", product="x", segment="iron")
    said = firm.wrong("facts crm", _with_email())
    assert said.startswith("account: tier ('segment' there) is none of basic, plus, business")


def test_an_address_of_a_database_that_is_none_is_named_by_its_variable(firm: Firm) -> None:
    said = firm.wrong("facts crm", variables={VARIABLE: "crm.example.org/made-up"})
    assert said.startswith(f"{VARIABLE} is no address of a database")


def test_a_service_that_is_away_is_named(firm: Firm) -> None:
    """With what this machine says of it."""
    said = firm.wrong("facts shop", FACTS.replace("PORT", "1"))
    assert "incidents: no answer (ClientConnectorError)" in said
    assert "127.0.0.1" in said


def test_a_service_that_hangs_is_named(firm: Firm) -> None:
    firm.service.faults["outages"] = Answer(end="hang")
    text = FACTS.replace("[incidents]\n", "[incidents]\ntimeout_seconds = 0.2\n")
    assert firm.wrong("facts shop", text) == "incidents: no answer within 0.2 s"


def test_a_key_that_is_refused_is_named_by_its_variable(firm: Firm) -> None:
    said = firm.wrong("facts shop", variables={SHOP: "Bearer made-up-too"})
    assert said.startswith(f"incidents: 401, it refuses {SHOP}")


def test_a_path_that_leads_nowhere_is_named(firm: Firm) -> None:
    """A 404 may mean that nobody is there, which is for config to say."""
    firm.service.faults["calls"] = Answer(status=404)
    said = firm.wrong("facts shop")
    assert said.startswith("interactions: it answered 404: where that means")


def test_another_shape_is_named(firm: Firm) -> None:
    said = firm.wrong("facts shop", FACTS.replace('at = "calls"', 'at = "data.calls"'))
    assert said == "interactions: the answer has nothing at 'data.calls'"


def test_a_variable_that_is_not_set_keeps_a_fleet_from_its_start(firm: Firm) -> None:
    found = firm.check(variables={VARIABLE: " "})
    [[finding]] = found.values()
    assert finding["what"] == "configuration"
    assert finding["says"].startswith(f"{VARIABLE} is not set: the source of facts `crm`")


def test_a_secret_that_everybody_on_the_way_could_read_is_a_warning(firm: Firm) -> None:
    """Beside that the service does not answer there."""
    text = FACTS.replace("http://127.0.0.1:PORT", "http://shop.invalid:1")
    found = firm.check(text)["facts shop"]
    assert [one["level"] for one in found] == ["wrong", "warning"]
    assert "its secrets are sent to shop.invalid for all on the way to read" in found[1]["says"]


def test_files_that_are_malformed_are_named(tmp_path: Path) -> None:
    """The one file, and its entry."""
    place = a_place(tmp_path)
    (tmp_path / "facts" / "billing_events.json").write_text('{"C-1": [{"id": 1}]}')
    said = place.ask("check", "--json", code=ExitCode.REFUSED).json()["findings"]
    [found] = [one for one in said if one["what"] == "facts files"]
    assert found["says"].startswith("billing_events.json is malformed: entry 1")
    place.clear()
