"""Documents that act by themselves, letters that demand money, pages that carry programs."""

# ruff: noqa: E501 - a rule is one row of a table, its pattern one word of it

import re

from garrison.engine.heuristics.rule import SHORT, Look, Rule, Test, having, matching
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

_MACROS = frozenset({Type.VBSCRIPT})
_PDF = frozenset({Type.PDF})
_RTF = frozenset({Type.RTF})
_LETTERS = frozenset({Type.TEXT, Type.HTML, Type.RTF})
_LNK = 256 * 1024
_COMMAND = re.compile(
    rb"powershell|mshta|cmd(?:\.exe)?\s{0,3}/[ck]|wscript|cscript|rundll32|certutil|bitsadmin|curl", re.IGNORECASE
)
_FETCH = re.compile(
    rb"https?://|downloadstring|downloadfile|invoke-webrequest|\biwr\b|-e(?:nc|c|ncodedcommand)?\s{1,3}[a-z0-9+/]{60}|-urlcache",
    re.IGNORECASE,
)
_DEMANDS = (
    re.compile(rb"(?:files|data|documents|network|servers)[^.\n]{0,60}(?:encrypted|locked|crypted)", re.IGNORECASE),
    re.compile(rb"decrypt(?:or|er|ion)?\b|private key|recover your|restore your", re.IGNORECASE),
    re.compile(rb"\b(?:bitcoin|btc|monero|xmr)\b|\.onion\b|\btox id\b|@(?:onionmail|proton|tuta|cock\.li)", re.IGNORECASE),
    re.compile(rb"\bpay(?:ment)?\b|\bbuy\b|\bransom\b|\bprice\b", re.IGNORECASE),
    re.compile(rb"do not (?:rename|modify|try|contact|use|shut)|don't (?:rename|try)|will be (?:published|leaked|sold|lost)",
               re.IGNORECASE),
    re.compile(rb"\b(?:24|48|72|96)\s?hours\b|\bdeadline\b|within \d{1,2} days|your (?:personal )?id\b", re.IGNORECASE),
)  # fmt: skip


def _demands(look: Look) -> bool:
    return all(pattern.search(look.text) for pattern in _DEMANDS)


def _link_fetches(look: Look) -> bool:
    narrow = look.text[:_LNK].replace(b"\x00", b"")
    return _COMMAND.search(narrow) is not None and _FETCH.search(narrow) is not None


def _large_link(look: Look) -> bool:
    return len(look.subject.content) > SHORT


def _link_text(look: Look) -> bool:
    parent = look.subject.parent
    return parent is not None and parent.kind is Type.LNK and _link_fetches(look)


def _is_macro(look: Look) -> bool:
    return look.subject.is_derived and look.subject.name.startswith("(macros")


_STARTS = matching(
    rb"\b(?:Sub|Function)\s{1,3}(?:Auto_?Open|Auto_?Exec|Auto_?Close|Document_Open|Document_Close|Workbook_Open|Workbook_Activate)\b",
    b"auto", b"document_", b"workbook_",
)  # fmt: skip
_CALLS = matching(
    rb"URLDownloadToFile|MSXML2\.|WinHttp\.WinHttpRequest|DownloadFile|DownloadString|certutil[^\n]{0,30}-urlcache",
    b"urldownload", b"msxml2.", b"winhttp", b"download", b"certutil",
)  # fmt: skip
_RUNS = matching(
    rb"\bShell\s{0,3}\(|\bShell\s{1,3}[\"a-z]|WScript\.Shell|Shell\.Application|Win32_Process|powershell|\bcmd(?:\.exe)?\s{1,2}/c",
    b"shell", b"win32_process", b"cmd",
)  # fmt: skip


def _in_macro(test: Test) -> Test:
    return Test(lambda look: _is_macro(look) and test.check(look), test.gates)


def _macro_spells(look: Look) -> bool:
    return _is_macro(look) and look.lower.count(b"chr(") + look.lower.count(b"chrw(") >= 20


def _program_hidden(look: Look) -> bool:
    return b".click(" in look.text and _HIDDEN.search(look.text) is not None


_HIDDEN = re.compile(rb"[\"'`](?:UEsDB|TVqQ|TVpQ|UmFyI|N3q8r|f0VMR)[A-Za-z0-9+/]{200}")

RULES = (
    Rule("macro.starts", "Heuristic.Macro.AutoRun", Kind.TROJAN, 20,
         "its macro runs as soon as the document is opened", _MACROS, _in_macro(_STARTS)),
    Rule("macro.calls", "Heuristic.Macro.Downloader", Kind.TROJAN, 35, "its macro fetches something from elsewhere",
         _MACROS, _in_macro(_CALLS)),
    Rule("macro.runs", "Heuristic.Macro.Starter", Kind.TROJAN, 30, "its macro starts other programs", _MACROS, _in_macro(_RUNS)),
    Rule("macro.spells", "Heuristic.Macro.HiddenText", Kind.TROJAN, 30, "its macro spells its words out letter by letter",
         _MACROS, Test(_macro_spells, (b"chr(", b"chrw("))),
    Rule("pdf.acts", "Heuristic.PDF.AutoRun", Kind.TROJAN, 10, "it does something as soon as it is opened", _PDF,
         matching(rb"/OpenAction\b|/AA\s{0,3}<<", b"/openaction", b"/aa")),
    Rule("pdf.launches", "Heuristic.PDF.Launch", Kind.TROJAN, 65, "it starts a program", _PDF,
         matching(rb"/Launch\b[\s\S]{0,200}(?:cmd|powershell|mshta|/bin/|\.exe|\.bat|\.sh\b)", b"/launch")),
    Rule("pdf.scripts", "Heuristic.PDF.Script", Kind.TROJAN, 20, "it has a script in it", _PDF,
         matching(rb"/JavaScript\b|/JS\s{0,3}[(<0-9]", b"/javascript", b"/js")),
    Rule("pdf.exports", "Heuristic.PDF.Script", Kind.TROJAN, 45, "its script starts a file that lies inside", _PDF,
         matching(rb"exportDataObject\s{0,3}\([^)]{0,200}nLaunch\s{0,3}:\s{0,3}[12]", b"exportdataobject")),
    Rule("pdf.exploits", "Heuristic.PDF.Exploit", Kind.EXPLOIT, 45, "its script calls functions the way attacks do", _PDF,
         matching(rb"util\.printf\s{0,2}\(\s{0,2}[\"']%45000f|Collab\.(?:getIcon|collectEmailInfo)\s{0,2}\(|media\.newPlayer\s{0,2}\(\s{0,2}null|unescape\s{0,2}\(\s{0,2}[\"']%u9090",
                  b"util.printf", b"collab.", b"newplayer", b"%u9090")),
    Rule("pdf.masks", "Heuristic.PDF.HiddenNames", Kind.TROJAN, 45, "it spells its commands so that scanners miss them", _PDF,
         matching(rb"/(?=[A-Za-z#0-9]{0,30}#[46-7][0-9a-f])(?:J|#4a)(?:a|#61)(?:v|#76)(?:a|#61)(?:S|#53)(?:c|#63)|/(?=[A-Za-z#0-9]{0,20}#[46-7][0-9a-f])(?:L|#4c)(?:a|#61)(?:u|#75)(?:n|#6e)(?:c|#63)(?:h|#68)",
                  b"#6", b"#7", b"#4")),
    Rule("rtf.loads", "Heuristic.RTF.AutoLoad", Kind.EXPLOIT, 35, "an object in it loads as soon as it is opened", _RTF,
         matching(rb"\\objupdate\b|\\objautlink\b", b"\\objupdate", b"\\objautlink")),
    Rule("rtf.formula", "Heuristic.RTF.Equation", Kind.EXPLOIT, 40, "it calls the old formula editor, a way in for attackers",
         _RTF, matching(rb"4571756174696f6e2e33|02ce020000000000c0|\\objclass\s{1,3}Equation\.3", b"4571756174", b"02ce02",
                        b"equation.3")),
    Rule("lnk.fetches", "Heuristic.LNK.Downloader", Kind.TROJAN, 75, "the link starts a command that fetches something",
         frozenset({Type.LNK}), Test(_link_fetches)),
    Rule("lnk.text-fetches", "Heuristic.LNK.Downloader", Kind.TROJAN, 75,
         "the link starts a command that fetches something", frozenset({Type.TEXT, Type.BATCH, Type.POWERSHELL}), Test(_link_text)),
    Rule("lnk.large", "Heuristic.LNK.Carrier", Kind.TROJAN, 50, "the link is so large that it must carry something",
         frozenset({Type.LNK}), Test(_large_link)),
    Rule("onenote.script", "Heuristic.OneNote.Script", Kind.TROJAN, 70, "the notebook carries a script that starts programs",
         frozenset({Type.ONENOTE}),
         matching(rb"WScript\.Shell|powershell[^\n]{0,80}(?:-e|-w|http)|<hta:application|<job[ >]", b"wscript.shell",
                  b"powershell", b"<hta:", b"<job")),
    Rule("page.carries", "Heuristic.HTML.Smuggling", Kind.TROJAN, 75,
         "the page carries a program and drops it into the download folder by itself",
         frozenset({Type.HTML, Type.SVG, Type.XML}), Test(_program_hidden, (b"createobjecturl", b"mssave"))),
    Rule("page.application", "Heuristic.HTML.Application", Kind.TROJAN, 75,
         "the page is a program for Windows that starts other programs",
         frozenset({Type.HTML, Type.TEXT}), having(b"<hta:application", b"wscript.shell", b".run")),
    Rule("letter.demands", "Heuristic.Ransom.Note", Kind.RANSOMWARE, 75,
         "it says that files are locked and asks for money to free them", _LETTERS, Test(_demands, (b"crypt", b"locked")), 32 * 1024),
)  # fmt: skip
