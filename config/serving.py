"""Which of the models that are written down can be asked, and which of them serve which tier."""

import re
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from config.environment import Environment
from config.errors import ConfigError
from config.tiers import Model, Price, Tier, Tiers

LOCAL = "local/baseline"
"""The model that needs no key; the embedded default."""


MODEL_KEY = "TRIAGE_MODEL_API_KEY"
"""The variable with the key of the model that TRIAGE_MODEL names; one of your own may need none."""


def usable(tiers: Tiers, environment: Environment) -> Tiers:
    """The tiers with what can be asked: one model by the environment, or those with a key.

    What costs nothing is not judged: a judge would send its tickets away, and be paid for that.
    """
    ready = {
        model.name
        for model in tiers.everyone
        if model.credential is None or model.credential in environment.credentials
    }
    tiers = tiers.model_copy(
        update={"judges": tuple(one for one in tiers.judges if one.name in ready)}
    )
    if environment.model:
        return _only(_named(environment), tiers)
    kept = [tuple(name for name in tier.models if name in ready) for tier in tiers.tiers]
    serving = [place for place, models in enumerate(kept) if models]
    if not serving:
        return _only(_local(tiers), tiers)
    # A tier none of whose models has a key borrows the nearest tier's, of two the dearer's.
    return tiers.model_copy(
        update={
            "tiers": tuple(
                tier.model_copy(
                    update={"models": kept[min(serving, key=lambda s: (abs(s - place), -s))]}
                )
                for place, tier in enumerate(tiers.tiers)
            )
        }
    )


def _local(tiers: Tiers) -> Model:
    try:
        return tiers.model(LOCAL)
    except KeyError as error:
        keys = sorted({model.credential for model in tiers.models if model.credential})
        message = f"tiers.toml: no model can be asked; set {' or '.join(keys)}, or add {LOCAL}"
        raise ConfigError(message) from error


def _only(model: Model, tiers: Tiers) -> Tiers:
    others = tuple(one for one in tiers.judges if one.name != model.name)
    return tiers.model_copy(
        update={
            "models": (model,),
            "judges": () if model.is_local else others,
            "tiers": tuple(
                Tier(name=tier.name, models=(model.name,), why=tier.why) for tier in tiers.tiers
            ),
        }
    )


def _named(environment: Environment) -> Model:
    name = environment.model or ""
    if name == LOCAL:
        return Model(name=LOCAL, credential=None, price=_price("0,0"), why="named by TRIAGE_MODEL")
    if not environment.model_price:
        message = (
            f"TRIAGE_MODEL is {name} but TRIAGE_MODEL_PRICE is not set: give US dollars per "
            "million tokens as INPUT,OUTPUT, for example TRIAGE_MODEL_PRICE=0.25,2"
        )
        raise ConfigError(message)
    base = environment.model_api_base
    if base is not None and not re.match(r"https?://[^/\s]", base):
        message = "TRIAGE_MODEL_API_BASE is no address: give http://HOST[:PORT]/PATH or https://…"
        raise ConfigError(message)
    try:
        return Model(
            name=name,
            credential=MODEL_KEY if environment.model_api_key else None,
            api_base=environment.model_api_base,
            price=_price(environment.model_price),
            why="named by TRIAGE_MODEL",
        )
    except ValidationError as error:
        message = (
            f"TRIAGE_MODEL is {name!r}: name it as PROVIDER/MODEL, for example openai/gpt-5-mini"
        )
        raise ConfigError(message) from error


def _price(text: str) -> Price:
    try:
        given, returned = (Decimal(part.strip()) for part in text.replace(";", ",").split(","))
        return Price(input=given, output=returned)
    except (ValueError, InvalidOperation) as error:
        message = (
            f"TRIAGE_MODEL_PRICE is {text!r}: give INPUT,OUTPUT in US dollars per million tokens"
        )
        raise ConfigError(message) from error
