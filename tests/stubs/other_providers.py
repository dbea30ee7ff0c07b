"""What Anthropic and Google answer, where they do not copy OpenAI."""

from tests.stubs.openai_server import VERDICT


def a_message(text: str = VERDICT, **changed: object) -> dict[str, object]:
    """Anthropic's answer: 900 tokens in, of which 768 from its cache, 40 out."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 132, "cache_read_input_tokens": 768, "output_tokens": 40},
        **changed,
    }


def candidates(text: str = VERDICT, **changed: object) -> dict[str, object]:
    """Google's answer with one candidate; the same counts. `changed` replaces its fields."""
    candidate = {
        "content": {"role": "model", "parts": [{"text": text}]},
        "finishReason": "STOP",
        "index": 0,
        **changed,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 900,
            "cachedContentTokenCount": 768,
            "candidatesTokenCount": 40,
            "totalTokenCount": 940,
        },
        "modelVersion": "gemini-2.5-flash-001",
    }
