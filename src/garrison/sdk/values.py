"""Settings, parameters and texts: the values a component's author writes down."""

import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, Union

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from garrison.base.text import Message, message
from garrison.sdk.plain import to_plain
from garrison.wire.manifest import Value

Secret = SecretStr


def _any_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 # pydantic wants ValueError
    return value


# A text that may hold undecodable bytes as surrogates (names of files and members), which pydantic's own str refuses.
UntrustedText = Annotated[str, PlainValidator(_any_text)]


class _IsPlace:
    """Marks a text as a place. kind: as a surface is told."""

    def __init__(self, kind: str = "place") -> None:
        self.kind = kind


# An address (https://...), or the path of a file or folder, which a surface makes a full one.
Place = Annotated[str, PlainValidator(_any_text), _IsPlace()]

# The same, or a name, which stays as it is: a word without a slash that does not begin with a dot.
PlaceOrName = Annotated[str, PlainValidator(_any_text), _IsPlace("place-or-name")]


class Frozen(BaseModel):
    """A plain, immutable record that knows no other names than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Settings(Frozen):
    """What a person can set of a component. Immutable; a change makes a new one."""

    enabled: bool = Field(True, title="Switched on")


class Text(Frozen):
    """A sentence for people, as its English original with {names} and the values for them.

    many: the original for any other `count` than one, where the sentence depends on a number; {count} shows it.
    It is put together, and translated, where the reader is.
    """

    text: str
    values: dict[str, Any] = {}
    many: str = ""
    count: int = 1

    def __init__(self, text: str, /, many: str = "", **values: Any) -> None:
        count = values.pop("count") if many else 1
        given: dict[str, Any] = {"text": text, "values": values, "many": many, "count": count}
        super().__init__(**given)

    def __str__(self) -> Message:
        return message(self.text, to_plain(self.values), self.many, self.count)

    def said(self) -> tuple[str, dict[str, Any]]:
        """Return the English original that fits the count, and the values, as JSON holds them."""
        if not self.many:
            return self.text, to_plain(self.values)
        return self.text if self.count == 1 else self.many, {**to_plain(self.values), "count": f"{self.count:,}"}


def render(says: str, values: Mapping[str, Any]) -> Message:
    """Return a sentence with its values filled in; a missing value shows as its name."""
    return message(says, values)


class Result(Frozen):
    """What an operation gives back. says: the sentence for people, with the names of its fields in {}."""

    says: ClassVar[str] = ""

    def sentences(self) -> list[Text]:
        """Return what to tell a person, a line each."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return [Text(self.says, **fields)] if self.says else []

    def exit_code(self) -> int:
        """Return what a shell learns of it."""
        return 0


class Said(Result):
    """A plain sentence."""

    says: ClassVar[str] = "{text}"
    text: UntrustedText

    @classmethod
    def of(cls, text: str, /, **values: Any) -> Self:
        """Return a sentence from its English original with {names}; as with Text, `many` for other counts than one."""
        return cls(text=str(Text(text, **values)))


def field(default: Any, *, title: str, own: bool = False, **limits: Any) -> Any:
    """Return a setting: its default, its title, and limits as pydantic names them (ge, le, max_length, pattern).

    own: a list that a person made for this computer (exclusions, places). It outlives the defaults' being restored.
    """
    return Field(default, title=title, json_schema_extra={"own": True} if own else None, **limits)


def own_lists(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the settings that are marked as a person's own lists."""
    marks = {name: info.json_schema_extra for name, info in model.model_fields.items()}
    return frozenset(name for name, mark in marks.items() if isinstance(mark, dict) and mark.get("own") is True)


def about(title: str, **limits: Any) -> FieldInfo:
    """Return what a parameter is, for its help: Annotated[int, sdk.about("Minutes to wait", ge=1)]."""
    info: FieldInfo = Field(title=title, **limits)
    return info


_SCALARS: dict[Any, str] = {
    bool: "flag",
    int: "integer",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}
_LIMITS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
)


def values_of(model: type[BaseModel]) -> tuple[Value, ...]:
    """Return the fields of a model as a surface needs them. Raises TypeError for a type that no surface can show."""
    schema = model.model_json_schema()["properties"] if model.model_fields else {}
    return tuple(_value(name, info, schema.get(name, {})) for name, info in model.model_fields.items())


def _value(name: str, info: FieldInfo, schema: dict[str, Any]) -> Value:
    kind, many, choices = _kind(name, info.annotation)
    kind = _place(info.metadata) or kind
    limits = {
        key: value for part in (schema, *schema.get("anyOf", ())) for key, value in part.items() if key in _LIMITS
    }
    return Value(
        name=name,
        kind=kind,
        title=info.title or name.replace("_", " ").capitalize(),
        required=info.is_required(),
        many=many,
        default=None if info.default is PydanticUndefined else to_plain(info.default),
        choices=choices,
        limits=limits,
    )


def _place(marks: Iterable[Any]) -> str:
    """Return which kind of place is marked, "" for none."""
    return next((each.kind for each in marks if isinstance(each, _IsPlace)), "")


def _kind(name: str, annotation: Any) -> tuple[str, bool, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *marks = typing.get_args(annotation)
        place = _place(marks)
        return (place, False, ()) if place else _kind(name, inner)
    if origin in {Union, types.UnionType}:
        inner = [part for part in typing.get_args(annotation) if part is not types.NoneType]
        if len(inner) == 1:
            return _kind(name, inner[0])
    if origin in {list, tuple}:
        kind, many, choices = _kind(name, typing.get_args(annotation)[0])
        if not many:
            return kind, True, choices
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "choice", False, tuple(str(member.value) for member in annotation)
    if annotation in _SCALARS:
        return _SCALARS[annotation], False, ()
    raise TypeError(f"{name}: a surface cannot show a value of type {annotation}")
