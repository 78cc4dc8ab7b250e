"""Where do we trade without risk? A Binance-compatible spot exchange with its own record.

* `server.py` starts it, `command.py` is `nexus simulator`, `front.py` takes every request in.
* Who is asking: `visit.py`, `sign.py`, `keys.py`, `register.py`, `params.py`, `limits.py`,
  `errors.py`.
* Who listens: `websocket.py`, `request.py`, `methods.py`, `connection.py`, `streams.py`,
  `events.py`.
* What goes wrong on purpose: `faults.py`, `spoil.py`.
* What moves: `clock.py`, `intervals.py`, `candles.py`, `path.py`, `generate.py`,
  `replay.py`, `market.py`.
* What is traded: `symbols.py`, `filters.py`, `book.py`, `orders.py`, `accounts.py`, `place.py`,
  `match.py`, `settle.py`, `cancel.py`, all held by `exchange.py`.
* What is said: `serve_market.py`, `serve_trades.py`, `serve_orders.py`, `serve_account.py`,
  `serve_session.py`, `endpoints.py`, `answers.py`; to tests alone: `serve_control.py`,
  `control_keys.py`, `control_door.py`.
* What is remembered: `journal.py`, `describe.py`, `record.py`, `restore.py`.
"""
