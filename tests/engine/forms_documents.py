"""The documents of the conformance suite."""

from tests.engine.forms import Form

FORMS: tuple[Form, ...] = ()
