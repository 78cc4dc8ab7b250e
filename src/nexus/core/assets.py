"""Where does a page load a style sheet or script from? From here, or from the CDN.

Our own files lie under `static/` and carry a hash of their content in the address, so a browser
may keep them for a year. Files of others are pinned in `static/vendor.toml`; `bin/assets` brings
their bytes to `static/vendor/`. Wherever they come from, the browser checks the pinned hash.
"""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

STATIC = Path(__file__).resolve().parents[3] / "static"
URL_PREFIX = "/static/"


class AssetsError(Exception):
    """The front-end files are not as they should be; the message says what to do."""


@dataclass(frozen=True)
class VendorFile:
    """One pinned file of a package: which bytes, and where a CDN has them."""

    name: str
    package: str
    version: str
    file: str
    integrity: str
    cdn: str

    @property
    def local_name(self) -> str:
        """Name it below `static/vendor/` so that two versions never meet under one address."""
        return f"{self.package}-{self.version}/{Path(self.file).name}"

    def is_there(self, static: Path) -> bool:
        """Say whether the pinned bytes lie below `static`, whole and unchanged."""
        path = static / "vendor" / self.local_name
        return path.is_file() and integrity_of(path.read_bytes()) == self.integrity


@dataclass(frozen=True)
class Asset:
    """What a `<script>` or `<link>` needs to know."""

    url: str
    integrity: str | None = None
    cross_origin: bool = False


class Assets:
    """Every static file's address, decided once at start."""

    def __init__(self, vendor: Mapping[str, VendorFile], static: Path, *, from_cdn: bool) -> None:
        self._vendor = vendor
        self._static = static
        self.from_cdn = from_cdn

    @property
    def sources(self) -> tuple[str, ...]:
        """Name the origins, besides our own, that the content security policy must allow."""
        if not self.from_cdn:
            return ()
        origins = {f"https://{urlsplit(file.cdn).netloc}" for file in self._vendor.values()}
        return tuple(sorted(origins))

    def asset(self, name: str) -> Asset:
        """Find a pinned file by its name, or one of our own by its path below `static/`."""
        file = self._vendor.get(name)
        if file is None:
            return Asset(f"{URL_PREFIX}{name}?v={_content_hash(self._static, name)}")
        if self.from_cdn:
            return Asset(file.cdn, file.integrity, cross_origin=True)
        return Asset(f"{URL_PREFIX}vendor/{file.local_name}", file.integrity)


def load_assets(mode: Literal["auto", "local", "cdn"], static: Path = STATIC) -> Assets:
    """Decide where the pinned files come from; raise AssetsError when `local` lacks them."""
    vendor = read_vendor(static)
    missing = [file.name for file in vendor.values() if not file.is_there(static)]
    if mode == "local" and missing:
        raise AssetsError(
            f"The front-end files {', '.join(missing)} are missing or changed. Run bin/assets to "
            "bring them, or set ASSETS=cdn to load them from the CDN."
        )
    return Assets(vendor, static, from_cdn=mode == "cdn" or bool(missing))


def read_vendor(static: Path = STATIC, pins: str = "vendor.toml") -> dict[str, VendorFile]:
    """Read which files are pinned, by name."""
    entries = tomllib.loads((static / pins).read_text(encoding="utf-8"))
    return {name: VendorFile(name=name, **entry) for name, entry in entries.items()}


def integrity_of(content: bytes) -> str:
    """Give the content's hash the way browsers expect it (subresource integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def _content_hash(static: Path, name: str) -> str:
    path = static / name
    if not path.is_file():
        raise AssetsError(f"A page asks for static/{name}, which does not exist.")
    return _hash_of_version(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _hash_of_version(path: Path, _modified_ns: int) -> str:
    """Hash a file once per version of it, so editing a style sheet shows at once."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
