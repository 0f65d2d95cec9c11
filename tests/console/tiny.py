"""The daemon with one component more, which is all in this file: run as a program by the test beside it."""

from typing import Annotated

from garrison import sdk
from garrison.daemon import catalogue


class TinySettings(sdk.Settings):
    """What a person can set."""

    loudness: int = sdk.field(3, title="How loud it greets", ge=1, le=11)
    names: list[str] = sdk.field([], title="Whom it knows", max_length=3)


class Greeted(sdk.Event):
    """Somebody was greeted."""

    says = "{name} was greeted"
    name: str


class Said(sdk.Result):
    """A greeting."""

    says = "Hello, {name}{mark}"
    name: str
    mark: str


class Tiny(sdk.Component[TinySettings]):
    """Greets people, so that everybody sees a component grow."""

    id = "tiny"
    title = "Tiny greeter"
    events = (Greeted,)
    default_operation = "known"

    @sdk.action("People it knows", access=sdk.Access.VIEW)
    def known(self) -> list[str]:
        """List whom it knows."""
        return list(self.settings.names)

    @sdk.action("Greet somebody")
    def greet(self, name: Annotated[str, sdk.about("Whom to greet", max_length=20)]) -> Said:
        """Say hello to somebody."""
        self.host.report(Greeted(name=name))
        return Said(name=name, mark="!" * self.settings.loudness)

    def proof(self) -> sdk.Proof | None:
        """Return nothing: it never proves itself."""
        return None


if __name__ == "__main__":
    catalogue.COMPONENTS = (*catalogue.COMPONENTS, Tiny)
    from garrison.daemon.__main__ import main

    raise SystemExit(main())
