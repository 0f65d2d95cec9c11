"""All that a component's author sees."""

from garrison.sdk.component import AnyComponent, Component, Feature, Issue, Proof
from garrison.sdk.describe import describe
from garrison.sdk.events import Counted, Event, Severity
from garrison.sdk.host import Caller, Host, Job, Question
from garrison.sdk.operations import Access, action, task
from garrison.sdk.schedule import Schedule
from garrison.sdk.values import (
    Frozen,
    Place,
    PlaceOrName,
    Result,
    Said,
    Secret,
    Settings,
    Text,
    UntrustedText,
    about,
    field,
)
from garrison.wire.manifest import Purpose

__all__ = [
    "Access",
    "AnyComponent",
    "Caller",
    "Component",
    "Counted",
    "Event",
    "Feature",
    "Frozen",
    "Host",
    "Issue",
    "Job",
    "Place",
    "PlaceOrName",
    "Proof",
    "Purpose",
    "Question",
    "Result",
    "Said",
    "Schedule",
    "Secret",
    "Settings",
    "Severity",
    "Text",
    "UntrustedText",
    "about",
    "action",
    "describe",
    "field",
    "task",
]
