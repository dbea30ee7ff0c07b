"""Every section keeps to its budget: head and tail stay, and what is left out is counted."""

import pytest

from tasks.sections import cut, cut_facts, cut_list, cut_turns, tokens


def _turn(body: str) -> dict[str, str]:
    return {"author": "customer", "body": body}


def test_what_fits_is_told_as_it_is() -> None:
    assert cut("Hello", 5) == ("Hello", 0)
    assert cut_turns([_turn("a"), _turn("b")], 100) == ([_turn("a"), _turn("b")], 0)


def test_a_long_text_keeps_its_head_and_its_tail_and_says_how_much_is_gone() -> None:
    text, left_out = cut("a" * 500 + "b" * 500, 200)
    assert text.startswith("aaaa")
    assert text.endswith("bbbb")
    assert f"[... {left_out} characters left out ...]" in text
    assert text.count("a") + text.count("b") - len("characters") + left_out >= 1_000 - 20


def test_no_placeholder_is_cut_in_two() -> None:
    for shift in range(30):
        text, _ = cut("x" * (60 + shift) + "[EMAIL_1]" + "y" * 400, 200)
        assert "[EMAIL" not in text.replace("[EMAIL_1]", "")


def test_of_turns_the_long_ones_are_cut_to_one_length_and_the_short_ones_stay() -> None:
    turns = [_turn("short"), _turn("l" * 3_000), _turn("m" * 3_000)]
    shown, left_out = cut_turns(turns, 500)
    assert shown[0] == turns[0]
    assert abs(len(shown[1]["body"]) - len(shown[2]["body"])) < 8
    assert tokens(shown) <= 500
    assert left_out > 4_000


def test_of_facts_the_oldest_interactions_go_first() -> None:
    facts = {
        "account": {"plan": "plus"},
        "billing": [{"id": f"B-{n}", "status": "x" * 90} for n in range(10)],
        "interactions": [{"id": f"N-{n}", "summary": "y" * 90} for n in range(3)],
    }
    most = tokens(facts) - 20
    shown, left_out = cut_facts(facts, most)
    assert [one["id"] for one in shown["interactions"]] == ["N-0", "N-1"]
    assert len(shown["billing"]) == 10
    assert (left_out, tokens(shown) <= most) == (1, True)


@pytest.mark.parametrize("most", [800, 1_500])
def test_facts_of_any_size_are_told_within_their_budget(most: int) -> None:
    facts = {
        "account": dict.fromkeys(("customer_id", "plan", "tier"), "\x01" * 5000),
        "billing": [{"id": "z" * 5_000}] * 50,
        "unavailable": dict.fromkeys(("billing", "incidents", "interactions"), "\x02" * 9_000),
    }
    assert tokens(cut_facts(facts, most)[0]) <= most


def test_of_a_list_the_first_are_told() -> None:
    assert cut_list([{"n": 1}, {"n": 2}], "of", 5) == ([{"n": 1}], 1)


def test_of_a_list_the_last_ones_lose_their_detail_before_any_goes() -> None:
    found = [{"n": 1, "of": "a" * 30}, {"n": 2, "of": "b" * 30}]
    assert cut_list(found, "of", 100) == (found, 0)
    assert cut_list(found, "of", 22) == ([found[0], {"n": 2}], 1)
    assert cut_list(found, "of", 10) == ([{"n": 1}, {"n": 2}], 2)
    assert cut_list(found, "of", 5) == ([{"n": 1}], 2)
