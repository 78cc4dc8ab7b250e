"""Which form does a route read? Told by its own source, so that nobody has to keep a list."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from nexus.core.csrf import EXEMPT
from nexus.core.forms import Form

NO_FORM = {"/csp-report"}
"""Browsers send these by themselves, as JSON; there is no form of ours behind it."""
CALLS = re.compile(r"\b(_\w+)\(")
READS = re.compile(r"read_form\(\s*request,\s*(\w+)")


def form_of(handler: BaseRouteHandler) -> type[Form]:
    """Find the form that a handler reads; fails for one that reads none, or hides which."""
    function = inspect.unwrap(handler.fn)
    names = set(_read_by(function, set()))
    told = f"{function.__module__}.{function.__qualname__} must read one form"
    assert len(names) == 1, f"{told}: read_form(request, X); found {sorted(names)}"
    form: type[Form] = function.__globals__[names.pop()]
    assert issubclass(form, Form)
    return form


def _read_by(function: Any, seen: set[str]) -> Iterator[str]:
    """Name the forms that a function reads, itself or by those it calls in its own file."""
    seen.add(function.__name__)
    source = inspect.getsource(function)
    yield from READS.findall(source)
    for name in CALLS.findall(source):
        called = function.__globals__.get(name)
        ours = inspect.isfunction(called) and called.__module__ == function.__module__
        if ours and name not in seen:
            yield from _read_by(called, seen)


def forms(app: Litestar) -> Iterator[tuple[str, type[Form]]]:
    """List every route that changes something: its path and its form."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            unsafe = handler.http_methods - {"GET", "HEAD", "OPTIONS"}
            assert unsafe <= {"POST"}, f"{route.path}: another method needs its own walk"
            # What comes from no form of ours is exempt from its token, and read in its own way.
            if unsafe and not handler.opt.get(EXEMPT):
                yield route.path, form_of(handler)
