"""Which pairs are traded, in which steps, and what does exchangeInfo say about them?

The numbers follow Binance's own filters for the pairs we know; any other pair gets steps that fit
its price.
"""

from dataclasses import dataclass
from decimal import Decimal

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "USD")

# Binance books eight decimals; tick and lot together may not need more, or value would be lost.
MOST_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """One pair: its assets, its steps and the bounds its filters enforce."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    market_max: Decimal
    anchor: Decimal
    min_notional: Decimal = Decimal(5)
    max_notional: Decimal = Decimal(9_000_000)
    lot_max: Decimal = Decimal(9_000)
    max_price: Decimal = Decimal(1_000_000)
    percent_up: Decimal = Decimal(5)
    percent_down: Decimal = Decimal("0.2")
    max_orders: int = 200
    max_stops: int = 5
    status: str = "TRADING"

    @property
    def tick_decimals(self) -> int:
        return max(-int(self.tick.normalize().as_tuple().exponent), 0)


# symbol: (tick, lot step, largest market order, the price the generator starts near)
KNOWN: dict[str, tuple[str, str, str, str]] = {
    "BTCUSDT": ("0.01", "0.00001", "120", "81000"),
    "ETHUSDT": ("0.01", "0.0001", "2400", "3100"),
    "BNBUSDT": ("0.01", "0.001", "1500", "900"),
    "SOLUSDT": ("0.01", "0.001", "12000", "160"),
    "XRPUSDT": ("0.0001", "0.1", "900000", "2.4"),
    "ADAUSDT": ("0.0001", "0.1", "1200000", "0.62"),
    "DOGEUSDT": ("0.00001", "1", "6000000", "0.19"),
    "LTCUSDT": ("0.01", "0.001", "15000", "95"),
}


def split_symbol(symbol: str) -> tuple[str, str] | None:
    """Return the (base, quote) assets, or None when no quote asset we know ends the name."""
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    return None


def find_rules(symbol: str, price: Decimal | None = None, decimals: int = 0) -> SymbolRules | None:
    """Return the rules of `symbol`; a replayed file says its `price` and `decimals`.

    None when the name does not end in a quote asset we know.
    """
    assets = split_symbol(symbol)
    if assets is None:
        return None
    tick, step, market_max, anchor = KNOWN.get(symbol) or _fitting(price or Decimal(100))
    # A file written with finer prices than today's tick keeps them: the data is the market.
    places = min(max(decimals, -int(Decimal(tick).as_tuple().exponent)), MOST_DECIMALS)
    lot = max(Decimal(step), Decimal(1).scaleb(places - MOST_DECIMALS))
    return SymbolRules(
        symbol=symbol,
        base=assets[0],
        quote=assets[1],
        tick=Decimal(1).scaleb(-places),
        step=lot,
        market_max=Decimal(market_max),
        anchor=Decimal(anchor),
        lot_max=max(Decimal(9_000), Decimal(market_max)),
    )


def _fitting(price: Decimal) -> tuple[str, str, str, str]:
    """Choose steps for an unknown pair: five digits of price, lots well under a minimum."""
    digits = price.adjusted()
    places = min(max(4 - digits, 2), 6)
    tick = Decimal(1).scaleb(-places)
    step = Decimal(1).scaleb(min(-digits - 1, 0) if digits >= 0 else 0)
    step = max(step, Decimal(1).scaleb(places - MOST_DECIMALS))
    largest = max((Decimal(5_000_000) / price).quantize(Decimal(1)), Decimal(1))
    return f"{tick:f}", f"{step:f}", f"{largest:f}", f"{price:f}"


def describe_symbol(rules: SymbolRules) -> dict[str, object]:
    """One entry of exchangeInfo.symbols, with exactly the filters we enforce."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(rules: SymbolRules) -> list[dict[str, object]]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": f"{rules.tick:.8f}",
            "maxPrice": f"{rules.max_price:.8f}",
            "tickSize": f"{rules.tick:.8f}",
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": f"{rules.step:.8f}",
            "maxQty": f"{rules.lot_max:.8f}",
            "stepSize": f"{rules.step:.8f}",
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": f"{rules.market_max:.8f}",
            "stepSize": "0.00000000",
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": f"{rules.percent_up}",
            "bidMultiplierDown": f"{rules.percent_down}",
            "askMultiplierUp": f"{rules.percent_up}",
            "askMultiplierDown": f"{rules.percent_down}",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": f"{rules.min_notional:.8f}",
            "applyMinToMarket": True,
            "maxNotional": f"{rules.max_notional:.8f}",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": rules.max_stops},
    ]
