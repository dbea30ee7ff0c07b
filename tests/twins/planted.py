"""Personal data of every kind as people and machines write it; all of it is made up.

Each sentence has its value in `{}`, as no other test and no sample has it.
"""

import json

from tasks.redaction.find import Kind

PLANTED: tuple[tuple[Kind, str, str], ...] = (
    (Kind.CARD, "{}", "4539148803436467"),
    (Kind.CARD, "My card {} was charged twice", "5425 2334 3010 9903"),
    (Kind.CARD, "card:{}.", "3714-496353-98431"),
    (Kind.CARD, "({})", "3056.9309.0259.04"),
    (Kind.CARD, "no.{}exp 09/27", "6011000990139424"),
    (Kind.CARD, "It ends: {}", "\uff14539\uff11488\uff10343\uff16467"),
    (Kind.CARD, "{} is hidden", "4539\u200b1488\u200b0343\u200b6467"),
    (
        Kind.CARD,
        "{}",
        "\u0664\u0665\u0663\u0669\u0661\u0664\u0668\u0668\u0660\u0663\u0664\u0663\u0666\u0664\u0666\u0667",
    ),
    (Kind.CARD, "> {}", "4539 1488\n> 0343 6467"),
    (Kind.CARD, "2024-11-17 12 {} valid 09/27", "4539 1488 0343 6467"),
    (Kind.CARD, "{}", "4 5 3 9 1 4 8 8 0 3 4 3 6 4 6 7"),
    (Kind.CARD, "{} with stroke", "4\u03365\u03363\u03369\u0336 1488 0343 6467"),
    (Kind.IBAN, "Please send it to {}", "DE75512108001245126199"),
    (Kind.IBAN, "IBAN: {}, thanks", "GB33 BUKB 2020 1555 5555 55"),
    (Kind.IBAN, "iban{}", "fr7630006000011234567890189"),
    (Kind.IBAN, "{}", "CH56-0483-5012-3456-7800-9"),
    (Kind.EMAIL, "Write to {}!", "quince.marmalade+bank@example.co.uk"),
    (Kind.EMAIL, "<{}>", "o'quince@example.com"),
    (Kind.EMAIL, "mailto:{}?subject=hello", "quince%40example.org"),
    (Kind.EMAIL, "an {} b", "qu\u00efnce@m\u00fcnchen.example"),
    (
        Kind.EMAIL,
        "\u90ae\u7bb1\uff1a{}\uff0c\u8c22\u8c22",
        "\u7528\u6237@\u4f8b\u5b50.\u5e7f\u544a",
    ),
    (Kind.EMAIL, "{}", "quince@xn--mnchen-3ya.example"),
    (Kind.EMAIL, "reach {} please", "quince (at) example (dot) com"),
    (Kind.EMAIL, "reach {}", "quince at example dot org"),
    (Kind.EMAIL, "{}", "quince[at]example.net"),
    (Kind.EMAIL, "{}", "quince\uff20example\uff0ecom"),
    (Kind.EMAIL, "{}", "quin\u200bce@exa\u00admple.com"),
    (Kind.EMAIL, '"Q" {}', '"quince jam"@example.com'),
    (Kind.EMAIL, "to {} please", "quince @ example.com"),
    (Kind.EMAIL, "to {}", "quince@example dot com"),
    (Kind.EMAIL, "to {}", "QUINCE AT EXAMPLE DOT COM"),
    (Kind.PHONE, "Call {} today", "+49 170 9876543"),
    (Kind.PHONE, "{}.", "+1 (415) 555-2671"),
    (Kind.PHONE, "Tel. {}", "0049 30 901820"),
    (Kind.PHONE, "I am at {}", "(415) 555-2671"),
    (Kind.PHONE, "I am at {}, mostly", "415-555-2671"),
    (Kind.PHONE, "{}", "020 7946 0958"),
    (Kind.PHONE, "{}", "(0)170/9876543"),
    (Kind.PHONE, "{}", "+49-(0)170-9876543"),
    (Kind.PHONE, "{}", "1-800-555-0199"),
    (Kind.PHONE, "{}", "01 23 45 67 89"),
    (Kind.PHONE, "Mobil: {}", "01709876543"),
    (Kind.PHONE, "my number is {}", "9876501234"),
    (Kind.PHONE, "whatsapp {}", "98765 01234"),
    (Kind.NETWORK, "from {} at noon", "203.0.113.77"),
    (Kind.NETWORK, "http://{}:8080/x", "198.51.100.23"),
    (Kind.NETWORK, "{}", "203[.]0[.]113[.]78"),
    (Kind.NETWORK, "host {}.", "2001:db8:85a3::8a2e:370:7334"),
    (Kind.NETWORK, "[{}]:443", "fe80::1ff:fe23:4567:890a"),
    (Kind.NETWORK, "{}: timed out", "2001:db8::77"),
    (Kind.NETWORK, "{}", "::ffff:203.0.113.79"),
    (Kind.NETWORK, "MAC {}", "00:1B:44:11:3A:B7"),
    (Kind.NETWORK, "MAC {}", "001b.4411.3ab7"),
    (Kind.SECRET, "my password is {}!", "Quokka-42-bread"),
    (Kind.SECRET, "Password: {}", "sunflower"),
    (Kind.SECRET, "my password ({}) does not work", "quokkabread7"),
    (Kind.SECRET, "password - {}", "quokka-bread-7"),
    (Kind.SECRET, "The password {} is refused", "qu0kkabread"),
    (Kind.SECRET, "my password: is {}", "quokka-is-bread"),
    (Kind.SECRET, "Cookie: PHPSESSID={}; a=b", "quokka298zonkbread"),
    (Kind.SECRET, "DB_PASSWORD={}", "quokka$bread"),
    (Kind.SECRET, 'the passphrase is "{}"', "correct horse battery staple"),
    (Kind.SECRET, '{{"api_key": "{}"}}', "quokka-bread-is-the-key"),
    (Kind.SECRET, "Mein Passwort lautet {}", "Brot!geheim"),
    (Kind.SECRET, "PIN: {}", "49217"),
    (Kind.SECRET, "cvv {} and so on", "917"),
    (Kind.SECRET, "verification code is {}", "604 118"),
    (Kind.SECRET, "Authorization: Basic {}", "cXVva2thOmJyZWFk"),
    (Kind.SECRET, "curl -H 'Authorization: Bearer {}'", "quokka.bread.7"),
    (Kind.SECRET, "{}", "AKIAQ3EGRIPTQUOKKA42"),
    (Kind.SECRET, "aws_secret_access_key = {}", "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"),
    (Kind.SECRET, "{}", "sk-proj-quokka-bread-0123456789"),
    (Kind.SECRET, "{}", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    (Kind.SECRET, "{}", "xoxb-123456789012-quokkabread"),
    (Kind.SECRET, "{}", "AIzaSyD-quokkabreadquokkabread-0123456"),
    (Kind.SECRET, "{}", "glpat-quokkabread0123456789"),
    (
        Kind.SECRET,
        "token {} is refused",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJxdW9ra2EifQ.c2lnbmF0dXJlLXF1b2trYQ",
    ),
    (Kind.SECRET, "mongodb://{}@localhost/x", "quokka:bread"),
    (Kind.SECRET, "https://x.example/reset?a=b&token={}", "quokka-bread-reset"),
    (Kind.SECRET, "Here: {}", "tR7kQ2mZx9LpW4vB8nYs3HdF"),
    (
        Kind.SECRET,
        "{}",
        "-----BEGIN EC PRIVATE KEY-----\nMIIEquokkabread\nMHQC\n-----END EC PRIVATE KEY-----",
    ),
)
"""Kind, sentence, value."""

ORDINARY = (
    "Order 123456789012 of 17.11.2026 at 10:30 for $1,234.56 never came",
    "Tracking 1Z999AA10123456784, JD014600006281230701 and 00340434161094021501",
    "Invoice INV-2026-000123, customer C-100234, ticket #48211, contract 4500123456",
    "550e8400-e29b-41d4-a716-446655440000 in run 01JD2Q8ZK5T9X3W7V1M4N6P0RS",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, v1.2.3.4, version 10.0.19045.3803",
    "From 2026-11-01 to 2026-11-30, 09:00:00-17:30:00, 2026-11-17T10:00:00.000Z",
    "EUR 12.000.000,00 or 12 000 000 or 1 000 000 000 at 0.4539148803436467 %",
    "My password is wrong, the password reset is not working and my PIN is blocked",
    "Token: expired. The secret is to wait. My passcode is not accepted.",
    "std::vector<a::b>, at 10:30:45, ratio 3:1, 16:9",
    "Meet me @ noon, 3 @ 1.50 each, @handle, look at example.com",
    "https://shop.example/Reset-your-Password-2024-Guide-for-everyone?page=2",
    "KundennummerUndVertragsnummer_2024_Anlage-Nr-17_zur_Rechnung",
    "IMEI 356938035643809, ISBN 978-3-16-148410-0, EAN 4006381333931",
    "4539148803436468 is no card, DE75512108001245126198 is no IBAN",
)
"""What triage needs to see: dates, amounts, ids, and talk about secrets without one."""


def traces(value: str) -> set[str]:
    """The value as it may stand somewhere: as it is, as JSON or Python write it, in JSON twice."""
    once = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(text)[1:-1] for text in once}
    return {value, repr(value)[1:-1], *once, *twice}
