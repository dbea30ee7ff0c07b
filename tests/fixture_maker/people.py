"""The people who write: made up, at domains that belong to nobody."""

from dataclasses import dataclass

from tests.fixture_maker.draw import Draw

COUNT = 120
FIRST = (
    *("Ada", "Amara", "Anton", "Bea", "Carlos", "Chen", "Dara", "Elif", "Farid", "Greta"),
    *("Hana", "Ivo", "Jonas", "Kaya", "Leila", "Marek", "Nadia", "Oskar", "Priya", "Rosa"),
    *("Sami", "Tove", "Uma", "Yusuf"),
)
LAST = (
    *("Abara", "Berg", "Castillo", "Dubois", "Eriksen", "Fischer", "Grant", "Horvat", "Ito"),
    *("Jansen", "Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Patel", "Rossi"),
    *("Silva", "Tanaka", "Walsh"),
)
DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A requester."""

    name: str
    email: str

    def as_json(self) -> dict[str, str]:
        """As the inbox has it."""
        return {"email": self.email, "name": self.name}


def people(draw: Draw) -> list[Person]:
    """A hundred and twenty people with different names."""
    names = draw.shuffled([(first, last) for first in FIRST for last in LAST], "people")
    return [
        Person(name=f"{first} {last}", email=f"{first}.{last}@{_domain(draw, first, last)}".lower())
        for first, last in names[:COUNT]
    ]


def _domain(draw: Draw, first: str, last: str) -> str:
    return draw.one_of(DOMAINS, "domain", first, last)
