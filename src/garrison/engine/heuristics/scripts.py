"""Scripts and what they do together that honest ones do not."""

# ruff: noqa: E501 - a rule is one row of a table, its pattern one word of it

from garrison.engine.heuristics.rule import SCRIPTS, SHORT, WRITTEN, Look, Rule, Test, having, matching
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

_SHELL = WRITTEN
_PYTHON = frozenset({Type.PYTHON, Type.TEXT, Type.SCRIPT})
_PHP = frozenset({Type.PHP})
_WINDOWS = frozenset({
    Type.TEXT, Type.SCRIPT, Type.VBSCRIPT, Type.JAVASCRIPT, Type.POWERSHELL, Type.BATCH, Type.HTML, Type.XML,
})  # fmt: skip
_PAGES = frozenset({Type.HTML, Type.TEXT, Type.XML, Type.SCRIPT})
_ASK = rb"\$_(?:GET|POST|REQUEST|COOKIE)\s{0,3}\["
# A shell that is started; a template that leaves the shell open, between texts that name one, starts none.
_PYTHON_SHELL = (
    rb"(?:pty\.spawn\(\s{0,3}\w|(?:spawn|call|popen|run|system|exec[lv][ep]{0,2})\(\s{0,3}\[?\s{0,3}[\"']"
    rb"(?:/(?:usr/)?bin/)?(?:ba|da|z|k)?sh\b)"
)
_IP = rb"(?:https?|ftp)://\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
# How to install something is told with such a command for PowerShell, and most often with another for a shell.
_SHOWN = frozenset({Type.TEXT, Type.HTML, Type.XML})
_POWERSHELL_FETCHES = matching(
    rb"\b(?:iex|invoke-expression)\b[^\n]{0,80}(?:downloadstring|\biwr\b|invoke-webrequest|\birm\b)[^\n]{0,20}http|(?:downloadstring|\biwr\b|\birm\b)[^\n]{4,160}\|\s{0,3}(?:iex|invoke-expression)\b",
    b"iex",
    b"invoke-expression",
)
_FETCHED_SHELL = matching(
    rb"\b(?:curl|wget)\s[^\n|]{4,200}\|\s{0,4}(?:sudo\s)?(?:/bin/|/usr/bin/)?(?:ba|da|z)?sh\b", b"curl ", b"wget "
)


def _is_piped(look: Look) -> bool:
    is_shown = look.subject.kind in _SHOWN and _POWERSHELL_FETCHES.check(look)
    return not is_shown and _FETCHED_SHELL.check(look)


_PIPED = Test(_is_piped, _FETCHED_SHELL.gates)

RULES = (
    Rule("script.piped", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 30,
         "it fetches a script from elsewhere and runs it at once", _SHELL, _PIPED, SHORT),
    Rule("script.bare-address", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 30,
         "what it fetches comes from an address without a name", _SHELL,
         matching(rb"\b(?:curl|wget|tftp|ftpget)\s[^\n|;]{0,100}" + _IP, b"curl ", b"wget ", b"tftp "), SHORT),
    Rule("script.marks-temporary", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 25,
         "it makes a file in a temporary folder a program", _SHELL,
         matching(rb"chmod\s{1,4}(?:\+x|[ua]\+x|0?7[0-7]{2})\s[^\n;]{0,20}(?:/tmp/|/dev/shm/|/var/tmp/)", b"chmod"), SHORT),
    Rule("script.covers-tracks", "Heuristic.Script.CoversTracks", Kind.TROJAN, 30,
         "it erases the list of commands that were typed", _SHELL,
         matching(rb"history\s{1,3}-c\b|unset\s{1,3}HISTFILE|HISTFILE=/dev/null|(?:>|rm\s[^\n]{0,10})\s{0,2}(?:~|/root)/\.bash_history",
                  b"history ", b"history\t", b"histfile", b".bash_history"), SHORT),
    Rule("script.disarms", "Heuristic.Script.Disarmer", Kind.TROJAN, 30,
         "it switches protection of the machine off", _SHELL,
         matching(rb"setenforce\s{1,3}0|SELINUX=disabled|iptables\s{1,3}-F\b|(?:stop|disable)\s{1,3}(?:auditd|apparmor|clamav-daemon|falcon-sensor)",
                  b"setenforce", b"selinux=", b"iptables", b"auditd", b"apparmor"), SHORT),
    Rule("script.decodes", "Heuristic.Script.HiddenCommand", Kind.TROJAN, 55,
         "it unpacks a hidden text and hands it to the shell", _SHELL,
         matching(rb"(?:base64\s{1,3}(?:-d|-D|--decode)|xxd\s{1,3}-r[^\n|]{0,9}|openssl\s[^\n|]{0,60}-d\b[^\n|]{0,60})[^\n|]{0,40}\|[^\n]{0,30}\b(?:ba|da|z)?sh\b",
                  b"base64", b"xxd", b"openssl"), SHORT),
    Rule("script.long-text", "Heuristic.Script.HiddenCommand", Kind.TROJAN, 20,
         "it carries a long scrambled text", _SHELL,
         matching(rb"(?:echo|printf|=)\s{0,3}[\"']?[A-Za-z0-9+/]{120}", b"base64"), SHORT),
    Rule("script.tcp-shell", "Heuristic.Script.ReverseShell", Kind.BACKDOOR, 75,
         "it ties a shell to a connection with a machine elsewhere", _SHELL,
         matching(rb"\b(?:ba|z|k)?sh\s{1,3}-i[^\n]{0,12}/dev/(?:tcp|udp)/[^\n/]{2,60}/[^\n]{1,30}0\s{0,2}[<>]&\s{0,2}1",
                  b"/dev/tcp/", b"/dev/udp/"), SHORT),
    Rule("script.netcat", "Heuristic.Script.ReverseShell", Kind.BACKDOOR, 75,
         "it offers a shell to the network", _SHELL,
         matching(rb"(?:mkfifo|mknod)[^\n;]{1,60};[^\n]{0,120}/?sh\s{1,3}-i[^\n]{0,60}\|\s{0,3}(?:nc|ncat|netcat|telnet|openssl)\s",
                  b"mkfifo", b"mknod"), SHORT),
    Rule("script.cron", "Heuristic.Dropper.Cron", Kind.TROJAN, 45,
         "it puts a command into the timetable that fetches something from elsewhere", _SHELL,
         matching(rb"(?:[*/0-9,]{1,6}\s{1,3}){2}\*\s{1,3}\*\s{1,3}\*\s[^\n#]{0,60}\b(?:curl|wget)\s[^\n]{4,200}\|\s{0,4}(?:ba|da)?sh\b",
                  b"* * *"), SHORT),
    Rule("script.plants-cron", "Heuristic.Dropper.Cron", Kind.TROJAN, 25,
         "it writes into the system's timetable", _SHELL,
         matching(rb"(?:>|tee\s)[^\n]{0,6}(?:/etc/cron\.(?:d|hourly|daily)/|/var/spool/cron)|\|\s{0,3}crontab\s{1,3}-",
                  b"cron"), SHORT),
    Rule("script.plants-key", "Heuristic.Dropper.AuthorizedKeys", Kind.BACKDOOR, 50,
         "it adds a key of its own to those that may log in", _SHELL,
         matching(rb"(?:echo|printf)\s{1,3}[^\n]{0,10}ssh-(?:rsa|ed25519)\s{1,2}AAAA[^\n]{20,800}>>?[^\n]{0,60}authorized_keys",
                  b"authorized_keys"), SHORT),
    Rule("script.locks", "Heuristic.Dropper.AuthorizedKeys", Kind.TROJAN, 25,
         "it protects what it planted from removal", _SHELL,
         matching(rb"chattr\s{1,3}\+[ai]{1,2}\s[^\n]{0,60}(?:authorized_keys|cron|ld\.so\.preload|\.service)", b"chattr"),
         SHORT),
    Rule("script.plants-library", "Heuristic.Dropper.Preload", Kind.TROJAN, 55,
         "it plants a library into every program", _SHELL,
         matching(rb"(?:echo|printf)\s[^\n]{1,120}\.so[^\n]{0,12}>>?\s{0,3}/etc/ld\.so\.preload", b"ld.so.preload"), SHORT),
    Rule("unit.temporary", "Heuristic.Dropper.Systemd", Kind.TROJAN, 75,
         "a service is started from a temporary or hidden folder", frozenset({Type.TEXT}),
         matching(rb"(?m)^ExecStart=[-@+!:]?(?:/tmp|/var/tmp|/dev/shm|/(?:root|usr/(?:bin|lib|share)|home/[a-z]{1,20})/\.[a-z0-9_-]{1,30})/",
                  b"execstart="), SHORT),
    Rule("script.profile", "Heuristic.Dropper.Profile", Kind.TROJAN, 45,
         "it writes a command into a start script that fetches something", _SHELL,
         matching(rb"(?:echo|printf)\s[^\n]{0,60}\b(?:curl|wget)\s[^\n]{4,160}>>\s{0,3}[^\n]{0,40}(?:\.bashrc|\.profile|rc\.local|/etc/profile)",
                  b".bashrc", b".profile", b"rc.local", b"/etc/profile"), SHORT),
    Rule("miner.pool", "Heuristic.Miner.Pool", Kind.MINER, 35, "it names a place where coins are mined together",
         SCRIPTS | {Type.ELF, Type.PE},
         matching(rb"stratum\+(?:tcp|ssl|tls)://[a-z0-9.-]{4,80}:\d{2,5}|(?:pool\.(?:minexmr|supportxmr|hashvault)|xmr\.nanopool|moneroocean)\.[a-z]{2,6}",
                  b"stratum+", b"minexmr", b"supportxmr", b"hashvault", b"nanopool", b"moneroocean")),
    Rule("miner.wallet", "Heuristic.Miner.Wallet", Kind.MINER, 40, "it holds a wallet for the coins that are mined",
         SCRIPTS | {Type.ELF, Type.PE},
         matching(rb"(?<![A-Za-z0-9])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?![A-Za-z0-9])", b"stratum+", b"donate-level",
                  b"minexmr", b"supportxmr", b"hashvault", b"nanopool", b"moneroocean", b"xmrig", flags=0)),
    Rule("miner.quiet", "Heuristic.Miner.CommandLine", Kind.MINER, 30, "it starts a miner out of sight", _SHELL,
         matching(rb"(?:nohup|setsid|screen\s{1,3}-dm)[^\n]{1,200}(?:stratum\+|--donate-level|--coin)", b"stratum+",
                  b"--donate-level", b"--coin"), SHORT),
    Rule("python.decodes", "Heuristic.Script.HiddenProgram", Kind.TROJAN, 60,
         "it unpacks a hidden program and runs it", _PYTHON,
         matching(rb"\b(?:exec|eval)\s{0,3}\(\s{0,3}(?:compile\(\s{0,3})?(?:__import__\(\s{0,2}['\"](?:zlib|base64|marshal|lzma)['\"]\s{0,2}\)|zlib|base64|marshal|lzma|bz2)\.(?:decompress|b64decode|b85decode|loads)\(",
                  b".decompress(", b".b64decode(", b".b85decode(", b".loads("), 8 * SHORT),
    Rule("python.fetches", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 75,
         "it fetches a program from elsewhere and runs it unseen", _PYTHON,
         matching(rb"\b(?:exec|eval)\s{0,3}\(\s{0,3}(?:compile\(\s{0,3})?(?:urllib\.request\.urlopen|urlopen|requests\.get)\(\s{0,3}[^\n)]{4,160}\)\.(?:read\(|text|content)",
                  b"exec(", b"eval("), 8 * SHORT),
    Rule("python.shell", "Heuristic.Script.ReverseShell", Kind.BACKDOOR, 75,
         "it ties a shell to a connection with a machine elsewhere", _PYTHON,
         matching(rb"(?s)\.connect\(\s{0,3}\(.{3,300}dup2\(\s{0,2}\w{1,20}\.fileno\(\).{3,300}" + _PYTHON_SHELL,
                  b"dup2("), SHORT),
    Rule("php.evaluates", "Heuristic.WebShell.RunRequest", Kind.WEB_SHELL, 80,
         "it runs whatever a visitor sends", _PHP,
         matching(rb"(?<![\w>:])(?:eval|assert|system|passthru|shell_exec|popen|proc_open)\s{0,3}\(\s{0,3}@?(?:base64_decode\(\s{0,2}|stripslashes\(\s{0,2}|trim\(\s{0,2})?"
                  + _ASK, b"$_get", b"$_post", b"$_request", b"$_cookie")),
    Rule("php.unpacks", "Heuristic.WebShell.Packed", Kind.WEB_SHELL, 60,
         "it unpacks a hidden program and runs it", _PHP,
         matching(rb"(?<![\w>:])(?:eval|assert)\s{0,3}\(\s{0,3}@?(?:gzinflate|gzuncompress|base64_decode|str_rot13|strrev|hex2bin)\s{0,3}\(",
                  b"eval", b"assert")),
    Rule("php.calls-by-name", "Heuristic.WebShell.HiddenCall", Kind.WEB_SHELL, 75,
         "it calls a function that the visitor names", _PHP,
         matching(_ASK + rb"[^\]\n]{1,40}\]\s{0,2}\(\s{0,3}@?\$_(?:GET|POST|REQUEST|COOKIE)", b"$_get", b"$_post",
                  b"$_request", b"$_cookie")),
    Rule("php.silent", "Heuristic.WebShell.Packed", Kind.WEB_SHELL, 15,
         "it keeps its errors to itself and runs without end", _PHP,
         matching(rb"error_reporting\s{0,2}\(\s{0,2}0\s{0,2}\)", b"error_reporting"), SHORT),
    Rule("page.runs-request", "Heuristic.WebShell.RunRequest", Kind.WEB_SHELL, 80,
         "a server page runs whatever a visitor sends", _PAGES,
         matching(rb"<%[^%]{0,300}(?:\b(?:eval|execute)\s{0,3}\(?\s{0,3}request\b|getRuntime\(\)\s{0,3}\.exec\(\s{0,3}request\.getParameter)",
                  b"request"), SHORT),
    Rule("windows.fetches", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 60,
         "it makes PowerShell fetch a script and run it", _WINDOWS - _SHOWN, _POWERSHELL_FETCHES, SHORT),
    Rule("windows.fetches-shown", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 40,
         "there is a command in it that makes PowerShell fetch a script and run it", _SHOWN, _POWERSHELL_FETCHES, SHORT),
    Rule("windows.fetches-only", "Heuristic.Script.DownloadAndRun", Kind.TROJAN, 20,
         "there is little else in it", _SHOWN, _POWERSHELL_FETCHES, 1024),
    Rule("windows.hides", "Heuristic.Script.HiddenCommand", Kind.TROJAN, 30,
         "it keeps the window of a command out of sight", _WINDOWS,
         matching(rb"powershell[^\n]{0,80}-w(?:indowstyle|in)?\s{1,3}(?:hidden|h|1)\b", b"powershell"), SHORT),
    Rule("windows.encoded", "Heuristic.Script.HiddenCommand", Kind.TROJAN, 50,
         "it gives PowerShell a scrambled program", _WINDOWS,
         matching(rb"powershell[^\n]{0,120}\s-e(?:nc|c|ncodedcommand)?\s{1,3}[\"']?[A-Za-z0-9+/]{80}", b"powershell"), SHORT),
    Rule("windows.stores", "Heuristic.Script.Downloader", Kind.TROJAN, 75,
         "it fetches a file, stores it and has the means to start it", _WINDOWS,
         having(b"adodb.stream", b"xmlhttp", b"savetofile", b"wscript.shell"), SHORT),
    Rule("windows.reflects", "Heuristic.Script.HiddenProgram", Kind.TROJAN, 45,
         "it loads a hidden program into memory", _WINDOWS,
         matching(rb"reflection\.assembly\]::load\([^\n]{0,80}frombase64string|frombase64string[\s\S]{4,400}reflection\.assembly\]::load\(",
                  b"reflection.assembly"), SHORT),
    Rule("script.seeks-keys", "Heuristic.Script.Stealer", Kind.TROJAN, 70,
         "it gathers keys and passwords and sends them away", SCRIPTS,
         matching(rb"(?:curl\s[^\n]{0,80}(?:-F|--data|-d|-T)\s[^\n]{0,60}|tar\s[^\n]{1,60})(?:\.ssh/id_(?:rsa|ed25519)|\.aws/credentials|/etc/shadow)[^\n]{0,200}(?:https?://|\|\s{0,3}(?:curl|nc)\s)",
                  b".ssh/id_", b".aws/cred", b"/etc/shadow"), SHORT),
)  # fmt: skip
