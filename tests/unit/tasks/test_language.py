"""The language is what the source says, else what the text shows; nobody guesses."""

import csv

import pytest

from tasks.language import detected, language_of, name_of, spoken
from tasks.ticket import Turn
from tests.house.checkout import ROOT
from tests.twins.ticket import a_ticket

SAID = {
    "en": "I was charged twice for one coffee and I would like my money back",
    "de": "Ich habe meine neue Karte noch nicht bekommen und warte schon seit zwei Wochen darauf",
    "fr": "Bonjour, je n'ai pas encore reçu ma carte et je ne sais pas pourquoi",
    "es": "Hola, no puedo entrar en mi cuenta desde ayer y no sé qué hacer",
    "it": "Buongiorno, non riesco ad accedere al mio conto, come posso fare?",
    "pt": "Olá, não consigo acessar a minha conta, você pode me ajudar por favor?",
    "nl": "Ik heb mijn pas nog niet ontvangen en ik wil graag weten waar het is",
    "pl": "Dzień dobry, nie mogę zalogować się na moje konto i nie wiem dlaczego",
    "sv": "Hej, jag kan inte logga in på mitt konto och vet inte varför det är så",
    "tr": "Merhaba, kartım hâlâ gelmedi, bana yardımcı olabilir misiniz lütfen?",
    "ru": "Здравствуйте, я не могу войти в свой счёт, помогите пожалуйста",
    "uk": "Добрий день, я не можу увійти до свого рахунку, допоможіть",
    "el": "Καλημέρα, δεν μπορώ να μπω στον λογαριασμό μου",
    "ja": "カードがまだ届いていません。どうすればいいですか。",
    "zh": "我的卡还没有到，请问什么时候可以收到？",
    "ko": "카드가 아직 도착하지 않았습니다. 도와주세요.",
    "ar": "مرحبا، لم تصل بطاقتي بعد، هل يمكنكم المساعدة؟",
    "he": "שלום, הכרטיס שלי עדיין לא הגיע",
    "th": "บัตรของฉันยังไม่มาถึง ช่วยด้วยค่ะ",
    "vi": "Xin chào, tôi không thể đăng nhập vào tài khoản của tôi",
}


@pytest.mark.parametrize(("language", "text"), SAID.items())
def test_a_sentence_shows_its_language(language: str, text: str) -> None:
    assert detected(text) == language
    assert len(name_of(language)) > 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Card?",
        "Danke!",
        "ERROR 0x80070005 at C:\\Users\\ada\\die\\der\\das.dll",
        "https://example.org/und/nicht/ein/eine/der/die/das",
        "Visa Mastercard Maestro Iban Swift Bic Sepa Paypal",
        "Ich habe meine Karte noch nicht und I do not have it and I want to know why it is so",
    ],
)
def test_of_what_is_short_or_no_language_nobody_says_anything(text: str) -> None:
    assert detected(text) is None


def test_what_the_source_declares_counts() -> None:
    german = SAID["de"]
    assert language_of(a_ticket(german)) == "de"
    assert language_of(a_ticket(german, language="en")) == "en"
    assert language_of(a_ticket(german, language="DE-at")) == "de"
    assert language_of(a_ticket(german, language="unknown")) == "de"


def test_a_short_answer_is_in_the_language_of_what_was_said_before() -> None:
    turn = Turn(author="customer", body=SAID["de"])
    assert language_of(a_ticket("Ja!", thread=(turn,))) == "de"


def test_none_of_ten_thousand_english_messages_is_taken_for_another_language() -> None:
    """A ticket that goes to people for nothing is what this must never do."""
    with (ROOT / "fixtures" / "bank" / "train.csv").open(newline="") as file:
        found = [detected(row["text"]) for row in csv.DictReader(file)]
    assert {*found} <= {"en", None}
    assert found.count("en") > 0.85 * len(found)


def test_a_question_above_a_quotation_in_another_language_is_heard() -> None:
    """Else whoever forwards a foreign letter would be answered by nobody."""
    letter = "Љубазни господине, молимо вас да нам пошаљете потврду о уплати рачуна за струју."
    asked = "Which rate do I get for dollars, and when is it paid?"
    assert "en" in spoken(a_ticket(f"{asked}\n{letter}\n{letter}"))
    assert "en" not in spoken(a_ticket(letter))
