"""Several providers that fail apart, each on its port, with one log."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO

from tasks.errors import OperatorError
from tasks.ports.clock import Clock
from worker.clock import SystemClock
from worker.simulator.control import ALL, respond
from worker.simulator.latency import Latency
from worker.simulator.log import MOST, Log
from worker.simulator.model import Model
from worker.simulator.profile import Profile
from worker.simulator.provider import Provider
from worker.simulator.server import LOOPBACK
from worker.simulator.verdict import Verdict


class Simulator:
    """Implements control.Controlled. `with running(Simulator({"alpha": 0})) as it:` it listens.

    `ports` has each provider's, 0 for any that is free; `answers` the verdicts for some texts, by
    answer_key.read. `model` and `provider`: of kinds that say something else. Raises OperatorError
    where it cannot be like that.
    """

    def __init__(  # noqa: PLR0913 - all but the first have a default
        self,
        ports: Mapping[str, int],
        *,
        host: str = LOOPBACK,
        profile: str = "ok",
        seed: int = 0,
        latency: str = "0",
        answers: Mapping[str, Verdict] | None = None,
        file: TextIO | None = None,
        most_records: int = MOST,
        clock: Clock | None = None,
        model: Model | None = None,
        provider: Callable[..., Provider] = Provider,
    ) -> None:
        clock = clock or SystemClock()
        self.log = Log(most=most_records, file=file)
        self._ports, self._host = _sound(ports), host
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began = Profile.parse(profile)
        made = partial(
            provider,
            model=model or Model(answers or {}, clock.now),
            log=self.log,
            seed=seed,
            latency=Latency.parse(latency),
            clock=clock,
            control=lambda provider, request: respond(self, provider.name, request),
        )
        self._providers = {name: made(name) for name in ports}

    def __getitem__(self, provider: str) -> Provider:
        """Raises OperatorError where there is none."""
        found = self._providers.get(provider)
        if found is None:
            known = ", ".join(self._providers)
            raise OperatorError(f"there is no provider {provider!r}: {known}")
        return found

    @property
    def urls(self) -> Mapping[str, str]:
        """The base URL of each provider, as an OpenAI client wants it."""
        return {name: provider.url for name, provider in self._providers.items()}

    async def listen(self) -> None:
        """On every port, or on none. Raises RefusedToStart."""
        self._loop = asyncio.get_running_loop()
        try:
            for name, provider in self._providers.items():
                provider.set_profile(self._began)
                await provider.listen(self._ports[name], self._host)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Drops what is under way; the log has it."""
        for provider in self._providers.values():
            await provider.close()

    def play(self, spec: str, provider: str | None = None) -> None:
        """As set_profile, from a thread that is not the loop's; when it returns, it holds."""
        self.set_profile(spec, provider)
        if self._loop is not None:
            for one in self._meant(provider):
                asyncio.run_coroutine_threadsafe(one.mind(), self._loop).result()

    def set_profile(self, spec: str, provider: str | None = None) -> None:
        """From here on that provider, or each, plays this profile from its start.

        On the loop; its ports open and close a moment later. Raises OperatorError.
        """
        profile = Profile.parse(spec)
        for one in self._meant(provider):
            one.set_profile(profile)

    def state(self) -> dict[str, object]:
        """How it stands, as GET /simulator tells it."""
        return {
            "providers": [provider.state() for provider in self._providers.values()],
            "log": {"kept": len(self.log), "dropped": self.log.dropped},
        }

    def forget(self) -> None:
        """Empties the log and the counts; requests are numbered on."""
        self.log.forget()
        for provider in self._providers.values():
            provider.forget()

    def _meant(self, provider: str | None) -> list[Provider]:
        return list(self._providers.values()) if provider is None else [self[provider]]


def _sound(ports: Mapping[str, int]) -> Mapping[str, int]:
    if not ports or ALL in ports:
        raise OperatorError(f"name at least one provider, and none {ALL!r}")
    return ports
