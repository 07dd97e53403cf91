"""French identification numbers with valid keys, for invented people and places."""

from __future__ import annotations

from datetime import date


def luhn_key(digits: str) -> str:
    """The digit that completes ``digits`` by the Luhn algorithm (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def rpps(number: int) -> str:
    """An RPPS number: 11 digits, the last one a Luhn key. ``number`` < 10**7; the range 899… is not attributed."""
    digits = f"899{number:07d}"
    return digits + luhn_key(digits)


def finess(department: str, number: int) -> str:
    """A FINESS number: department, six digits, Luhn key. ``number`` < 1000 within the range 999…, for demonstration."""
    digits = f"{department[:2]}999{number:03d}"
    return digits + luhn_key(digits)


def ins(sex: str, born: date, place: str, order: int) -> str:
    """An INS matricule: 13 characters and a key of 2 digits.

    ``sex`` is ``"1"`` (male) or ``"2"``; ``place`` the five-character INSEE code of the commune, or 99 and the
    country's; ``order`` 1 to 999. Key: 97 − (n mod 97) with 2A read as 19 and 2B as 18.
    """
    body = f"{sex}{born:%y%m}{place}{order:03d}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02d}"
