"""Which rooms are there? All of them, for the app."""

from nexus.admin import routes, routes_audit, routes_close, routes_exchanges, routes_switches

route_handlers = [
    *routes.route_handlers,
    *routes_audit.route_handlers,
    *routes_switches.route_handlers,
    *routes_close.route_handlers,
    *routes_exchanges.route_handlers,
]
