"""The local model answers what it has learnt, abstains otherwise, and is the same everywhere."""

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import OperatorError
from tests.house.checkout import ROOT
from tests.unit.worker.models.lessons import LABELS, STOLEN, lessons, taught
from worker.models.baseline import store
from worker.models.baseline.corpus import Corpus
from worker.models.baseline.examples import Example, read_examples
from worker.models.baseline.grams import MOST_CHARACTERS, pieces, words
from worker.models.baseline.model import Baseline, hash_of
from worker.models.baseline.threshold import FEW, NEVER, least_confidence, upper_bound
from worker.models.baseline.training import FOLDS, folds, train, tried

LOAD_OR_TRAIN = """
import sys
from pathlib import Path
from worker.models.baseline.store import load_or_train
baseline = load_or_train(Path(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[3:]), 0.1)
print(baseline.rank("why was I charged a fee").confidence)
"""


@pytest.fixture
def training(tmp_path: Path) -> Path:
    path = tmp_path / "train.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "intent", "issue_type"))
        rows.writerows((row.text, row.intent, row.issue_type) for row in lessons())
    return path


def test_a_message_gets_the_issue_type_of_those_like_it() -> None:
    """What was never said to the letter is ranked by what it shares with what was."""
    ranked = taught().rank(STOLEN)
    assert ranked.ranking[0] == ("security", ranked.confidence)
    assert ranked.abstains is None
    assert ranked.confidence >= ranked.threshold == taught().threshold


def test_a_typo_does_not_hide_a_word() -> None:
    """Pieces of words survive where words do not."""
    assert taught().rank("the transfr to my frend faild").ranking[0][0] == "transfer"


def test_every_label_is_ranked_and_one_without_examples_has_no_chance() -> None:
    """The ranking is a distribution over the taxonomy, best first."""
    ranking = taught().rank(STOLEN).ranking
    shares = [share for _, share in ranking]
    assert {name for name, _ in ranking} == set(LABELS)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert ranking[-1] == ("other", 0.0)


@pytest.mark.parametrize(
    "text", ["", " \n ", "wie wird das Wetter morgen", "\ud83d", "how tall is mount everest"]
)
def test_what_is_said_in_other_words_is_out_of_scope(text: str) -> None:
    """It says so in words that begin alike, for people and code to tell it from doubt."""
    abstains = taught().rank(text).abstains
    assert abstains is not None
    assert abstains.startswith("out of scope")


def test_a_text_between_two_issue_types_is_not_answered() -> None:
    """Familiar words that point two ways: the reason holds both figures."""
    ranked = taught().rank("why was I charged a fee")
    assert ranked.abstains == f"confidence {ranked.confidence:.3f} is below {ranked.threshold:.3f}"


def test_too_few_examples_promise_nothing() -> None:
    """One wrong in a thousand cannot be shown with 970 examples, so nothing is ever answered."""
    cautious = train(lessons(), LABELS, max_wrong=0.001)
    assert cautious.threshold == NEVER
    assert all(cautious.rank(row.text).abstains for row in lessons())


def test_three_examples_are_too_few_but_no_error() -> None:
    """Somebody begins with three tickets: the model is made, and answers nothing."""
    few = train(
        [
            Example(text="my card", intent="fraud", issue_type="security"),
            Example(text="a transfer", intent="transfer_timing", issue_type="transfer"),
            Example(text="another card", intent="fraud", issue_type="security"),
        ],
        LABELS,
        max_wrong=0.1,
    )
    assert few.rank("my card").ranking[0][0] == "security"
    assert few.rank("my card").abstains is not None


def _with_deliveries(count: int) -> list[Example]:
    texts = [f"parcel {n} with my new garden chair was not delivered" for n in range(count)]
    few = [Example(text=text, intent="late", issue_type="other") for text in texts]
    return [*lessons(), *few]


def test_what_there_are_too_few_examples_of_is_never_answered() -> None:
    """However sure the model is: nobody could say how often such an answer would be right."""
    asked = "the parcel with my new garden chair was not delivered"
    for count, abstains in ((FEW - 1, "there are too few examples of other"), (FEW, None)):
        ranked = train(_with_deliveries(count), LABELS, max_wrong=0.02).rank(asked)
        assert ranked.ranking[0][0] == "other"
        assert ranked.abstains == abstains


def test_a_trial_says_what_the_model_would_have_answered() -> None:
    """By models that had not learnt from it: as many wrong answers as the threshold allows."""
    trial = tried(lessons(), LABELS, max_wrong=0.02)
    assert [LABELS[place] for place in trial.truth] == [row.issue_type for row in lessons()]
    answered, wrong = trial.answered.sum(), (trial.answered & ~trial.right).sum()
    assert upper_bound(np.array([wrong]), np.array([answered]))[0] <= 0.02
    assert 0.5 < trial.answered.mean() < trial.right.mean() < 1


def test_a_subject_that_repeats_the_body_changes_nothing() -> None:
    """Which words are there counts, not how often, so the ticket's two turns are as good as one."""
    assert taught().rank(f"{STOLEN}\n{STOLEN}") == taught().rank(STOLEN)


def test_only_so_much_of_a_text_is_read() -> None:
    """A megabyte costs no more than a page: what follows the page makes no difference."""
    page = (f"{STOLEN} " * MOST_CHARACTERS)[:MOST_CHARACTERS]
    assert taught().rank(page + "transfer " * 100_000) == taught().rank(page)


def test_threads_get_the_same_answers() -> None:
    """Nothing in a model changes while it answers."""
    texts = [row.text for row in lessons()]
    alone = [taught().rank(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(taught().rank, texts)) == alone


def test_training_weighs_a_text_as_answering_does() -> None:
    """Matrices in training, one text at a time afterwards: one rule."""
    texts = [row.text for row in lessons()[:200]]
    for cut, least in ((words, 1), (pieces, 2)):
        corpus = Corpus.read(texts, cut, least=least)
        rarity = corpus.rarity(np.arange(len(texts) // 2))
        vocabulary, weighed = corpus.vocabulary(rarity), corpus.weigh(rarity).toarray()
        for text, expected in zip(texts, weighed, strict=True):
            columns, weights = vocabulary.weigh(text)
            found = np.zeros(len(vocabulary.columns))
            found[columns] = weights
            assert np.allclose(found, expected, atol=1e-5)


def test_every_fold_has_its_part_of_every_intent() -> None:
    """No intent is measured by a model that has hardly met it."""
    intents = [row.intent for row in lessons()]
    turns = folds(intents)
    for intent in set(intents):
        parts = [
            sum(i == intent and t == turn for i, t in zip(intents, turns, strict=True))
            for turn in range(FOLDS)
        ]
        assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([Example(text="hi", intent="greeting", issue_type="greeting")], "'greeting'"),
        ([Example(text="a", intent="fraud", issue_type="security")], "two issue types"),
    ],
)
def test_examples_that_teach_nothing_are_refused(rows: list[Example], complaint: str) -> None:
    """The operator learns which values are strange, or that there is nothing to tell apart."""
    with pytest.raises(OperatorError, match=complaint):
        train(rows, LABELS, max_wrong=0.1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("text,intent\nhello,greeting\n", "example 1 has no issue type for intent 'greeting'"),
        ("text,issue_type\nhello,transfer\n,transfer\n", "example 2 has no text"),
    ],
)
def test_an_incomplete_example_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    """By its file and number, so that it can be mended."""
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OperatorError, match=f"mine.csv, {complaint}"):
        read_examples(path)


def test_a_grouping_beside_the_examples_decides(training: Path) -> None:
    """An intent is moved in one place, and the rows need not be touched."""
    grouping = training.with_name("intent_to_issue_type.csv")
    grouping.write_text("intent,issue_type\ncompromised_card,transfer\n", encoding="utf-8")
    moved = {row.issue_type for row in read_examples(training) if row.intent == "compromised_card"}
    assert moved == {"transfer"}


def test_examples_that_are_not_there_are_an_operators_error(tmp_path: Path) -> None:
    """No traceback for a path that is mistyped."""
    with pytest.raises(OperatorError, match="cannot be read"):
        store.load_or_train(tmp_path / "none.csv", tmp_path, LABELS, 0.1)


def test_a_stored_model_ranks_as_before(tmp_path: Path) -> None:
    """To the last digit, and with the hash of the labels it was trained on."""
    store.save(taught(), tmp_path / "a" / "model.npz")
    loaded = store.load(tmp_path / "a" / "model.npz")
    assert [loaded.rank(r.text) for r in lessons()] == [taught().rank(r.text) for r in lessons()]
    assert loaded.labels_hash == taught().labels_hash == hash_of(reversed(LABELS))
    assert loaded.rare == taught().rare == ("other",)


def test_what_was_trained_once_is_loaded(
    training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start does not read an example, and nothing but the model stays behind."""
    first = store.load_or_train(training, tmp_path / "cache", LABELS, 0.1)
    monkeypatch.setattr(store, "read_examples", _never)
    second = store.load_or_train(training, tmp_path / "cache", LABELS, 0.1)
    assert second.rank(STOLEN) == first.rank(STOLEN)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_other_makings_are_another_model(training: Path) -> None:
    """Labels, tolerance, examples and their grouping are all in the name of the file."""
    origins = [
        store.origin(training, LABELS, 0.1),
        store.origin(training, LABELS[:3], 0.1),
        store.origin(training, LABELS, 0.2),
    ]
    training.with_name("intent_to_issue_type.csv").write_text("intent,issue_type\n")
    origins.append(store.origin(training, LABELS, 0.1))
    training.write_text(training.read_text() + "where is it,pending_transfer,transfer\n")
    origins.append(store.origin(training, LABELS, 0.1))
    assert len(set(origins)) == len(origins)


@pytest.mark.parametrize("kept", [0, 100, 5_000])
def test_a_damaged_file_is_replaced(training: Path, tmp_path: Path, kept: int) -> None:
    """A disk that was full leaves half a file, not a fleet that never starts again."""
    whole = store.load_or_train(training, tmp_path / "cache", LABELS, 0.1)
    [path] = (tmp_path / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:kept])
    assert store.load_or_train(training, tmp_path / "cache", LABELS, 0.1).rank(
        STOLEN
    ) == whole.rank(STOLEN)
    assert _loads(path)


@pytest.mark.timeout(180)  # two times scikit-learn, on a machine that may be busy
def test_two_processes_may_train_at_once(training: Path, tmp_path: Path) -> None:
    """Both get the same model, and one whole file is left."""
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", LOAD_OR_TRAIN, str(training), str(cache), *LABELS]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate(timeout=150)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1] != ""
    [path] = cache.iterdir()
    assert _loads(path)


def test_the_bound_is_wilsons() -> None:
    """Worked by hand: 1 of 100 at 1.6449 is 0.0436; 0 of 268 is 0.0100."""
    bounds = upper_bound(np.array([1, 0]), np.array([100, 268]))
    assert bounds == pytest.approx([0.0436, 0.0100], abs=1e-4)


def test_the_threshold_is_the_least_confidence_that_keeps_the_promise() -> None:
    """A thousand right above ten wrong: the wrong ones stay below it, the right ones reach it."""
    confidence = np.concatenate([np.linspace(1, 0.9, 1_000), np.linspace(0.5, 0.4, 100)])
    right = np.arange(1_100) < 1_000
    threshold = least_confidence(confidence, right, max_wrong=0.01)
    assert 0.4 < threshold < 0.9
    answered = confidence >= threshold
    share = upper_bound(np.array([(~right[answered]).sum()]), np.array([answered.sum()]))
    assert share[0] <= 0.01


def _never(*_: object) -> tuple[Example, ...]:
    raise AssertionError("it was to be loaded, not trained")


def _loads(path: Path) -> bool:
    return isinstance(store.load(path), Baseline)
