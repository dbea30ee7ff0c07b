"""Google's generateContent.

https://ai.google.dev/api/generate-content and .../gemini-api/docs/troubleshooting
"""

import re

from worker.simulator.dialect import Asked, Document, Said, Trouble, text_of

MODEL = re.compile(r"/models/([^/:]+):generateContent$")
OK = 200
COMPLAINTS = {
    Trouble.RATE: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    Trouble.QUOTA: ("RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    Trouble.KEY: ("UNAUTHENTICATED", "API key not valid. Please pass a valid API key."),
    Trouble.PAYMENT: ("FAILED_PRECONDITION", "Please enable billing on your project."),
    Trouble.FORBIDDEN: ("PERMISSION_DENIED", "The caller does not have permission."),
    Trouble.MODEL: ("NOT_FOUND", "There is no models/"),
    Trouble.REJECTED: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    Trouble.CONTEXT: (
        "INVALID_ARGUMENT",
        "The input token count exceeds the maximum number of tokens allowed (1048576).",
    ),
    Trouble.SERVER: ("INTERNAL", "An internal error has occurred."),
    Trouble.OVERLOADED: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
}
"""Status in a word, and message."""

FINISHES = {"cut": "MAX_TOKENS", "filtered": "PROHIBITED_CONTENT", "refused": "SAFETY"}


class Gemini:
    """Implements Dialect."""

    def asked(self, document: Document, path: str) -> Asked:
        found = MODEL.search(path)
        if found is None:
            raise LookupError(path)
        turns = [
            (turn.get("role", "user"), text_of(turn["parts"])) for turn in document["contents"]
        ]
        question = next(text for role, text in turns if role == "user")
        rules = document.get("system_instruction") or document.get("systemInstruction") or {}
        form = document.get("generationConfig") or document.get("generation_config") or {}
        names = ("response_json_schema", "responseJsonSchema", "response_schema", "responseSchema")
        return Asked(
            model=found[1],
            rules=text_of(rules.get("parts")),
            question=question,
            more=sum(len(text) for _, text in turns) - len(question),
            schema=next((form[name] for name in names if name in form), None),
        )

    def completion(self, said: Said, asked: Asked) -> Document:  # noqa: ARG002 - the port's
        candidate: dict[str, object] = {
            "finishReason": FINISHES.get(said.stop, "STOP"),
            "index": 0,
        }
        if said.text is not None and said.stop not in ("filtered", "refused"):
            candidate["content"] = {"role": "model", "parts": [{"text": said.text}]}
        return {**self.nothing(said), "candidates": [candidate]}

    def nothing(self, said: Said) -> Document:
        found = {"candidates": [], "modelVersion": said.model, "responseId": said.id}
        if said.usage is None:
            return found
        counts = {
            "promptTokenCount": said.usage.input_tokens,
            "cachedContentTokenCount": said.usage.cached_tokens,
            "candidatesTokenCount": said.usage.output_tokens,
            "totalTokenCount": said.usage.input_tokens + said.usage.output_tokens,
        }
        return {**found, "usageMetadata": counts}

    def complaint(self, trouble: Trouble, status: int, model: str) -> tuple[int, Document]:
        if trouble is Trouble.FILTERED:  # it says so in a 200 without candidates
            return OK, {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": model}
        word, message = COMPLAINTS[trouble]
        told = f"{message}{model}" if message.endswith("/") else message
        return status, {"error": {"code": status, "message": told, "status": word}}
