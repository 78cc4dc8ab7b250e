"""Who may ask for which route? Every route has a class, and the walks below it are generated."""

import re
from collections.abc import Iterator

from litestar import Litestar
from litestar.routes import HTTPRoute

# Every route has a class. A new one fails the tests below until somebody has thought about it.
OPEN_TO_ALL = {
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("POST", "/csp-report"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/factor"),
    ("POST", "/sign-in/factor"),
    ("POST", "/sign-in/factor/passkey"),
    ("POST", "/sign-in/factor/passkey/options"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/openid/{issuer:str}/start"),
    ("GET", "/openid/{issuer:str}/callback"),
    ("POST", "/sign-in/passkey/options"),
    ("GET", "/sign-up"),
    ("POST", "/sign-up"),
    ("POST", "/sign-up/again"),
    ("GET", "/sign-up/check"),
    ("POST", "/sign-up/check"),
    ("GET", "/forgot"),
    ("POST", "/forgot"),
    ("GET", "/forgot/sent"),
    ("GET", "/reset"),
    ("POST", "/reset"),
    ("GET", "/reset/done"),
    ("GET", "/email/confirm"),
    ("POST", "/email/confirm"),
    ("GET", "/email/undo"),
    ("POST", "/email/undo"),
    ("GET", "/verify"),
    ("POST", "/verify"),
    ("GET", "/terms"),
    ("GET", "/risk"),
    ("GET", "/development/mail"),
    ("GET", "/pricing"),
    ("GET", "/status"),
    ("GET", "/security"),
    ("GET", "/promises"),
    ("GET", "/manifest.webmanifest"),
    ("GET", "/service-worker.js"),
    ("GET", "/offline"),
    ("GET", "/styleguide"),
    ("GET", "/.well-known/security.txt"),
    ("GET", "/static/{file_path:path}"),
    ("HEAD", "/static/{file_path:path}"),
}
NEEDS_A_PERSON = {
    ("POST", "/sign-out"),
    ("GET", "/settings"),
    ("GET", "/settings/profile"),
    ("POST", "/settings/profile"),
    ("GET", "/settings/sessions"),
    ("POST", "/settings/sessions/{session_id:int}/end"),
    ("POST", "/settings/sessions/end-others"),
    ("POST", "/settings/sessions/end-all"),
    ("GET", "/settings/activity"),
    ("GET", "/settings/data"),
    ("GET", "/settings/data/download"),
    ("POST", "/settings/data/download"),
    ("GET", "/settings/data/delete"),
    ("POST", "/settings/data/delete"),
    ("POST", "/settings/data/keep"),
    ("POST", "/onboarding/{step:str}/skip"),
    ("GET", "/settings/email"),
    ("POST", "/settings/email"),
    ("POST", "/settings/email/cancel"),
    ("GET", "/settings/password"),
    ("POST", "/settings/password"),
    ("GET", "/consent"),
    ("POST", "/consent"),
    ("GET", "/prove"),
    ("POST", "/prove"),
    ("POST", "/prove/passkey"),
    ("POST", "/prove/openid/{issuer:str}"),
    ("GET", "/settings/security/link/{issuer:str}"),
    ("POST", "/settings/security/link/{issuer:str}"),
    ("GET", "/settings/security/identities/{identity_id:int}/remove"),
    ("POST", "/settings/security/identities/{identity_id:int}/remove"),
    ("POST", "/prove/passkey/options"),
    ("GET", "/settings/security"),
    ("GET", "/settings/security/totp"),
    ("POST", "/settings/security/totp"),
    ("GET", "/settings/security/totp/remove"),
    ("POST", "/settings/security/totp/remove"),
    ("GET", "/settings/security/recovery-codes"),
    ("POST", "/settings/security/recovery-codes"),
    ("GET", "/settings/security/passkeys/new"),
    ("POST", "/settings/security/passkeys/new"),
    ("POST", "/settings/security/passkeys/new/options"),
    ("GET", "/settings/security/passkeys/{passkey_id:int}"),
    ("POST", "/settings/security/passkeys/{passkey_id:int}"),
    ("GET", "/settings/security/passkeys/{passkey_id:int}/remove"),
    ("POST", "/settings/security/passkeys/{passkey_id:int}/remove"),
    ("GET", "/"),
    ("GET", "/live"),
    ("GET", "/gate"),
    ("GET", "/portfolio"),
    ("GET", "/trades"),
    ("GET", "/trades/trades.csv"),
    ("GET", "/trades/disposals.csv"),
    ("GET", "/market/{name:str}"),
    ("GET", "/market/{name:str}/candles"),
    ("GET", "/bots/new"),
    ("POST", "/bots/new"),
    ("POST", "/bots/{bot_id:int}/start"),
    ("POST", "/bots/{bot_id:int}/pause"),
    ("POST", "/bots/{bot_id:int}/stop"),
    ("GET", "/bots/{bot_id:int}/close"),
    ("POST", "/bots/{bot_id:int}/close"),
    ("GET", "/settings/limits"),
    ("POST", "/settings/limits"),
    ("POST", "/settings/limits/restart"),
    ("GET", "/stop"),
    ("POST", "/stop"),
    ("GET", "/accounts"),
    ("GET", "/accounts/{account_id:int}"),
    ("GET", "/accounts/new"),
    ("POST", "/accounts/new"),
    ("GET", "/accounts/new/{drop_id:str}"),
    ("POST", "/accounts/new/{drop_id:str}"),
    ("POST", "/accounts/new/{drop_id:str}/again"),
    ("POST", "/accounts/new/{drop_id:str}/forget"),
    ("GET", "/accounts/{account_id:int}/key"),
    ("POST", "/accounts/{account_id:int}/key"),
    ("GET", "/accounts/{account_id:int}/pause"),
    ("POST", "/accounts/{account_id:int}/pause"),
    ("POST", "/accounts/{account_id:int}/resume"),
    ("GET", "/accounts/{account_id:int}/remove"),
    ("POST", "/accounts/{account_id:int}/remove"),
}
# Of these, the ones that show something else to whoever never signed in.
FOR_VISITORS_TOO = {("GET", "/")}
STAFF_ONLY = {
    ("GET", "/admin"): "reader",
    ("GET", "/admin/people/{person_id:str}"): "reader",
    ("POST", "/admin/people/{person_id:str}"): "support",
    ("GET", "/admin/people/{person_id:str}/role"): "admin",
    ("POST", "/admin/people/{person_id:str}/role"): "admin",
    ("GET", "/admin/audit"): "reader",
    ("GET", "/admin/audit/check"): "reader",
    ("GET", "/admin/exchanges"): "reader",
    ("GET", "/admin/switches"): "reader",
    ("POST", "/admin/switches"): "admin",
    ("GET", "/admin/switches/close"): "admin",
    ("POST", "/admin/switches/close"): "admin",
}
NEVER_CHECKED_FOR_FORGERY = {("POST", "/csp-report")}

EXAMPLES = {"int": "1", "str": "BTC-USDT", "path": "icons/nexus.svg"}


def routes(app: Litestar) -> Iterator[tuple[str, str, dict[str, object]]]:
    """List every route: method, path and options. OPTIONS only says which methods there are."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), "another kind of route needs its own walk"
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                yield str(method), route.path, handler.opt


def address(path: str) -> str:
    """Fill in a path's parameters."""
    return re.sub(r"\{\w+:(\w+)\}", lambda parameter: EXAMPLES[parameter[1]], path)
