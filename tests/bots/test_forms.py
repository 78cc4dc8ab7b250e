"""Does an amount of money mean what its writer meant, or is it refused with a sentence?"""

from decimal import Decimal

import pytest

from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import LARGEST, read_amount

LEAST = Decimal(18)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("18", "18"),
        ("250", "250"),
        ("  99.50  ", "99.50"),
        ("1,000.50", "1000.50"),
        ("1,000,000", "1000000"),
        ("1 000", "1000"),
        ("12 345.6", "12345.6"),
        ("0250", "250"),
        ("1000000000", "1000000000"),
    ],
)
def test_amounts_as_people_type_them(typed: str, amount: str) -> None:
    assert read_amount("allocation", typed, at_least=LEAST, unit="USDT") == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "abc", "NaN", "nan", "inf", "Infinity", "-Infinity", "sNaN", "1e5", "1E2",
        "-5", "-250", "+250", "0x1F", "1_000", "1.2.3", ".", ",", "250.", ".50", "250.505",
        "\u0661\u0662\u0663", "\uff12\uff15\uff10", "250 USDT", "$250", "1'000", "250\n9",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BotRefusedError) as refused:
        read_amount("allocation", typed, at_least=LEAST, unit="USDT")
    assert refused.value.field == "allocation"
    assert refused.value.sentence == (
        "Write an amount with at most two decimals, like 250 or 1,099.50."
    )


@pytest.mark.parametrize("typed", ["250,50", "1.000,50", "1,00", "10,0000", "1,,000", "1 00", ",5"])
def test_a_comma_that_is_no_thousands_comma_never_makes_the_amount_larger(typed: str) -> None:
    """Half the world writes 250,50 for two hundred and fifty and a half."""
    with pytest.raises(BotRefusedError, match="like 250 or"):
        read_amount("allocation", typed, at_least=LEAST, unit="USDT")


@pytest.mark.parametrize("typed", ["0", "0.00", "17.99", "00000"])
def test_too_little_names_the_least(typed: str) -> None:
    with pytest.raises(BotRefusedError, match=r"The least a bot can start with is 18 USDT\."):
        read_amount("allocation", typed, at_least=LEAST, unit="USDT")


@pytest.mark.parametrize("typed", ["99999999999", "1000000000.01", "9" * 5000])
def test_too_much_names_the_most(typed: str) -> None:
    with pytest.raises(BotRefusedError, match=r"The most .* is 1,000,000,000 USDT\."):
        read_amount("allocation", typed, at_least=LEAST, unit="USDT")
    assert Decimal(1_000_000_000) == LARGEST
