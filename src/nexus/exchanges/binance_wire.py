"""What do we ask of Binance, what does it weigh, and when does Binance want silence?"""

from nexus.exchanges.binance_outcome import BANNED, TOO_MANY_ORDERS, stay_away
from nexus.exchanges.wire import Endpoint, Reply, Silence

TIME = Endpoint("public", "GET", "time", 1)
EXCHANGE_INFO = Endpoint("public", "GET", "exchangeInfo", 20)
TICKERS = Endpoint("public", "GET", "ticker/24hr", 2)
KLINES = Endpoint("public", "GET", "klines", 2)
NEW_ORDER = Endpoint("private", "POST", "order", 1)
CANCEL_ORDER = Endpoint("private", "DELETE", "order", 1)
QUERY_ORDER = Endpoint("private", "GET", "order", 4)
TRADES_OF_ORDER = Endpoint("private", "GET", "myTrades", 5)
ACCOUNT = Endpoint("private", "GET", "account", 20)
COMMISSION = Endpoint("private", "GET", "account/commission", 20)
RESTRICTIONS = Endpoint("sapi", "GET", "account/apiRestrictions", 1)


def silence(reply: Reply) -> Silence | None:
    """Read whether this address must be silent. Too many *orders* is about one account."""
    seconds = stay_away(reply)
    if not seconds or reply.code == TOO_MANY_ORDERS:
        return None
    return Silence(seconds, banned=reply.status == BANNED)
