"""Every shipped escalation criterion is met by what customers say when it is true, and by no more.

A criterion calls a person at once. So it must hold for the honest words of somebody in need, and
must not hold for those who only ask what would happen if. Wrong spellings are the customers' own.
"""

import pytest

from tests.twins.desk import shipped

MET: dict[str, tuple[str, ...]] = {
    "money_taken": (
        "there is a payment on my card that i did not make",
        "A direct debit payment that I didn't authorise shows up in my app",
        "i didnt make these transactions",
        "I definitely never made this withdrawal",
        "there are some transactions on my card that i dont recognize",
        "I do not recognise a payment of 340 pounds",
        "I don't remember making this purchase at all",
        "there is a cash withdrawal in my account that isn't mine",
        "the app shows a withdrawal that was not done by me",
        "someone is using my card to purchase flights to New York",
        "Somebody has withdrawn 500 in cash this morning",
        "I think somebody just made a withdrawal of 500",
        "thieves have taken all the money out of my account",
        "there are unauthorized transactions on my account",
        "my card has been used without my permission",
        "my account has been hacked and it is empty",
        "I don't know if someone cloned it but someone used my card in a town I have never been to",
    ),
    "theft": (
        "My card was stolen last night",
        "someone stole my wallet on the train",
        "I have lost my phone",
        "i got mugged yesterday and they took everything",
        "my bag got stolen with all my cards",
        "Yesterday I had my phone stolen at a concert",
        "I can't find my card anywhere",
        "my card has gone missing since friday",
        "I need to report a stolen card",
        "I don't know if I lost my card or if it was stolen",
        "Somebody took my handbag with my card in it",
        "my wallet was taken from the changing room",
        "I found out that my card was stolen",
    ),
    "legal_threat": (
        "you will hear from my lawyer next week",
        "I have spoken to a solicitor about this",
        "we are going to take legal action against your bank",
        "I will report you to the police for this",
        "I am complaining to the Financial Ombudsman tomorrow",
        "the next step is the small claims court",
        "I will go to the press with this story",
        "if I get no answer I will see you in court",
        "My attorney advised me not to pay",
        "then I have no choice but to sue the bank",
    ),
    "vulnerable_customer": (
        "I have no money to buy food for my children",
        "i cannot pay my rent because of this block",
        "We are stranded at the airport without any cash",
        "my husband passed away last month and I have no access",
        "I can't afford my insulin until this is released",
        "I am in hospital and need to pay for the taxi",
        "we will be homeless by the end of this week",
        "my father died and the account is frozen",
        "my kids will be going hungry, nothing to eat is left, the kids are hungry",
        "I need to get away from an abusive partner",
        "my wife has cancer and we need this money",
        "I am on dialysis and cannot come to the branch",
    ),
}

NOT_MET: dict[str, tuple[str, ...]] = {
    "money_taken": (
        "What should I do if someone uses my card?",
        "what do i do if i see a payment that i didn't make?",
        "How can I stop someone from using my card?",
        "I lost my phone and need help so someone doesn't access my account",
        "I want to close my account and I will never do business with you again",
        "I have been charged twice for something I have not made twice",
        "the transfer never made it to my landlord",
        "I didn't mean to make that transfer, please cancel it",
        "I sent money to an account that wasn't mine",
        "someone made a mistake on my money transfer",
        "The cash machine did not recognise my PIN",
        "I do not remember my passcode for the app",
        "Can someone else top up my account?",
        "Why did you take a fee for my withdrawal?",
    ),
    "theft": (
        "what do I do if my card is stolen?",
        "What happens when my phone is lost?",
        "If I lost my phone at the hotel, can I still use the app?",
        "in case my wallet was stolen, whom would I call?",
        "I found my lost card in my jacket this morning",
        "I thought I lost my card but I found it today",
        "How much is a replacement for a lost or stolen card?",
        "has my card been lost in the mail?",
        "I still haven't received my card, I am worried it is lost",
        "I used my card to top up but the money is missing",
        "my card is not lost, it simply does not work",
        "I lost my card in the ATM",
        "the ATM took my card and gave it back",
        "I can't find my card number in the app",
        "are you robbing your customers with these fees",
    ),
    "legal_threat": (
        "the payment to my solicitor is still pending",
        "I sent the deposit to my lawyer by mistake",
        "I am a lawyer and need to verify my identity",
        "how do I pay by American Express in the app",
        "is it legal to charge a fee for this",
        "I pressed the wrong button and it froze",
        "The machine is next to the police station",
        "My card was stolen and I made a police report",
        "I am not going to sue anybody, I just want help",
        "please go to the next page of the statement",
    ),
    "vulnerable_customer": (
        "my phone died while I was topping up",
        "the cash machine in the hospital declined my card",
        "I work at the hospital and get paid on Friday",
        "I was killing time while the transfer was pending",
        "can I pay my rent by direct debit",
        "how do I open an account for my children",
        "what if I die, who gets the money",
        "I would like to donate to a homeless shelter",
        "I bought food and was charged twice",
        "the fee is sick, frankly, and so is the rate",
        "what are the symptoms of cancer",
    ),
}


def _pairs(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(criterion, sentence) for criterion, said in table.items() for sentence in said]


def _holds(criterion_id: str, sentence: str) -> bool:
    criterion = shipped().taxonomy.criterion(criterion_id)
    assert criterion is not None
    return criterion.holds(sentence.casefold())


@pytest.mark.parametrize(("criterion", "sentence"), _pairs(MET))
def test_a_criterion_is_met_by_the_words_of_somebody_in_need(criterion: str, sentence: str) -> None:
    """A true escalation that is not believed ends as a dead letter."""
    assert _holds(criterion, sentence)


@pytest.mark.parametrize(("criterion", "sentence"), _pairs(NOT_MET))
def test_a_criterion_is_not_met_by_a_question_or_another_matter(
    criterion: str, sentence: str
) -> None:
    """A false escalation takes a person from somebody in need."""
    assert not _holds(criterion, sentence)


def test_every_shipped_criterion_has_sentences_for_and_against() -> None:
    """Who adds a criterion adds six sentences to each table."""
    ids = {criterion.id for criterion in shipped().taxonomy.criteria}
    assert set(MET) == set(NOT_MET) == ids
    assert min(len(said) for table in (MET, NOT_MET) for said in table.values()) >= 6


def test_every_sentence_could_be_quoted() -> None:
    """A quote needs four words; a shorter sentence here would prove nothing about the patterns."""
    least = shipped().policy.quote_words
    sentences = [sentence for _, sentence in _pairs(MET) + _pairs(NOT_MET)]
    assert [sentence for sentence in sentences if len(sentence.split()) < least] == []


def test_a_fragment_of_a_question_is_judged_by_the_whole_sentence() -> None:
    """The words that make it a question stand outside the quote."""
    theft = shipped().taxonomy.criterion("theft")
    assert theft is not None
    assert theft.holds("my card was stolen")
    assert theft.holds("my card was stolen", "help, my card was stolen on the bus")
    assert not theft.holds("my card was stolen", "what do i do if my card was stolen?")
