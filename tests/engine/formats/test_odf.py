from garrison.engine.formats.odf import members
from garrison.engine.type import Type
from tests.engine.opening import opened


def test_a_module_comes_out_as_plain_text() -> None:
    whole = b'<?xml version="1.0"?><script:module script:name="A&amp;B">Shell(&quot;ls&quot;)</script:module>'
    assert [(each.names, each.content, each.kind) for each in opened(members, whole)] == [
        (("(macros: A&B)",), b'Shell("ls")', Type.VBSCRIPT)
    ]


def test_a_cut_module_comes_out_as_far_as_it_goes() -> None:
    assert [each.content for each in opened(members, b"<?xml?><script:module>Sub Ma")] == [b"Sub Ma"]
