"""What callers may ask for, and what the licence includes. Read by the door and the supervisor."""

from garrison.base.errors import Refused, Unlicensed
from garrison.sdk import Access, Caller, Feature

_OWNERS = frozenset({Access.CONFIGURE, Access.WEAKEN})


class Rights:
    """Says yes or raises. Without a subscription every feature is included: Garrison is free and complete."""

    def includes(self, feature: Feature) -> bool:
        """Return whether the licence includes a feature."""
        return feature in Feature

    def check_licence(self, feature: Feature, title: str) -> None:
        """Raise Unlicensed when the licence does not include what a component needs."""
        if not self.includes(feature):
            raise Unlicensed("{title} is not in your subscription.", title=title)

    def check_access(self, caller: Caller, access: Access, title: str) -> None:
        """Raise Refused when a caller has no right to an operation."""
        if access in _OWNERS and not caller.is_owner:
            raise Refused(
                "“{title}” changes how the whole computer is protected: only its owner may do that.",
                "Ask whoever looks after this computer, or use sudo.",
                title=title,
            )
