"""What can each venue do, and what does it cost? One row per venue, as its own pages say."""

from decimal import Decimal

from nexus.exchanges.protocol import Capabilities

BINANCE = Capabilities(
    venue="binance",
    taker_fee_bps=Decimal(10),
    client_id_pattern="^[a-zA-Z0-9-_]{1,36}$",
    client_id_unique_among="open orders of an account",
    finds_by_client_id=True,
    regions_refused=("US",),
    rests_stops=True,
    user_stream=True,
    limits_count="request weight per address and minute, orders per account",
    source="developers.binance.com, spot API of 2026-07-21",
)
OKX = Capabilities(
    venue="okx",
    taker_fee_bps=Decimal(10),
    client_id_pattern="^[a-zA-Z0-9]{1,32}$",
    client_id_unique_among="all orders of an account",
    finds_by_client_id=True,
    client_id_drops="-",
    regions_refused=("US",),
    user_stream=True,
    limits_count="requests per endpoint and two seconds, orders per account and symbol",
    source="okx.com/docs-v5, as ccxt 4.5.90 writes it",
)
