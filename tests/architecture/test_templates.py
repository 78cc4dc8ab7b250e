"""Can every template be rendered, and does every page say what it is?"""

import pytest
from jinja2 import DictLoader, Environment, nodes

from nexus.core.render import TEMPLATES, environment

NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


def is_page(made: Environment, name: str) -> bool:
    """Tell a page, which extends a layout, from a part of one and from the layouts themselves."""
    extends = any(_parsed(made, name).find_all(nodes.Extends))
    return extends and not name.startswith("layouts/")


def has_title(made: Environment, name: str) -> bool:
    return any(block.name == "title" for block in _parsed(made, name).find_all(nodes.Block))


def _parsed(made: Environment, name: str) -> nodes.Template:
    assert made.loader is not None
    return made.parse(made.loader.get_source(made, name)[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    environment().get_template(name)


def test_every_page_has_a_title() -> None:
    pages = [name for name in NAMES if is_page(environment(), name)]
    assert pages, "No page was found, so this test would prove nothing."
    assert [name for name in pages if not has_title(environment(), name)] == []


def test_a_planted_page_without_a_title_is_seen() -> None:
    page = '{% extends "layouts/base.html" %}{% block content %}{% endblock %}'
    planted = Environment(loader=DictLoader({"page.html": page}), autoescape=True)
    assert is_page(planted, "page.html")
    assert not has_title(planted, "page.html")
