"""The checkout builds anywhere: nothing in it names a package index or a place on one machine."""

import re

from tests.house.checkout import ROOT, ours

NAMED = {
    "a package index": re.compile(
        r"pypi\.org|pythonhosted\.org|https?://[^\s\"']+/simple\b|index[-_]url\W{1,3}https?:"
    ),
    "a place on one machine": re.compile(
        r"(?<![\w.$}~-])/(?:work|root|opt/pypi|opt/wheels|tmp/lab|home/\w+|Users/\w+)/"
    ),
}


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)} names {what}: {hit.group()}"
        for path in ours()
        if b"\0" not in (content := path.read_bytes())
        for what, pattern in NAMED.items()
        for hit in pattern.finditer(content.decode(errors="replace"))
    ]
    assert found == []


def test_what_is_looked_for_would_be_found() -> None:
    index, place = NAMED.values()
    web, work = "https:", "work"
    assert index.search(f"--index-url {web}//mirror.example/")
    assert index.search(f"{web}//mirror.example/simple")
    assert place.search(f'path = "/{work}/main/x"')
    assert not place.search(f"fixtures/{work}/x and $HOME/{work}/x")


def test_every_package_in_a_lock_has_its_hash() -> None:
    for lock in sorted(ROOT.glob("requirements*.lock")):
        entries = re.split(r"\n(?=\w)", lock.read_text())[1:]
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_locks_agree() -> None:
    pins = {
        lock.name: dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE))
        for lock in ROOT.glob("requirements*.lock")
    }
    checks = pins.pop("requirements-dev.lock")
    for name, packages in pins.items():
        assert packages.items() <= checks.items(), name
