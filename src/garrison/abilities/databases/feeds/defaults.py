"""The feeds that Garrison knows. All are off until somebody has seen what their publishers ask for."""

from typing import Final

from garrison.abilities.databases.feeds.feed import Feed

_ABUSE_CH = "abuse.ch: free for everybody under its terms of use; commercial use may need an agreement with Spamhaus"

_HOSTS: Final = {  # that a publisher's server refers to, beside those under its own name
    "yara-forge": ("github.com", "githubusercontent.com"),
    "phishtank": ("phishtank.com",),
}

DEFAULTS: Final = tuple(
    Feed(name, kind, address, title, licence, terms, is_ours=True, hosts=_HOSTS.get(name, ()))
    for name, kind, address, title, licence, terms in (
        (
            "clamav",
            "clamav",
            "https://database.clamav.net",
            "ClamAV's official databases",
            "GPL-2.0",
            "Cisco: free; a few requests an hour from one address, a mirror of your own for many computers",
        ),
        (
            "yara-forge",
            "yara",
            "https://github.com/YARAHQ/yara-forge/releases/latest/download/yara-forge-rules-core.zip",
            "YARA Forge, core set",
            "each rule its own, named in its meta",
            "rules of many authors; each keeps its licence, some forbid commercial use",
        ),
        (
            "malwarebazaar",
            "hashes",
            "https://bazaar.abuse.ch/export/csv/recent/",
            "MalwareBazaar, the last 48 hours",
            "CC0-1.0",
            _ABUSE_CH,
        ),
        (
            "urlhaus",
            "urls",
            "https://urlhaus.abuse.ch/downloads/text/",
            "URLhaus, addresses that spread malware",
            "CC0-1.0",
            _ABUSE_CH,
        ),
        (
            "openphish",
            "urls",
            "https://raw.githubusercontent.com/openphish/public_feed/refs/heads/main/feed.txt",
            "OpenPhish, community feed",
            "OpenPhish's terms",
            "OpenPhish: for personal and non-commercial use",
        ),
        (
            "phishtank",
            "urls",
            "http://data.phishtank.com/data/online-valid.csv.gz",
            "PhishTank, confirmed and online",
            "PhishTank's terms",
            "Cisco: free, with few requests a day unless one registers",
        ),
        (
            "hosts",
            "urls",
            "https://raw.githubusercontent.com/StevenBlack/hosts/master/hosts",
            "Unified hosts: advertising and malware",
            "MIT",
            "as is",
        ),
        (
            "easylist",
            "urls",
            "https://easylist.to/easylist/easylist.txt",
            "EasyList, advertising",
            "GPL-3.0 or CC BY-SA 3.0",
            "as is",
        ),
        (
            "easyprivacy",
            "urls",
            "https://easylist.to/easylist/easyprivacy.txt",
            "EasyPrivacy, trackers",
            "GPL-3.0 or CC BY-SA 3.0",
            "as is",
        ),
        (
            "osv-debian",
            "vulnerabilities",
            "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip",
            "OSV, vulnerabilities in Debian",
            "the sources' own, most CC-BY 4.0",
            "as is",
        ),
        (
            "debian-tracker",
            "vulnerabilities",
            "https://security-tracker.debian.org/tracker/data/json",
            "Debian's security tracker",
            "MIT",
            "as is",
        ),
    )
)
