from garrison.sdk import describe
from garrison.sdk.describe import first_line, names_in
from garrison.wire.manifest import from_plain, to_plain
from tests.sdk.samples import Sample


def test_a_component_describes_itself() -> None:
    manifest = describe(Sample)
    assert (manifest.id, manifest.help, manifest.feature) == ("sample", "Looks at things.", "protection")
    assert [operation.id for operation in manifest.operations] == ["sample.look-at", "sample.keep", "sample.of-another"]
    assert manifest.operations[0].schedule == "every 1 day at 12:30, if missed"
    assert manifest.operations[0].is_task
    assert [value.name for value in manifest.operations[0].parameters] == ["paths", "deep", "colour"]
    assert manifest.operations[0].parameters[2].choices == ("red", "blue")
    assert manifest.events[0].fields == ("what", "path")
    assert manifest.aliases == {"look": "sample.look-at"}
    assert manifest.purposes[0].text == "We tell everybody."


def test_a_description_survives_the_socket() -> None:
    assert from_plain(to_plain((describe(Sample),))) == (describe(Sample),)


def test_the_first_line_is_the_help() -> None:
    assert first_line("\n    One.\n\n    Two.\n    ") == "One."
    assert first_line(None) == first_line("") == ""


def test_the_names_in_a_sentence() -> None:
    assert names_in("{a} is {b.c} of {{d}}") == {"a", "b"}
