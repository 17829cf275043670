"""How customers are found: the keys that each is filed under, and what somebody's typing looks for. Pure.

Every search is the beginning of some key. A name is filed under each rotation of its words, so "smith jo"
finds John Smith; a number also backwards, so its last digits find it, and from each of its digits on, so that a part of
it does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alta.customers.rules import PhoneNumber

MOST_WORDS = 8
LONGEST_KEY = 200
BACKWARDS = "~"  # keeps reversed numbers apart from straight ones
SHORTEST_END = 3
PART = "*"  # keeps inner parts of numbers apart from their beginnings
SHORTEST_PART = 4

Key = tuple[str, str]  # kind, key


def fold(text: str) -> str:
    """Words in lower case without accents or punctuation: "O'Brien, José-María" becomes "obrien jose
    maria"."""
    if text.isascii():
        letters = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    letters = re.sub("['’`´]", "", letters)
    return " ".join(re.findall(r"[^\W_]+", letters))


def name_keys(name: str) -> Iterator[Key]:
    """Every rotation of the name's words."""
    words = fold(name).split()
    for first in range(min(len(words), MOST_WORDS)):
        yield "name", " ".join(words[first:] + words[:first])[:LONGEST_KEY]


def email_keys(address: str) -> Iterator[Key]:
    """The address; its local part is the beginning of the same key."""
    yield "email", address[:LONGEST_KEY]


def phone_keys(number: PhoneNumber) -> Iterator[Key]:
    digits = number.e164[1:]
    yield "phone", digits
    yield "phone", number.national
    yield "phone_end", BACKWARDS + digits[::-1]
    for begin in range(1, len(number.national) - SHORTEST_PART):
        yield "phone_part", PART + number.national[begin:]


def external_id_keys(external_id: str) -> Iterator[Key]:
    yield "external_id", external_id.casefold()[:LONGEST_KEY]


def keys_of(
    name: str, external_id: str | None, emails: Iterable[str], phones: Iterable[PhoneNumber]
) -> set[Key]:
    """All keys of one customer. The id is not among them: it has an index of its own."""
    found = set(name_keys(name))
    if external_id:
        found.update(external_id_keys(external_id))
    for address in emails:
        found.update(email_keys(address))
    for number in phones:
        found.update(phone_keys(number))
    return {(kind, key) for kind, key in found if key}


@dataclass(frozen=True)
class Wanted:
    """What a text may be the beginning of, likeliest first. `words` are those of a name, where there are
    several."""

    id: int | None
    prefixes: tuple[str, ...]
    words: tuple[str, ...]


def read_search(text: str) -> Wanted:
    typed = " ".join(text.replace("\x00", "").split())[:LONGEST_KEY]
    raw = typed.casefold()
    digits = re.sub(r"[\s().\-/]", "", typed)
    plus = digits.startswith("+")
    digits = digits.removeprefix("+")
    if re.fullmatch(r"[0-9]+", digits):
        prefixes = [digits, digits.removeprefix("00"), digits.removeprefix("0"), raw]
        if len(digits) >= SHORTEST_END and not plus:
            prefixes.append(BACKWARDS + digits[::-1])
        if len(digits) >= SHORTEST_PART and not plus:
            prefixes.append(PART + digits)
        number = int(digits) if not plus and len(digits) <= 18 else None
        return Wanted(number, _unique(prefixes), ())
    folded = fold(typed)
    words = tuple(folded.split())
    return Wanted(None, _unique([folded, raw]), words if len(words) > 1 else ())


def _unique(prefixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(prefix for prefix in prefixes if prefix))
