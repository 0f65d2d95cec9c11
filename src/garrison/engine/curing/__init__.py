"""Takes what is harmful out of a file and leaves the rest as it was: members of archives, macros, injected lines."""

from garrison.engine.curing.cure import Cured, NotCurable, cure

__all__ = ["Cured", "NotCurable", "cure"]
