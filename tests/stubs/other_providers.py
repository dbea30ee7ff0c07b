"""What Anthropic and Google answer, where they do not copy OpenAI."""

from tests.stubs.openai_server import ASKED, USAGE, VERDICT
from worker.simulator.dialect import Said
from worker.simulator.routes import ANTHROPIC, GEMINI


def a_message(text: str = VERDICT, **changed: object) -> dict[str, object]:
    """Anthropic's answer: 900 tokens in, of which 768 from its cache, 40 out."""
    said = Said(id="1", model="claude-haiku-4-5-20251001", text=text, usage=USAGE)
    return {**ANTHROPIC.completion(said, ASKED), **changed}


def candidates(text: str = VERDICT, **changed: object) -> dict[str, object]:
    """Google's answer with one candidate; the same counts. `changed` replaces its fields."""
    said = Said(id="1", model="gemini-2.5-flash-001", text=text, usage=USAGE)
    document = GEMINI.completion(said, ASKED)
    return {**document, "candidates": [{**document["candidates"][0], **changed}]}
