"""A raw message as the parts that a helpdesk would give."""

from email import message_from_bytes, policy

from worker.mail.text import Part


def parts_of(raw: bytes) -> tuple[str, tuple[Part, ...]]:
    """Its subject, and every leaf of it."""
    message = message_from_bytes(raw, policy=policy.default)
    leaves = (part for part in message.walk() if not part.is_multipart())
    return str(message["Subject"]), tuple(
        Part(
            content_type=part.get_content_type(),
            text=part.get_content() if part.get_content_maintype() == "text" else "",
            filename=part.get_filename() or "",
        )
        for part in leaves
    )
