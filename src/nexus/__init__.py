"""Nexus serves trading bots that already make money to many people, each on their own account.

The map of the house. A folder may import what stands below it in this list of layers, never
what stands above: `enter, cli, app | worker, local, pipeline, admin, feed, portfolio, public,
execution, fanout, bots, regime, strategy, market, exchanges, billing, accounts, mail, simulator,
settings, core`.

    app.py           the web process: builds the Litestar app. Wiring only
    worker.py        the worker process: every queue, job and cron, listed by name
    cli.py           `nexus up | web | worker | migrate | replay | simulator | ...`
    enter.py         where `nexus` begins, before anything slow is imported
    settings/        every environment variable, typed

    pipeline/        THE SENTENCE   tick.py
    market/          1 What is the price?            -> MarketSnapshot
    strategy/        2 What would we do?             -> Decision
    regime/          3 May we do it now?             -> Verdict
    fanout/          4 For whom, and how much?       -> execution plans, one per bot
    execution/       5 Do it once, and know it       -> orders, fills

    accounts/        who you are: sign-up, sign-in, factors, sessions, the audit
    exchanges/       your exchange accounts and keys; the only code that speaks to a venue
    bots/            what you run: strategy x symbol x allocation, on one account
    portfolio/       what you have and did: positions, trades, equity over time, files
    billing/         what your tier allows
    mail/            what we send
    feed/            what you see live
    public/          what anybody may see: the first page, tiers, status, security
    admin/           what we see: people, the audit, the switches

    local/           how all of it runs on one machine: `nexus up`, `nexus replay`, the demo
    simulator/       a Binance-compatible spot exchange to run and test against
    core/            plumbing without business words: db, queue, web, clock, log

Inside a folder, files are named after what they answer: `models.py` tables, `<verb>.py` the
work, `queries.py` and `views.py` reads, `routes.py` handlers, `forms.py` request shapes,
`jobs.py` job entry points, `events.py` facts others may react to, `errors.py`, and one file
per vendor.
"""
