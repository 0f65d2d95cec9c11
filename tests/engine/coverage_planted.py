"""Targets that break their promises, each in its way: what the campaign has to notice."""

from tests.engine.coverage_targets import Target


def raises(content: bytes) -> None:
    if content[:2] == b"ev":
        raise IndexError("planted")


def never_ends(content: bytes) -> None:
    while content:
        pass


def eats_memory(content: bytes) -> None:
    kept: list[bytes] = []
    while content:
        if len(kept) < 200:
            kept.append(b"x" * (4_000_000 + len(kept)))


TARGETS = {run.__name__: Target(run.__name__, run) for run in (raises, never_ends, eats_memory)}
