"""`python -m tests.acceptance.warmed`: a new process asks each provider's route, once it is warm.

Prints the requests that the warming has sent and the modules that the first questions imported.
"""

import asyncio
import json
import sys

from tests.acceptance.asking import MODELS, a_question, a_success, endpoints
from tests.stubs.openai_server import openai_server
from worker.clock import SystemClock
from worker.models.gateway import LitellmGateway
from worker.models.warming import warm
from worker.simulator.answer import answering


def main() -> None:
    """One JSON object on standard output."""
    with openai_server() as stub:
        gateway = LitellmGateway(endpoints(stub), clock=SystemClock())
        warm(gateway, endpoints(stub))
        sent, loaded = len(stub.requests), set(sys.modules)

        async def ask_each() -> None:
            for model in MODELS:
                stub.script(answering(a_success(model)))
                await gateway.ask(a_question(model))
            await gateway.aclose()

        asyncio.run(ask_each())
        asked = len(stub.requests) - sent
    late = sorted(set(sys.modules) - loaded)
    sys.stdout.write(json.dumps({"sent": sent, "asked": asked, "late": late}))


if __name__ == "__main__":
    main()
