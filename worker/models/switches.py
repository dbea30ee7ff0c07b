"""litellm's switches, all of them: those that it reads when it is imported, and those after.

Measured on litellm 1.106.2. Each is public; what is passed with a call stands in gateway.py.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

Litellm = Any  # the module: its types are not followed

BEFORE_IMPORT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches a price list at import
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # likewise
    "LITELLM_MODE": "PRODUCTION",  # else it loads whatever .env lies about
    # Sends openai/ and everything compatible through the handler that the other providers have,
    # which takes our client, instead of through OpenAI's SDK: a third of the CPU time of a call.
    "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER": "True",
}

LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")


def set_environment() -> None:
    """What litellm reads from the environment and nowhere else; before it is imported."""
    os.environ.update(BEFORE_IMPORT)  # noqa: TID251 - litellm takes these from nowhere else


class LateTokenizer:
    """Stands in for litellm's tokenizer, which it hands to every call and hardly one provider uses.

    It is 37 MB a process; here it is loaded by whoever asks for anything of it.
    """

    def __init__(self, load: Callable[[], object]) -> None:
        self._load = load

    def __getattr__(self, name: str) -> object:
        return getattr(self._load(), name)


def set_switches(litellm: Litellm) -> None:
    """Turns off all that is not asking: no telemetry, no prints, no fallback, no second try."""
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.drop_params = False  # true: a 422 is answered with a second, smaller request
    litellm.modify_params = False
    litellm.num_retries = None
    litellm.cache = None
    litellm.main.encoding = LateTokenizer(litellm.main._load_default_encoding)  # noqa: SLF001 - no public name
    for name in LOGGERS:  # their warnings may quote a prompt; what matters is raised anyway
        logging.getLogger(name).disabled = True
