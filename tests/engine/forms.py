"""One way to put content into each container, for the conformance suite and the fuzz campaign."""

from collections.abc import Callable
from dataclasses import dataclass

from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type


@dataclass(frozen=True, slots=True)
class Form:
    """A container that can be made here.

    wrap: content to container. is_exact: what comes out is one member with that very content, and nothing else; else
    the content is in one of several. is_streamed: what lies before damage comes out even of the one member. can_bomb:
    zeros become so small that the ratio tells. text_only: it holds texts, not any bytes.
    """

    kind: Type
    opener: Opener
    wrap: Callable[[bytes], bytes]
    is_exact: bool = True
    is_streamed: bool = True
    can_bomb: bool = True
    text_only: bool = False
