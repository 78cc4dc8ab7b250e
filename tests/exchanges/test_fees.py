"""Is what costs too much refused with the sum, by what is published and by what is measured?"""

from decimal import Decimal

import pytest

from nexus.exchanges.binance import Binance
from nexus.exchanges.capabilities import BINANCE, OKX
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.fees import check_account_fees, check_fees
from nexus.exchanges.protocol import Capabilities, ExchangeAwayError
from nexus.exchanges.vault import KeyPair
from nexus.settings import TradingSettings
from tests.exchanges.desk import refusal
from tests.exchanges.venue import Venue, answer

PAIR = KeyPair("alice-key", "alice-secret")
COMMISSION = "GET /api/v3/account/commission"
KRAKEN = Capabilities("kraken", Decimal(40), ".*", "nothing", finds_by_client_id=True)


def allowing(bps: str) -> TradingSettings:
    return TradingSettings(fees_max_round_trip_bps=Decimal(bps))


@pytest.mark.parametrize("venue", [BINANCE, OKX])
def test_the_venues_on_offer_fit_the_default_budget(venue: Capabilities) -> None:
    check_fees(venue, TradingSettings())


def test_a_dear_venue_is_refused_with_the_sum() -> None:
    with pytest.raises(VenueRefusedError) as refused:
        check_fees(KRAKEN, TradingSettings())
    assert str(refused.value) == (
        "kraken takes 40 bps to buy and 40 bps to sell: 40 + 40 = 80 bps, and"
        " FEES_MAX_ROUND_TRIP_BPS allows 30. Choose a cheaper venue, or raise the budget if the"
        " strategy can bear it."
    )


def pays(taker: str, side: str = "0") -> bytes:
    part = {"maker": "0", "taker": taker, "buyer": side, "seller": side}
    nothing = dict.fromkeys(part, "0")
    return answer(200, {"symbol": "BTCUSDT", "standardCommission": part, "taxCommission": nothing})


@pytest.mark.parametrize(("allowed", "refused"), [("24", False), ("23.9", True)])
async def test_what_an_account_really_pays_decides(
    venue: Venue, binance: Binance, allowed: str, *, refused: bool
) -> None:
    venue.says[COMMISSION] = pays("0.001", "0.0002")
    if not refused:
        assert await check_account_fees(binance, PAIR, "BTC/USDT", allowing(allowed)) == 24
        return
    with pytest.raises(VenueRefusedError, match=r"pays 24 bps .* \(20 are published\).* 23\.9"):
        await check_account_fees(binance, PAIR, "BTC/USDT", allowing(allowed))


async def test_a_fee_that_cannot_be_asked_is_not_taken_for_cheap(
    venue: Venue, binance: Binance
) -> None:
    venue.says[COMMISSION] = answer(401, refusal(-2015))
    with pytest.raises(ExchangeAwayError):
        await check_account_fees(binance, PAIR, "BTC/USDT", allowing("30"))


async def test_a_venue_that_cannot_tell_says_nothing() -> None:
    assert await check_account_fees(object(), PAIR, "BTC/USDT", allowing("30")) is None
