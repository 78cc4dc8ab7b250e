"""The first shape."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "candles",
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("open_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("high", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("low", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("close", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("volume", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("gap_before", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "open_time", name=op.f("pk_candles")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "data_faults",
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "kind", name=op.f("pk_data_faults")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("candle", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("layer", sa.BigInteger(), nullable=False),
        sa.Column("target_fraction", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("price", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('enter', 'add', 'reduce', 'exit')", name=op.f("ck_decisions_action")
        ),
        sa.CheckConstraint("price > 0 AND price < 1e15", name=op.f("ck_decisions_finite_price")),
        sa.CheckConstraint(
            "target_fraction >= 0 AND target_fraction <= 1",
            name=op.f("ck_decisions_target_fraction"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "strategy", "symbol", "candle", name=op.f("uq_decisions_strategy_symbol_candle")
        ),
    )
    op.create_table(
        "feed_items",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_items")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_feed_items_user_id_id", "feed_items", ["user_id", "id"], unique=False)
    op.create_table(
        "leader_books",
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("layers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fraction", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("peak", sa.Numeric(precision=30, scale=12), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_candle", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("strategy", "symbol", name=op.f("pk_leader_books")),
    )
    op.create_table(
        "market_calls",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "source", "endpoint", name=op.f("pk_market_calls")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "regime_readings",
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entries_allowed", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("drop_percent", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("candle", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_regime_readings")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "symbol_filters",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("tick_size", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("step_size", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("min_quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("max_quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("min_notional", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("trading", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("venue", "symbol", name=op.f("pk_symbol_filters")),
    )
    op.create_table(
        "tick_slots",
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_tick_slots")),
    )
    op.create_table(
        "tickers",
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("price", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_tickers")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "tiers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("max_bots", sa.BigInteger(), nullable=False),
        sa.Column("max_allocation", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.CheckConstraint(
            "max_allocation > 0 AND max_allocation < 1e15", name=op.f("ck_tiers_finite")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tiers")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "email_key = lower(email_key)", name=op.f("ck_users_email_key_is_lower")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
    )
    op.create_table(
        "entitlements",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tier"], ["tiers.name"], name=op.f("fk_entitlements_tier")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_entitlements_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_entitlements")),
    )
    op.create_table(
        "exchange_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("egress", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=False),
        sa.Column("key_version", sa.BigInteger(), nullable=False),
        sa.Column("balances_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'key_invalid', 'removed')",
            name=op.f("ck_exchange_accounts_status"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exchange_accounts_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_accounts")),
    )
    op.create_index(
        op.f("ix_exchange_accounts_user_id"), "exchange_accounts", ["user_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("regime", sa.String(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_verdicts_decision_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_verdicts")),
    )
    op.create_table(
        "account_balances",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("free", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_account_balances_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "asset", name=op.f("pk_account_balances")),
    )
    op.create_table(
        "api_keys",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("wrap_nonce", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_dek", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ip_restricted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_api_keys_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_api_keys_fingerprint")),
    )
    op.create_table(
        "bots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("allocation", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("max_order", sa.Numeric(precision=30, scale=12), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'paused', 'closing', 'stopped')", name=op.f("ck_bots_status")
        ),
        sa.CheckConstraint(
            "allocation > 0 AND allocation < 1e15", name=op.f("ck_bots_finite_allocation")
        ),
        sa.CheckConstraint(
            "max_order > 0 AND max_order < 1e15", name=op.f("ck_bots_finite_max_order")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_bots_account_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bots_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bots")),
        sa.UniqueConstraint(
            "account_id", "strategy", "symbol", name=op.f("uq_bots_account_id_strategy_symbol")
        ),
    )
    op.create_index(op.f("ix_bots_user_id"), "bots", ["user_id"], unique=False)
    op.create_table(
        "paper_balances",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("free", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.CheckConstraint("free >= 0 AND free < 1e15", name=op.f("ck_paper_balances_finite")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_paper_balances_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "asset", name=op.f("pk_paper_balances")),
    )
    op.create_table(
        "paper_orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("price", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("fee", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("fee_asset", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price > 0 AND price < 1e15", name=op.f("ck_paper_orders_finite_price")),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 1e15", name=op.f("ck_paper_orders_finite_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_paper_orders_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_orders")),
        sa.UniqueConstraint(
            "account_id", "client_order_id", name=op.f("uq_paper_orders_account_id_client_order_id")
        ),
    )
    op.create_table(
        "close_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_close_requests_bot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_close_requests")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_close_requests_idempotency_key")),
    )
    op.create_index(op.f("ix_close_requests_bot_id"), "close_requests", ["bot_id"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("cost", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("realised", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("layers", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cost >= 0 AND cost < 1e15", name=op.f("ck_holdings_finite_cost")),
        sa.CheckConstraint(
            "quantity >= 0 AND quantity < 1e15", name=op.f("ck_holdings_finite_quantity")
        ),
        sa.CheckConstraint(
            "realised > -1e15 AND realised < 1e15", name=op.f("ck_holdings_finite_realised")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_holdings_bot_id")),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_holdings")),
    )
    op.create_table(
        "execution_plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("close_request_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("reference_price", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_execution_plans_side")),
        sa.CheckConstraint(
            "status = 'DENIED' OR quantity > 0", name=op.f("ck_execution_plans_something_to_trade")
        ),
        sa.CheckConstraint(
            "status IN ('PLANNED', 'ORDERED', 'DONE', 'DENIED', 'EXPIRED_UNSENT')",
            name=op.f("ck_execution_plans_status"),
        ),
        sa.CheckConstraint(
            "(decision_id IS NULL) <> (close_request_id IS NULL)",
            name=op.f("ck_execution_plans_one_origin"),
        ),
        sa.CheckConstraint(
            "quantity >= 0 AND quantity < 1e15", name=op.f("ck_execution_plans_finite_quantity")
        ),
        sa.CheckConstraint(
            "reference_price > 0 AND reference_price < 1e15",
            name=op.f("ck_execution_plans_finite_price"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_execution_plans_account_id")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_execution_plans_bot_id")),
        sa.ForeignKeyConstraint(
            ["close_request_id"],
            ["close_requests.id"],
            name=op.f("fk_execution_plans_close_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_execution_plans_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_execution_plans")),
        sa.UniqueConstraint("close_request_id", name=op.f("uq_execution_plans_close_request_id")),
        sa.UniqueConstraint(
            "decision_id", "bot_id", name=op.f("uq_execution_plans_decision_id_bot_id")
        ),
    )
    op.create_index(op.f("ix_execution_plans_bot_id"), "execution_plans", ["bot_id"], unique=False)
    op.create_index(
        "ix_execution_plans_live",
        "execution_plans",
        ["bot_id"],
        unique=False,
        postgresql_where="status IN ('PLANNED', 'ORDERED')",
    )
    op.create_index(
        "ix_execution_plans_waiting",
        "execution_plans",
        ["id"],
        unique=False,
        postgresql_where="status = 'PLANNED'",
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("exchange_order_id", sa.String(), nullable=True),
        sa.Column("executed_quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("executed_quote", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recv_window_ms", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('SENDING', 'UNKNOWN', 'ACKED', 'FILLED', 'CANCELED', 'EXPIRED',"
            " 'REJECTED', 'NOT_PLACED')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint(
            "executed_quantity >= 0 AND executed_quantity < 1e15",
            name=op.f("ck_orders_finite_done"),
        ),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 1e15", name=op.f("ck_orders_finite_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_orders_account_id")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_orders_bot_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["execution_plans.id"], name=op.f("fk_orders_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "account_id", "client_order_id", name=op.f("uq_orders_account_id_client_order_id")
        ),
        sa.UniqueConstraint("plan_id", "attempt", name=op.f("uq_orders_plan_id_attempt")),
    )
    op.create_index(op.f("ix_orders_bot_id"), "orders", ["bot_id"], unique=False)
    op.create_index(
        "ix_orders_to_check",
        "orders",
        ["next_check_at"],
        unique=False,
        postgresql_where="next_check_at IS NOT NULL",
    )
    op.create_index(
        "uq_orders_one_live",
        "orders",
        ["bot_id"],
        unique=True,
        postgresql_where="status IN ('SENDING', 'UNKNOWN', 'ACKED')",
    )
    op.create_index(
        "uq_orders_one_sending",
        "orders",
        ["account_id"],
        unique=True,
        postgresql_where="status = 'SENDING'",
    )
    op.create_table(
        "fills",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("trade_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("price", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("fee", sa.Numeric(precision=30, scale=12), nullable=False),
        sa.Column("fee_asset", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fee >= 0 AND fee < 1e15", name=op.f("ck_fills_finite_fee")),
        sa.CheckConstraint("price > 0 AND price < 1e15", name=op.f("ck_fills_finite_price")),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 1e15", name=op.f("ck_fills_finite_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["exchange_accounts.id"], name=op.f("fk_fills_account_id")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_fills_bot_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fills_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fills")),
        sa.UniqueConstraint(
            "account_id", "symbol", "trade_id", name=op.f("uq_fills_account_id_symbol_trade_id")
        ),
    )
    op.create_index(op.f("ix_fills_bot_id"), "fills", ["bot_id"], unique=False)
    op.create_index(op.f("ix_fills_order_id"), "fills", ["order_id"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["execution_plans.id"], name=op.f("fk_order_events_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_plan_id"), "order_events", ["plan_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_order_events_plan_id"), table_name="order_events")
    op.drop_table("order_events")
    op.drop_index(op.f("ix_fills_order_id"), table_name="fills")
    op.drop_index(op.f("ix_fills_bot_id"), table_name="fills")
    op.drop_table("fills")
    op.drop_index(
        "uq_orders_one_sending", table_name="orders", postgresql_where="status = 'SENDING'"
    )
    op.drop_index(
        "uq_orders_one_live",
        table_name="orders",
        postgresql_where="status IN ('SENDING', 'UNKNOWN', 'ACKED')",
    )
    op.drop_index(
        "ix_orders_to_check", table_name="orders", postgresql_where="next_check_at IS NOT NULL"
    )
    op.drop_index(op.f("ix_orders_bot_id"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(
        "ix_execution_plans_waiting",
        table_name="execution_plans",
        postgresql_where="status = 'PLANNED'",
    )
    op.drop_index(
        "ix_execution_plans_live",
        table_name="execution_plans",
        postgresql_where="status IN ('PLANNED', 'ORDERED')",
    )
    op.drop_index(op.f("ix_execution_plans_bot_id"), table_name="execution_plans")
    op.drop_table("execution_plans")
    op.drop_table("holdings")
    op.drop_index(op.f("ix_close_requests_bot_id"), table_name="close_requests")
    op.drop_table("close_requests")
    op.drop_table("paper_orders")
    op.drop_table("paper_balances")
    op.drop_index(op.f("ix_bots_user_id"), table_name="bots")
    op.drop_table("bots")
    op.drop_table("api_keys")
    op.drop_table("account_balances")
    op.drop_table("verdicts")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_exchange_accounts_user_id"), table_name="exchange_accounts")
    op.drop_table("exchange_accounts")
    op.drop_table("entitlements")
    op.drop_table("users")
    op.drop_table("tiers")
    op.drop_table("tickers")
    op.drop_table("tick_slots")
    op.drop_table("symbol_filters")
    op.drop_table("switches")
    op.drop_table("regime_readings")
    op.drop_table("market_calls")
    op.drop_table("leader_books")
    op.drop_index("ix_feed_items_user_id_id", table_name="feed_items")
    op.drop_table("feed_items")
    op.drop_table("decisions")
    op.drop_table("data_faults")
    op.drop_table("candles")
