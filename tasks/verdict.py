"""The model's answer as it should be: its shape, and what to say when it is not."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from config.taxonomy import Taxonomy
from tasks.redaction.placeholders import restored


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Evidence(_Strict):
    """A criterion by id, and the customer's words that prove it."""

    criterion: str
    quote: str


class Verdict(_Strict):
    """What the model says. Its shape is right; whether it means anything is for `validate`."""

    issue_type: str
    priority: int
    escalate: bool
    evidence: tuple[Evidence, ...]
    reason: str
    draft: str | None

    @classmethod
    def parse(cls, text: str) -> "Verdict | Misshapen":
        """The verdict in `text`, or what is wrong with its shape. Nothing is repaired."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
            return Misshapen(f"{_where(problem['loc'])}: {problem['msg']}")
        except ValueError:
            return Misshapen("the answer is not text that JSON can hold")

    def restored(self, values: Mapping[str, str]) -> "Verdict":
        """With what its placeholders stand for, wherever it says something in its own words."""
        if not values:
            return self
        return self.model_copy(
            update={
                "evidence": tuple(
                    piece.model_copy(update={"quote": restored(piece.quote, values)})
                    for piece in self.evidence
                ),
                "reason": restored(self.reason, values),
                "draft": None if self.draft is None else restored(self.draft, values),
            }
        )


def _where(path: tuple[int | str, ...]) -> str:
    """The place in our own words: a name that the model made up may hold a piece of the ticket."""
    ours = {*Verdict.model_fields, *Evidence.model_fields}
    parts = [str(part) if isinstance(part, int) or part in ours else "(other)" for part in path]
    return ".".join(parts) or "the answer"


class Misshapen(str):
    """Why an answer is not a verdict; safe to show to the model, holds nothing of the ticket."""

    __slots__ = ()


def _one_of(values: Iterable[str]) -> dict[str, list[str]]:
    """Closed to these values; open where there are none, for an empty `enum` is no schema."""
    listed = list(values)
    return {"enum": listed} if listed else {}


def answer_schema(taxonomy: Taxonomy) -> Mapping[str, object]:
    """JSON schema of the answer, with the live taxonomy's values as the only ones.

    Every property is required and none is added, as strict structured output asks for.
    """
    evidence = {
        "type": "object",
        "properties": {
            "criterion": {"type": "string", **_one_of(c.id for c in taxonomy.criteria)},
            "quote": {"type": "string"},
        },
        "required": ["criterion", "quote"],
        "additionalProperties": False,
    }
    properties = {
        "issue_type": {"type": "string", "enum": list(taxonomy.names)},
        "priority": {"type": "integer", "enum": [1, 2, 3, 4]},
        "escalate": {"type": "boolean"},
        "evidence": {"type": "array", "items": evidence},
        "reason": {"type": "string"},
        "draft": {"type": ["string", "null"]},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
