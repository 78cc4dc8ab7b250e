"""Which pages does this folder have? All of them, for the web process."""

from nexus.bots import (
    routes,
    routes_accounts,
    routes_clone,
    routes_edit,
    routes_limits,
    routes_new,
    routes_stop,
)

route_handlers = [
    *routes.route_handlers,
    *routes_new.route_handlers,
    *routes_edit.route_handlers,
    *routes_clone.route_handlers,
    *routes_limits.route_handlers,
    *routes_stop.route_handlers,
    *routes_accounts.route_handlers,
]
