"""Packages and images of disks: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {}
CLOSED: Mapping[Type, str] = {}
