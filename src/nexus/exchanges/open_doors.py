"""Could the pages read exchange keys, if somebody made them try? Said once, when they start."""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from nexus.core.db import Database

log = structlog.get_logger()

SEALED = {
    "api_keys": ("wrapped_dek", "ciphertext"),
    "key_drops": ("key_box", "secret_box"),
    "vault_secrets": ("wrapped",),
}


async def warn_of_open_doors(database: Database) -> None:
    """Log an error when this process's role may read what only workers should."""
    ask = text("SELECT has_column_privilege(:table, :column, 'SELECT')")
    try:
        async with database.transaction() as tx:
            readable = [
                f"{table}.{column}"
                for table, columns in SEALED.items()
                for column in columns
                if await tx.scalar(ask, {"table": table, "column": column})
            ]
    except (SQLAlchemyError, OSError) as error:
        log.warning("rights_not_read", error=type(error).__name__)
        return
    if readable:
        log.error(
            "pages_may_read_exchange_keys",
            columns=readable,
            do="give the pages the role nexus_web, as docs/runbooks/keys.md says",
        )
