"""Amounts in kronor: as people write them, and as canonical text with two decimals.

Inside the engine an amount is text (`"1250000.50"`) or a whole number of öre; it is never a float.
"""

import re

from engine.core.errors import ValueMalformed

CANONICAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{2}")
EXAMPLE = "1 250 000,50"

_MOST_DIGITS = 15
_SPACES = re.compile(r"\s+")
_CURRENCY = re.compile(r"^(?:sek|kr)\s*|\s*(?:sek|kr\.?|kronor|:-)$", re.IGNORECASE)
_WHOLE = r"[0-9]+|[0-9]{1,3}(?: [0-9]{3})+"
_FORMS = (
    # 1250000,50 or 1 250 000.50: one mark, which can only part kronor from öre.
    re.compile(rf"(?P<whole>{_WHOLE})(?:[.,](?P<part>[0-9]{{1,2}}))?"),
    # 1,250,000.50 and 1.250.000,50: a mark that comes twice, or before the other one, groups thousands.
    re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+)\.(?P<part>[0-9]{1,2})"),
    re.compile(r"(?P<whole>[0-9]{1,3}(?:\.[0-9]{3})+),(?P<part>[0-9]{1,2})"),
    re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){2,}|[0-9]{1,3}(?:\.[0-9]{3}){2,})(?P<part>)"),
)
_UNCLEAR = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


def parse_money(text: str) -> str:
    """An amount as a person writes it, as canonical text.

    Thousands may be parted by spaces of any kind (no-break and thin ones too), öre by comma or point, and `kr` or
    `SEK` may stand beside it.

    Raises:
        ValueMalformed: It is no amount, has more than two decimals, or could be read in two ways (`1,250`).
    """
    plain = _CURRENCY.sub("", _SPACES.sub(" ", text).strip()).strip().replace("−", "-")
    negative = plain.startswith("-")
    plain = _CURRENCY.sub("", plain[1:].strip()) if negative else plain
    match = next((found for form in _FORMS if (found := form.fullmatch(plain))), None)
    if match is None:
        if _UNCLEAR.fullmatch(plain):
            raise ValueMalformed(
                f"{text[:40]!r} can be read in two ways; write {plain[:-4]}{plain[-3:]} or two decimals",
                says="amount_unclear",
                what=text[:40],
                whole=f"{plain[:-4]}{plain[-3:]}",
            )
        raise ValueMalformed(
            f"{text[:40]!r} is no amount of money with at most two decimals", says="no_amount", what=text[:40]
        )
    whole = re.sub("[^0-9]", "", match["whole"]).lstrip("0")
    if len(whole) > _MOST_DIGITS:
        raise ValueMalformed(f"{text[:40]!r} is more money than there is", says="amount_too_much", what=text[:40])
    return from_ore((-1 if negative else 1) * int((whole or "0") + (match["part"] or "").ljust(2, "0")))


def to_ore(amount: str) -> int:
    """A canonical amount in öre; also what else `parse_money` reads, as limits in definitions are written.

    Raises:
        ValueMalformed: The text is no amount.
    """
    if CANONICAL.fullmatch(amount):
        return int(amount.replace(".", ""))
    return to_ore(parse_money(amount))


def from_ore(ore: int) -> str:
    """A number of öre as canonical text: `"1250000.50"`."""
    sign, (whole, part) = "-" if ore < 0 else "", divmod(abs(ore), 100)
    return f"{sign}{whole}.{part:02}"


def format_money(amount: str, lang: str) -> str:
    """`1 250 000,50 kr` with no-break spaces, or `SEK 1,250,000.50`."""
    whole, part = divmod(abs(to_ore(amount)), 100)
    sign = "−" if amount.startswith("-") else ""
    if lang == "sv":
        return f"{sign}{whole:,}".replace(",", "\u00a0") + f",{part:02}\u00a0kr"
    return f"{sign}SEK {whole:,}.{part:02}"
