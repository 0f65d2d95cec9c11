"""What is common to programs."""

from garrison.engine.programs.program import Details, Program


class Counting(Details):
    def __init__(self) -> None:
        self.asked = 0

    def imports(self) -> tuple[tuple[str, str], ...]:
        self.asked += 1
        return (("a", "b"),)


def test_a_detail_is_read_once_and_not_before_somebody_asks() -> None:
    details = Counting()
    program = Program("", -1, (), 0, details=details)
    assert details.asked == 0
    assert program.imports == program.imports == (("a", "b"),)
    assert details.asked == 1


def test_details_may_be_given() -> None:
    program = Program("", -1, (), 0, imports=(("x", "y"),))
    assert program.imports == (("x", "y"),)
    assert (program.import_hash, program.version_strings, program.resources) == (b"", (), ())
