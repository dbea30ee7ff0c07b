"""The database and the service of docs/facts.md, as its reader has them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.foreign_database import ForeignDatabase
from worker.simulator.answer import Answer, answering
from worker.simulator.request import Request
from worker.simulator.running import running
from worker.simulator.server import Server

DATABASE = "postgresql://triage:PASSWORD@db.example.org/crm"
SERVICE = "https://api.shop.example/v2"
SHOWN: Mapping[str, str] = {
    "CRM_DATABASE_URL": DATABASE,
    "SHOP_API_AUTHORIZATION": "Bearer YOUR_KEY",
}
"""What the page sets, variable by variable."""


class DocumentedService(Server):
    """One outage; of nobody's calls does it know."""

    def answer(self, request: Request) -> Answer:
        """As the page has it."""
        if request.headers.get("authorization") != "Bearer YOUR_KEY":
            return answering({}, status=401)
        if request.path == "/v2/outages":
            outage = {"no": 1, "text": "Tills are slow", "parts": ["tills"], "began": "2026-11-01"}
            return answering([outage])
        return answering({}, status=404)


@contextmanager
def documented_sources(folder: Path) -> Iterator[Mapping[str, str]]:
    """Where they are, by what the page calls them."""
    database = ForeignDatabase(f"sqlite:///{folder}/crm")
    with running(DocumentedService()) as service:
        yield {DATABASE: database.url, SERVICE: f"{service.root}/v2"}
    database.close()
