"""Do the pages load exactly the pinned bytes, from here or from the CDN?"""

import subprocess
import sys
from pathlib import Path

import pytest

from nexus.core.assets import STATIC, AssetsError, integrity_of, load_assets, read_vendor

FETCH = STATIC.parent / "bin" / "assets"

PINNED = b"the pinned bytes"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """Give a static folder with one pinned file that is not there yet, and one of our own."""
    (tmp_path / "vendor.toml").write_text(
        f"""
        [chart]
        package = "some-charts"
        version = "1.2.3"
        file = "dist/chart.min.js"
        integrity = "{integrity_of(PINNED)}"
        cdn = "https://cdn.example/npm/some-charts@1.2.3/dist/chart.min.js"
        """
    )
    (tmp_path / "own.css").write_text("body { color: red }")
    return tmp_path


def bring(static: Path, content: bytes = PINNED) -> Path:
    path = static / "vendor" / "some-charts-1.2.3" / "chart.min.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", read_vendor())
def test_the_bytes_here_are_the_pinned_ones(name: str) -> None:
    pinned = read_vendor()[name]
    path = STATIC / "vendor" / pinned.local_name
    if not path.is_file():
        pytest.skip("static/vendor is empty: bin/assets has not brought the files")
    assert integrity_of(path.read_bytes()) == pinned.integrity


@pytest.mark.parametrize("name", read_vendor())
def test_the_cdn_is_asked_for_the_same_file_of_the_same_version(name: str) -> None:
    pinned = read_vendor()[name]
    assert pinned.cdn == (
        f"https://cdn.jsdelivr.net/npm/{pinned.package}@{pinned.version}/{pinned.file}"
    )


def test_integrity_is_what_browsers_compute() -> None:
    # printf abc | openssl dgst -sha384 -binary | base64
    assert integrity_of(b"abc") == (
        "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"
    )


def test_auto_is_local_when_the_bytes_are_there(static: Path) -> None:
    bring(static)
    assets = load_assets("auto", static)
    chart = assets.asset("chart")
    assert chart.url == "/static/vendor/some-charts-1.2.3/chart.min.js"
    assert chart.integrity == integrity_of(PINNED)
    assert not chart.cross_origin
    assert assets.sources == ()


@pytest.mark.parametrize("content", [None, b"other bytes", PINNED[:5]])
def test_auto_is_the_cdn_when_they_are_missing_or_changed(
    static: Path, content: bytes | None
) -> None:
    if content is not None:
        bring(static, content)
    assets = load_assets("auto", static)
    chart = assets.asset("chart")
    assert chart.url.startswith("https://cdn.example/")
    assert chart.integrity == integrity_of(PINNED)
    assert chart.cross_origin
    assert assets.sources == ("https://cdn.example",)


def test_cdn_is_the_cdn_even_when_the_bytes_are_there(static: Path) -> None:
    bring(static)
    assert load_assets("cdn", static).asset("chart").cross_origin


def test_local_without_the_bytes_says_what_to_do(static: Path) -> None:
    with pytest.raises(AssetsError, match=r"chart.*Run bin/assets.*ASSETS=cdn"):
        load_assets("local", static)


def test_our_own_files_change_their_address_with_their_content(static: Path) -> None:
    assets = load_assets("auto", static)
    before = assets.asset("own.css").url
    assert before.startswith("/static/own.css?v=")
    assert assets.asset("own.css").url == before
    (static / "own.css").write_text("body { color: blue; }")
    assert assets.asset("own.css").url != before


def test_a_file_that_does_not_exist_is_named(static: Path) -> None:
    with pytest.raises(AssetsError, match=r"static/nowhere\.css"):
        load_assets("auto", static).asset("nowhere.css")


def in_a_house_of_its_own(tmp_path: Path, static: Path, packages: dict[str, bytes]) -> Path:
    """Set up bin/assets with a static folder and an npm that has only `packages`."""
    house = tmp_path / "house"
    (house / "bin").mkdir(parents=True)
    (house / "bin" / "assets").write_bytes(FETCH.read_bytes())
    (house / "src").symlink_to(STATIC.parent / "src")
    (house / "static").symlink_to(static)
    archives = house / "npm"
    archives.mkdir()
    for name, content in packages.items():
        dist = archives / name / "package" / "dist"
        dist.mkdir(parents=True)
        (dist / "chart.min.js").write_bytes(content)
    npm = archives / "npm"
    npm.write_text(
        f"""#!{sys.executable}
import pathlib, sys, tarfile
source = pathlib.Path({str(archives)!r}) / sys.argv[2]
if not source.is_dir():
    sys.exit("npm error 404 " + sys.argv[2])
target = sys.argv[-1].removeprefix("--pack-destination=")
with tarfile.open(target + "/p.tgz", "w:gz") as tar:
    tar.add(source / "package", "package")
"""
    )
    npm.chmod(0o755)
    return house


def run_assets(house: Path, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(house / "bin" / "assets")],
        capture_output=True,
        text=True,
        env={"PATH": str(path)},
        timeout=30,
        check=False,
    )


def test_npm_brings_the_pinned_bytes_once(tmp_path: Path, static: Path) -> None:
    house = in_a_house_of_its_own(tmp_path, static, {"some-charts@1.2.3": PINNED})
    first = run_assets(house, house / "npm")
    assert first.returncode == 0, first.stderr
    assert load_assets("local", static).asset("chart").url.startswith("/static/vendor/")
    again = run_assets(house, tmp_path / "no-npm-needed")
    assert (again.returncode, again.stdout) == (0, "Front-end files: already there.\n")


def test_other_bytes_than_the_pinned_are_refused(tmp_path: Path, static: Path) -> None:
    house = in_a_house_of_its_own(tmp_path, static, {"some-charts@1.2.3": b"something else"})
    finished = run_assets(house, house / "npm")
    assert finished.returncode == 1
    assert "is not the pinned file and was not kept" in finished.stdout
    assert not list((static / "vendor").rglob("*.js"))


def test_without_npm_the_pages_load_them_from_the_cdn(tmp_path: Path, static: Path) -> None:
    house = in_a_house_of_its_own(tmp_path, static, {})
    finished = run_assets(house, tmp_path / "nowhere")
    assert finished.returncode == 0
    assert finished.stdout == (
        "Front-end files: npm is not installed, so the pages will load them from the CDN.\n"
    )


def test_an_npm_that_fails_is_no_disaster(tmp_path: Path, static: Path) -> None:
    house = in_a_house_of_its_own(tmp_path, static, {})
    finished = run_assets(house, house / "npm")
    assert finished.returncode == 0
    assert "npm could not bring them" in finished.stdout
    assert "404 some-charts@1.2.3" in finished.stdout
