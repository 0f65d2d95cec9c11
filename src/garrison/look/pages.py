"""Puts pages together from templates: everything that is not marked as HTML is escaped."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from garrison.base.languages import Translator
from garrison.base.text import printable
from garrison.look.assets import address, icons


class Pages:
    """Templates of one surface (by their names) and ours (under look/)."""

    def __init__(self, package: str) -> None:
        loaders = {"look": PackageLoader("garrison.look"), "own": PackageLoader(package)}
        self._environment = Environment(
            loader=PrefixLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
        )
        self._environment.policies["ext.i18n.trimmed"] = True
        self._environment.filters.update(plain=printable, quoted=quoted)
        self._environment.globals.update(asset=address, icon=icon)
        # The reader's language is known only when a page is put together: the texts ask the page for it.
        install = self._environment.install_gettext_callables  # type: ignore[attr-defined] # the extension brings it
        install(_gettext, _ngettext, newstyle=True)

    def render(self, name: str, translator: Translator, values: Mapping[str, Any]) -> str:
        """Return a page in the reader's language."""
        template = self._environment.get_template(f"own/{name}")
        return template.render({**values, "t": translator})


def quoted(name: str) -> str:
    """Return a name, which may be any bytes, as a form can carry it: percent-encoded (RFC 3986)."""
    return quote(name.encode("utf-8", "surrogateescape"))


def unquoted(untrusted: str) -> str:
    """Return the name that `quoted` had."""
    return unquote(untrusted, errors="surrogateescape")


@pass_context
def _gettext(context: Context, message: str) -> str:
    translator: Translator = context["t"]
    return translator.original(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    translator: Translator = context["t"]
    return translator.originals(one, many, count)


def icon(name: str, classes: str = "") -> Markup:
    """Return an icon as SVG, which screen readers pass over: a text beside it says the same."""
    return Markup(
        '<svg class="icon {}" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
    ).format(classes) + Markup(icons()[name] + "</svg>")  # noqa: S704 # our own file
