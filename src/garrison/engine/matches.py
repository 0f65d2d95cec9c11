"""What the stages say of an object: why it is a threat, and what they could not see."""

from typing import NamedTuple

from garrison.engine.verdict import Certainty, Kind


class Match(NamedTuple):
    """One reason to call an object a threat.

    why: a sentence for people. signature: what matched, as its database names it. offset: where in the object the first
    of its patterns lies, -1 when that says nothing. score: of heuristics, 0 otherwise.
    """

    name: str
    kind: Kind
    certainty: Certainty
    why: str
    signature: str = ""
    offset: int = -1
    score: int = 0


class Matches(NamedTuple):
    """What matched an object. remark: what could not be matched, or ""."""

    found: tuple[Match, ...] = ()
    remark: str = ""


NOTHING = Matches()
