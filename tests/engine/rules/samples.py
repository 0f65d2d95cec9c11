"""The harmless samples of our own rules, kept so that no scanner sees them: see samples/README.md."""

import argparse
import base64
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("samples")
KEY = 0x5A
PARTS = ("positive", "variant", "near_miss")
_WIDTH = 100


@dataclass(frozen=True)
class Sample:
    """Two files that a rule must hit and one that it must let pass."""

    rule: str
    object_type: str
    positive: bytes
    variant: bytes
    near_miss: bytes


def encode(data: bytes) -> list[str]:
    """Turn the bytes round, XOR each with the key, and write them as lines of base64."""
    text = base64.b64encode(bytes(byte ^ KEY for byte in reversed(data))).decode("ascii")
    return [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]


def decode(lines: list[str]) -> bytes:
    """Undo encode."""
    return bytes(byte ^ KEY for byte in reversed(base64.b64decode("".join(lines))))


def load() -> list[Sample]:
    """All samples, by the name of their rule."""
    return [_read(path) for path in sorted(FOLDER.glob("*.json"))]


def store(sample: Sample) -> Path:
    """Write a sample's file."""
    path = FOLDER / f"{sample.rule}.json"
    fields: dict[str, object] = {"rule": sample.rule, "object_type": sample.object_type}
    fields |= {part: encode(getattr(sample, part)) for part in PARTS}
    path.write_text(json.dumps(fields, indent=1) + "\n", encoding="ascii")
    return path


def _read(path: Path) -> Sample:
    fields = json.loads(path.read_text(encoding="ascii"))
    parts = {part: decode(fields[part]) for part in PARTS}
    return Sample(rule=str(fields["rule"]), object_type=str(fields["object_type"]), **parts)


def main() -> None:
    """Pack three plain files into a sample."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("rule")
    parser.add_argument("object_type")
    for part in PARTS:
        parser.add_argument(part, type=Path)
    given = parser.parse_args()
    parts = {part: getattr(given, part).read_bytes() for part in PARTS}
    print(store(Sample(rule=given.rule, object_type=given.object_type, **parts)))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
