"""The staging profile: every model is asked at a provider simulator, under a made-up key.

One setting, TRIAGE_SIMULATOR, says where it is. Tiers, prices, limits, rules, prompts and taxonomy
stay what they are, so that what is tried is what will run. A provider is what stands before the
slash in a model's name: each has a port of its own, in the order in which tiers.toml names them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from config.errors import ConfigError
from config.tiers import Model, Tiers

ADDRESS = "http://127.0.0.1:8801"
"""Where `triage simulate-provider` is unless it is told otherwise."""

LAST_PORT = 65_535
OURS = "local"
"""No provider: a model in the worker itself."""

BARE = frozenset({"anthropic", "azure", "gemini"})
"""Providers whose base URL ends without /v1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Staging:
    """Where the simulator is: the first provider at `port`, each other on the next one."""

    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> Self:
        """Of `http://HOST:PORT`. Raises ConfigError."""
        found = re.fullmatch(r"http://([^\s/:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})/?", address)
        if not found or not 0 < int(found[2]) <= LAST_PORT:
            message = f"TRIAGE_SIMULATOR is {address!r}: give http://HOST:PORT, as {ADDRESS}"
            raise ConfigError(message)
        return cls(host=found[1], port=int(found[2]))

    def ports(self, tiers: Tiers) -> Mapping[str, int]:
        """Each provider's."""
        names = dict.fromkeys(provider(model.name) for model in tiers.everyone)
        names.pop(OURS, None)
        return {name: self.port + place for place, name in enumerate(names)}

    def pointed(self, tiers: Tiers) -> Tiers:
        """The same tiers, with every model but our own asked at the simulator."""
        ports = self.ports(tiers)
        changes = {
            "models": tuple(self._pointed(model, ports) for model in tiers.models),
            "judges": tuple(self._pointed(model, ports) for model in tiers.judges),
        }
        return tiers.model_copy(update=changes)

    def _pointed(self, model: Model, ports: Mapping[str, int]) -> Model:
        name = provider(model.name)
        if name not in ports:
            return model
        return model.model_copy(update={"api_base": self._base(name, ports[name])})

    def _base(self, name: str, port: int) -> str:
        return f"http://{self.host}:{port}{'' if name in BARE else '/v1'}"


def provider(model: str) -> str:
    """Who serves the model of that name."""
    return model.partition("/")[0]


def keys(tiers: Tiers) -> Mapping[str, str]:
    """A made-up key in place of every credential: no real one reaches the simulator."""
    named = {model.credential for model in tiers.everyone if model.credential}
    return {name: f"simulated-{name}" for name in sorted(named)}
