"""How Alembic reaches the database. The URL comes from `nexus.core.migrate`, never from a file."""

from alembic import context
from sqlalchemy import create_engine, pool, text

import nexus.accounts.models
import nexus.billing.models
import nexus.bots.models
import nexus.exchanges.models
import nexus.execution.models
import nexus.fanout.models
import nexus.feed.models
import nexus.mail.models
import nexus.market.models
import nexus.notices.models
import nexus.pipeline.models
import nexus.portfolio.models
import nexus.regime.models
import nexus.strategy.models  # noqa: F401  importing a models module declares its tables
from nexus.core.db import Table

LOCK_TIMEOUT = "5s"


def run() -> None:
    """Migrate online, in one transaction, giving up rather than queueing behind live traffic."""
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Table.metadata)
        with context.begin_transaction():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
