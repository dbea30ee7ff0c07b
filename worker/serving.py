"""Opens the models that a worker asks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.request import getproxies

from config.environment import Environment
from config.serving import LOCAL, MODEL_KEY
from config.tiers import Tiers
from worker.compose import CHECKOUT, Shop
from worker.models.compared import Compared
from worker.models.switchboard import Served, Switchboard
from worker.models.warming import warm

if TYPE_CHECKING:
    from worker.models.baseline.provider import LocalBaseline
    from worker.models.gateway import LitellmGateway


def open_models(shop: Shop, tiers: Tiers | None = None, *, warmed: bool = False) -> Switchboard:
    """Every model of these tiers, or without them of config's; the local one is trained first.

    A worker wants them warmed, before it runs a loop.
    """
    tiers = tiers or shop.config.tiers
    models: dict[str, Served] = {}
    if LOCAL in tiers.served:
        models[LOCAL] = _local(shop)
    if hosted := [name for name in tiers.served if name != LOCAL]:
        served: Served = _hosted(shop, tiers, hosted)
        if warmed:
            warm(served, hosted)
        if shop.config.policy.autonomy.local:
            served = Compared(served, models.get(LOCAL) or _local(shop))
        models |= dict.fromkeys(hosted, served)
    return Switchboard(models)


def _hosted(shop: Shop, tiers: Tiers, names: Iterable[str]) -> "LitellmGateway":
    # Imported only where somebody is asked over the network: it brings litellm's connections.
    from worker.models.gateway import Endpoint, LitellmGateway  # noqa: PLC0415

    endpoints = {}
    for name in names:
        model = tiers.model(name)
        key = shop.config.environment.credentials.get(model.credential or "", "")
        endpoints[name] = Endpoint(
            api_base=model.api_base,
            api_key=key,
            credential=model.credential or whose_key(name, shop.config.environment),
            logprobs=model.logprobs,
        )
    return LitellmGateway(endpoints, clock=shop.clock, proxies=getproxies())


def whose_key(model: str, environment: Environment) -> str:
    """The variable that is to be mended where a model that has no key turns out to need one."""
    return MODEL_KEY if model == environment.model else "none"


def _local(shop: Shop) -> "LocalBaseline":
    # Imported only where it serves: it brings numpy, 30 MB a process.
    from worker.models.local import load_local  # noqa: PLC0415

    return load_local(shop.config, CHECKOUT, shop.home.cache, shop.clock)
