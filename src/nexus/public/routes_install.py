"""What makes Nexus an app on a phone? Its manifest, service worker and offline page."""

import hashlib
from typing import Any, Final

import orjson
from litestar import Response, get

from nexus.core.assets import STATIC, Assets
from nexus.core.render import TEMPLATES
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, public_page

OFFLINE: Final = "/offline"
OFFLINE_PARTS: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/components.css",
    "css/frame.css",
    "icons/nexus.svg",
    "js/install.js",
)
"""What the offline page is made of; kept on the device with it."""
A_DAY: Final = 86_400
SCRIPT: Final = STATIC / "js" / "service-worker.js"


@get("/manifest.webmanifest", opt={PUBLIC: True}, sync_to_thread=False)
def give_manifest(request: AnyRequest) -> Response[bytes]:
    """Say how Nexus looks and starts as an app."""
    return Response(
        orjson.dumps(manifest(site_of(request).assets)),
        media_type="application/manifest+json",
        headers={"Cache-Control": f"public, max-age={A_DAY}"},
    )


def manifest(assets: Assets) -> dict[str, Any]:
    """Describe the app. Its colours are the light theme's: a manifest knows only one."""
    return {
        "id": "/",
        "name": "Nexus",
        "short_name": "Nexus",
        "description": "Trading bots on your own exchange account, behind a gate that says why.",
        "lang": "en",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f4f7",
        "theme_color": "#ffffff",
        "icons": [
            _icon(assets, "icons/nexus.svg", "any", "image/svg+xml", "any"),
            _icon(assets, "icons/nexus-192.png", "192x192", "image/png", "any"),
            _icon(assets, "icons/nexus-512.png", "512x512", "image/png", "any"),
            _icon(assets, "icons/nexus-maskable-512.png", "512x512", "image/png", "maskable"),
        ],
    }


def _icon(assets: Assets, name: str, sizes: str, kind: str, purpose: str) -> dict[str, str]:
    return {"src": assets.asset(name).url, "sizes": sizes, "type": kind, "purpose": purpose}


@get("/service-worker.js", opt={PUBLIC: True}, sync_to_thread=True)
def give_service_worker(request: AnyRequest) -> Response[str]:
    """Give the script that shows the offline page; it stands at the root to speak for all pages."""
    return Response(
        service_worker(site_of(request).assets),
        media_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "public, no-cache"},
    )


def service_worker(assets: Assets) -> str:
    """Write the script, with what it keeps; it changes whenever any of that does."""
    kept = [OFFLINE, *(assets.asset(name).url for name in OFFLINE_PARTS)]
    script = SCRIPT.read_text(encoding="utf-8")
    page = orjson.dumps(kept).decode()
    words = (TEMPLATES / "public" / "offline.html").read_text(encoding="utf-8")
    version = hashlib.sha256((page + words + script).encode()).hexdigest()[:12]
    return f'const VERSION = "nexus-{version}";\nconst KEPT = {page};\n{script}'


@get(OFFLINE, opt={PUBLIC: True}, sync_to_thread=False)
def show_offline(request: AnyRequest) -> Response[str]:
    """Show what a device shows without a network."""
    return public_page(request, "public/offline.html", seconds=A_DAY)


route_handlers = [give_manifest, give_service_worker, show_offline]
