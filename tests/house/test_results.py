"""What the docs say of storms is what their records say."""

import json
from pathlib import Path

import pytest

from tests.chaos.publish import PAGE, RESULTS, page, results


def test_the_tables_are_those_of_the_records() -> None:
    """`python -m tests.chaos.publish` writes them anew."""
    text = PAGE.read_text()
    assert page(text, results()) == text


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.name)
def test_a_record_is_one_of_ours(path: Path) -> None:
    document = json.loads(path.read_text())
    assert isinstance(document, dict)


def test_a_violation_is_not_left_out(tmp_path: Path) -> None:
    """Whatever a storm found is in the tables, and not only what is pleasant."""
    storm = {
        "ledger": "sqlite",
        "seed": 9,
        "tickets": 1_000,
        "faults": {
            "process_store_disk": {"flushall": 10, "beat_kill": 10},
            "message_provider_helpdesk_clock": {"reset": 1_000},
        },
        "kills": 4,
        "kills_of_busy_workers": 3,
        "violations": {"I1": ["one", "two"], "I2": []},
        "twins_found": 1,
        "rest_seconds": 12.4,
    }
    (tmp_path / "chaos-9.json").write_text(json.dumps(storm))
    made = results(tmp_path)
    assert "| sqlite | 9 | 1,000 | 20 of 2 kinds | 300 of 1 kinds | 3 of 4 | **2** |" in made
    assert "| 0.0094 | 1 | 12 s |" in made
    assert "| beat kill | 10 |" in made
