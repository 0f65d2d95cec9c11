"""The list of all containers the engine opens: one table a family, because a family's formats are read together.

A type may have several openers: a program has an archive behind it, resources in it, and packed code.
"""

from collections.abc import Mapping
from itertools import chain

from garrison.engine.formats import archives, documents, executables, images, texts
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

_FAMILIES = (archives, images, documents, texts, executables)

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    kind: tuple(chain.from_iterable(family.OPENERS.get(kind, ()) for family in _FAMILIES)) for kind in Type
}

# Containers that are known and not opened: a person is told so.
CLOSED: Mapping[Type, str] = dict(chain.from_iterable(family.CLOSED.items() for family in _FAMILIES))
