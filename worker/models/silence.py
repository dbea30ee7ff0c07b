"""A log for litellm's calls that logs nothing. Imports litellm: seconds.

litellm makes a logging object for each call unless it is handed one (`litellm_logging_obj`). Its
own copies the prompt into a payload, prices the answer and starts a task for callbacks, of which
there are none here: 45 % of the CPU time of a call, for nothing. With this one no callback sees a
prompt, whoever registers it. What is not overridden is litellm's own, and unharmed.
"""

from datetime import UTC, datetime
from typing import Any

from litellm.litellm_core_utils.litellm_logging import Logging

EPOCH = datetime.fromtimestamp(0, UTC)


def _attributes() -> dict[str, Any]:
    """Those of a fresh log, for all to start from: litellm's constructor is slow."""
    log: Any = Logging(
        model="",
        messages=[],
        stream=False,
        call_type="acompletion",
        start_time=EPOCH,
        litellm_call_id="",
        function_id="",
    )
    attributes: dict[str, Any] = vars(log)
    return attributes


ATTRIBUTES = _attributes()


class Silence(Logging):  # type: ignore[misc]  # litellm's types are not followed
    """The log of one call. litellm leaves notes to itself in it, so each call has its own."""

    def __init__(self) -> None:
        self.__dict__.update(ATTRIBUTES)
        self.model_call_details: dict[str, Any] = {"litellm_params": {}}
        self.litellm_params: dict[str, Any] = {}

    def should_run_prompt_management_hooks(self, *_: object, **__: object) -> bool:
        """False: the prompt is complete."""
        return False

    def pre_call(self, *_: object, **__: object) -> None:
        """Would log the request."""

    def post_call(self, *_: object, **__: object) -> None:
        """Would log the answer."""

    def claim_async_success_log(self) -> bool:
        """False: nothing is to be logged of a success."""
        return False

    def handle_sync_success_callbacks_for_async_calls(self, *_: object, **__: object) -> None:
        """Would run callbacks."""

    def response_cost_calculator(self, *_: object, **__: object) -> None:
        """No cost: prices are config's, by the model that was asked."""

    def failure_handler(self, *_: object, **__: object) -> None:
        """Would run callbacks."""

    async def async_failure_handler(self, *_: object, **__: object) -> None:
        """Would run callbacks."""
