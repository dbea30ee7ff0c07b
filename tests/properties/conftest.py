"""How the properties are tried: the same examples for everybody, under the test's own clock."""

from hypothesis import settings

settings.register_profile("ours", deadline=None, derandomize=True, database=None)
settings.load_profile("ours")
