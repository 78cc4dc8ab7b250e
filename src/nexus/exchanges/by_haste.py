"""Who goes first when many orders leave at once, and where may no stop rest?"""

from collections.abc import Sequence

from nexus.exchanges.protocol import Intent, NotPlaced, Side


def no_stops_here() -> NotPlaced:
    """Refuse to let a stop rest at a venue where none of ours rests."""
    return NotPlaced(0, "NO_STOPS_HERE: no stop of ours rests at this venue", final=True)


def by_haste(intents: Sequence[Intent]) -> tuple[tuple[bool, list[Intent]], ...]:
    """Sort orders by who goes first, each part with whether it may use the whole budget.

    Sales now come first, with all of it. Stops that are to rest come last: until they do, the
    price is watched by us.
    """
    stops = [intent for intent in intents if intent.stop_price is not None]
    now_due = [intent for intent in intents if intent.stop_price is None]
    sales = [intent for intent in now_due if intent.side is Side.SELL]
    buys = [intent for intent in now_due if intent.side is not Side.SELL]
    return (True, sales), (False, buys), (False, stops)
