"""Where do we trade without risk? A Binance-compatible spot exchange with its own record.

* `server.py` starts it, `command.py` is `nexus simulator`, `front.py` takes every request in.
* Who is asking: `sign.py`, `params.py`, `limits.py`, `errors.py`.
* What moves: `clock.py`, `intervals.py`, `candles.py`, `path.py`, `generate.py`,
  `replay.py`, `market.py`.
* What is traded: `symbols.py`, `filters.py`, `book.py`, `orders.py`, `accounts.py`, `place.py`,
  `match.py`, `settle.py`, `cancel.py`, all held by `exchange.py`.
* What is said: `serve_market.py`, `serve_trades.py`, `serve_orders.py`, `serve_account.py`,
  `serve_control.py`, `endpoints.py`, `answers.py`.
* What is remembered: `journal.py`, `restore.py`.
"""
