"""What a browser may do with our pages."""

from garrison.look.policy import CONTENT_SECURITY_POLICY, HEADERS


def test_nothing_is_allowed_that_is_not_named() -> None:
    parts = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert parts["default-src"] == parts["frame-ancestors"] == parts["base-uri"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["connect-src"] == parts["form-action"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert HEADERS["referrer-policy"] == "same-origin"
