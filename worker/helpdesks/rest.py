"""A helpdesk's HTTP interface: one request, and what its failures mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tasks.errors import CredentialRefused, HelpdeskDown, NotAllowed, RateLimited, Rejected
from tasks.ports.clock import Clock
from worker.helpdesks.asked import sending
from worker.retry_after import retry_after

FORBIDDEN = 403
SHOWN = 200  # characters of an answer that an error quotes


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer that the caller knows what to do with; `body` is what its JSON says."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Rest:
    """Asks, from any thread. Nothing is sent twice: that is for whoever knows what was meant."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        credential: str,
        proof: str,
        timeout_seconds: float,
        clock: Clock,
    ) -> None:
        """`credential` is the name of the variable whose value `headers` hold.

        `proof` lies where nobody is refused whose key works: the 403 of one ticket, which was moved
        out of the user's sight, must not stop the work on all others.
        """
        self._credential = credential
        self._proof = proof
        self._clock = clock
        self._client = httpx.Client(
            base_url=url, headers=dict(headers), timeout=timeout_seconds, follow_redirects=False
        )

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        expected: frozenset[int] = frozenset(),
    ) -> Answer:
        """What it answers with success, or with one of the `expected` statuses.

        Raises HelpdeskDown (no answer, 5xx, no JSON), RateLimited (429), CredentialRefused (401,
        402, 403), NotAllowed (403, where the key works), Rejected (any other).
        """
        found = self._send(method, path, params=params, json=body, headers=headers)
        if found.is_success or found.status_code in expected:
            return Answer(status=found.status_code, body=_json(found, path), headers=found.headers)
        raise self._of_this_alone(method, path, found) or self._failure(method, path, found)

    def _of_this_alone(self, method: str, path: str, found: httpx.Response) -> Exception | None:
        """What a 403 means where the key works; None where it does not, or it was no 403."""
        if found.status_code != FORBIDDEN:
            return None
        proof = self._send("GET", self._proof)
        if proof.status_code in {401, 402, FORBIDDEN}:
            return None
        if not proof.is_success:
            return self._failure("GET", self._proof, proof)
        said = f"{method} {path}: {found.status_code} {_beginning(found)}"
        return NotAllowed(f"{said}; its key works: give the fleet's user the right to this there")

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        sending()
        try:
            return self._client.request(method, path, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"{method} {path}: {str(error) or type(error).__name__}"
            raise HelpdeskDown(why) from error

    def _failure(self, method: str, path: str, found: httpx.Response) -> Exception:
        said = f"{method} {path}: {found.status_code} {_beginning(found)}"
        wait = retry_after(found.headers, self._clock.now())
        match found.status_code:
            case 401 | 402 | 403:
                return CredentialRefused(said, credential=self._credential)
            case 429:
                return RateLimited(said, retry_after=wait)
            case _ if found.is_server_error or found.is_redirect:
                return HelpdeskDown(said, retry_after=wait)
            case _:
                return Rejected(said)


def _json(found: httpx.Response, path: str) -> Any:  # noqa: ANN401 - whatever it says
    if not found.content:
        return None
    try:
        return json.loads(found.content)
    except ValueError as error:  # a proxy's page, say
        if not found.is_success:
            return None
        said = f"{path}: {found.status_code} that is no JSON: {_beginning(found)}"
        raise HelpdeskDown(said) from error


def _beginning(found: httpx.Response) -> str:
    return " ".join(found.text[: SHOWN * 2].split())[:SHOWN]
