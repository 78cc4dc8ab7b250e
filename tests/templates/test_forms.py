"""Do forms for secrets help their owner, and does every page of a person let them leave?"""

import re

import pytest

from nexus.core.render import TEMPLATES, render
from tests.templates import samples

FIELDS = re.compile(r"<input[^>]*>", re.DOTALL)
PASSWORDS = ("password", "current")


def test_passwords_are_hidden_and_managers_may_fill_them() -> None:
    found = 0
    for template, context in samples.PAGES.values():
        for field in FIELDS.findall(render(template, **context)):
            named = re.search(r'name="(\w+)"', field)
            if named and named[1] in PASSWORDS:
                found += 1
                assert 'type="password"' in field, template
                assert re.search(r'autocomplete="(current|new)-password"', field), template
                assert "maxlength" not in field, f"{template} would cut what is pasted"
                assert not re.search(r"\bvalue=\"[^\"]", field), f"{template} sends one back"
    assert found > 5


def test_no_script_keeps_anybody_from_pasting() -> None:
    scripts = [*(TEMPLATES.parent / "static" / "js").glob("*.js")]
    assert scripts
    assert [
        file.name for file in scripts if re.search(r"[\"']paste[\"']|onpaste", file.read_text())
    ] == []


@pytest.mark.parametrize("state", sorted(samples.PAGES))
def test_every_page_of_a_person_offers_to_sign_out(state: str) -> None:
    template, context = samples.PAGES[state]
    if 'extends "layouts/app.html"' in (TEMPLATES / template).read_text():
        assert 'action="/sign-out"' in render(template, **context)
