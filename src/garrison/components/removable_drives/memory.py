"""What is remembered of drives: answers that were given for good, and what became of the drives that are connected."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from garrison.base.errors import NotFound
from garrison.base.files import read_json, write_json
from garrison.components.removable_drives.settings import Way

MOST_REMEMBERED = 500
_MOST_MARKS = 200
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer given for good. key: what the drive is known by. owner: who gave it. since: ISO 8601."""

    id: int
    key: str
    drive: str
    answer: str
    owner: int
    since: str


class Memory:
    """Kept in a folder: remembered.json, and seen.json, which is of one start of the computer only.

    What is damaged is forgotten: then it is asked again.
    """

    def __init__(self, folder: Path, boot: Path = _BOOT) -> None:
        self._answers_file, self._seen_file = folder / "remembered.json", folder / "seen.json"
        self._boot = _text(boot)
        self.answers = self._read_answers()
        self._seen = self._read_seen()

    # -- answers --

    def answer(self, key: str, owner: int) -> Way | None:
        """Return what an account, or the suite's owner before it, said once and for all of a drive."""
        for one in sorted(self.answers, key=lambda each: each.owner == owner):
            if key and one.key == key and one.owner in {0, owner}:
                return Way(one.answer)
        return None

    def remember(self, key: str, drive: str, answer: Way, owner: int, since: str) -> None:
        """Remember an answer, in place of an earlier one; the oldest are forgotten. Raises what writing raises."""
        number = max((each.id for each in self.answers), default=0) + 1
        others = [each for each in self.answers if (each.key, each.owner) != (key, owner)]
        self._keep([*others, Remembered(number, key, drive, answer.value, owner, since)][-MOST_REMEMBERED:])

    def forget(self, numbers: set[int], known: set[int]) -> None:
        """Forget answers. known: those there are for whoever asks. Raises NotFound, and then forgets none."""
        missing = numbers - known
        if missing:
            raise NotFound(
                "There is no remembered answer {number}.",
                "garrison removable-drives remembered lists them.",
                number=min(missing),
            )
        self._keep([each for each in self.answers if each.id not in numbers])

    def _keep(self, answers: list[Remembered]) -> None:
        write_json(self._answers_file, [asdict(each) for each in answers])
        self.answers = answers

    def _read_answers(self) -> list[Remembered]:
        try:
            answers = [Remembered(**plain) for plain in read_json(self._answers_file)]
        except (OSError, ValueError, TypeError):
            return []
        kinds = {each.name: each.type for each in fields(Remembered)}
        ways = set(map(str, Way))
        return [
            each
            for each in answers
            if all(type(getattr(each, name)) is kind for name, kind in kinds.items()) and each.answer in ways
        ]

    # -- what is connected --

    def state(self, mark: str) -> str | None:
        """Return what became of a volume, by its mark; None when nothing did."""
        return self._seen.get(mark)

    def marks(self) -> list[str]:
        """Return the marks of the volumes that something became of."""
        return list(self._seen)

    def see(self, marks: list[str], state: str) -> None:
        """Note what became of volumes. Raises what writing raises."""
        kept = {mark: old for mark, old in self._seen.items() if mark not in marks}
        self._seen = dict([*kept.items(), *((mark, state) for mark in marks)][-_MOST_MARKS:])
        self._write_seen()

    def unsee(self, marks: list[str]) -> None:
        """Forget what became of volumes, so that they count as new. Raises what writing raises."""
        if any(mark in self._seen for mark in marks):
            self._seen = {mark: old for mark, old in self._seen.items() if mark not in marks}
            self._write_seen()

    def _write_seen(self) -> None:
        write_json(self._seen_file, {"boot": self._boot, "seen": self._seen})

    def _read_seen(self) -> dict[str, str]:
        try:
            plain: Any = read_json(self._seen_file)
            is_of_now = bool(self._boot) and plain["boot"] == self._boot
            return {str(mark): str(state) for mark, state in plain["seen"].items()} if is_of_now else {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
