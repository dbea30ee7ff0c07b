"""One noun per file: none grows past a sitting, and none has a name that takes in anything."""

from tests.house.checkout import ROOT, ours

MOST_LINES = 300
NAMES_FOR_ANYTHING = {"base", "common", "helper", "helpers", "manager", "util", "utils"}


def test_no_python_file_is_longer_than_a_sitting() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in ours()
        if path.suffix == ".py"
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_file_has_a_name_that_takes_in_anything() -> None:
    names = {
        path.relative_to(ROOT): {
            word
            for part in path.relative_to(ROOT).with_suffix("").parts
            for word in part.split("_")
        }
        for path in ours()
        if path.suffix == ".py"
    }
    assert [str(path) for path, words in names.items() if words & NAMES_FOR_ANYTHING] == []
