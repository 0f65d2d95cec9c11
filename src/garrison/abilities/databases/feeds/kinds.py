"""One table: the kinds of feeds."""

from collections.abc import Mapping
from typing import Final

from garrison.abilities.databases.feeds.clamav import ClamAV
from garrison.abilities.databases.feeds.feed import Kind
from garrison.abilities.databases.feeds.hashes import Hashes
from garrison.abilities.databases.feeds.signatures import Signatures
from garrison.abilities.databases.feeds.urls import Urls
from garrison.abilities.databases.feeds.vulnerabilities import Vulnerabilities
from garrison.abilities.databases.feeds.yara import Yara

KINDS: Final[Mapping[str, Kind]] = {
    "clamav": ClamAV(),
    "yara": Yara(),
    "hashes": Hashes(),
    "signatures": Signatures(),
    "urls": Urls(),
    "vulnerabilities": Vulnerabilities(),
}
