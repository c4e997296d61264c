"""Text from people, made fit to be kept: one way to write a letter, nothing that cannot be stored or would stall."""

import unicodedata

from engine.core.errors import ValueMalformed

MOST_MARKS = 30
"""Combining marks in a row; no language needs more (UAX #15, Stream-Safe Text Format)."""


def clean_text(raw: str, most: int) -> str:
    """The text without blanks around it, in Unicode form NFC, its lines ended by a line feed alone.

    Args:
        raw: Text as typed or read.
        most: The largest number of characters.

    Raises:
        ValueMalformed: It is too long, or holds a NUL, a lone surrogate or a tower of combining marks.
    """
    text = raw.strip()
    _check_length(text, most)
    if not text.isascii():
        _check_characters(text)
        text = unicodedata.normalize("NFC", text)
        _check_length(text, most)
    if "\0" in text:
        raise ValueMalformed("the text contains a NUL character; leave it out", says="text_nul")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def folded(text: str) -> str:
    """The text as it is compared when case, blanks and composed letters do not matter."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise ValueMalformed(
            f"the text has {len(text)} characters, and at most {most} fit", says="text_too_long", n=len(text), most=most
        )


def _check_characters(text: str) -> None:
    marks = 0
    for character in text:
        if "\ud800" <= character <= "\udfff":
            raise ValueMalformed(
                "the text contains half a character (a lone surrogate); type it anew", says="text_half"
            )
        marks = marks + 1 if unicodedata.combining(character) else 0
        # To normalise a long run of marks takes time by the square of its length: ten seconds for 100,000.
        if marks > MOST_MARKS:
            raise ValueMalformed(
                f"the text has more than {MOST_MARKS} accents on one letter; leave them out",
                says="text_marks",
                n=MOST_MARKS,
            )
