"""Which values the taxonomy has for a field."""

from collections.abc import Mapping

from config.taxonomy import Taxonomy
from tasks.errors import OperatorError
from tasks.review import queues


def values_of(taxonomy: Taxonomy) -> Mapping[str, tuple[str, ...]]:
    """By field, in the order of the configuration."""
    return {
        "issue_type": taxonomy.names,
        "priority": ("1", "2", "3", "4"),
        "queue": queues(taxonomy),
        "escalated": tuple(criterion.id for criterion in taxonomy.criteria),
    }


def refuse_unknown(taxonomy: Taxonomy, said: Mapping[str, str], hint: str = "") -> None:
    """Raises OperatorError for the first that it does not have; `hint`: what can be done."""
    listed = values_of(taxonomy)
    for field, value in said.items():
        if value not in listed[field]:
            raise OperatorError(f"{value!r} is no {field}: {', '.join(listed[field])}{hint}")
