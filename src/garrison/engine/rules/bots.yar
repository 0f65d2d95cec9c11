// Bots: programs and scripts that make a machine part of somebody's net, and tools that hide them.

rule Linux_Bot_Mirai
{
    meta:
        threat = "Linux.Backdoor.Mirai"
        kind = "backdoor"
        certainty = "known"
        description = "A bot of the Mirai family, which spreads through routers, cameras and servers with weak passwords"
        reference = "MITRE ATT&CK T1498, T1110; published Mirai source: table.c and scanner.c"
        types = "elf"
    strings:
        $plain1 = "/bin/busybox MIRAI"
        $plain2 = ": applet not found"
        $plain3 = "listening tun0"
        $plain4 = "dvrHelper"
        $plain5 = "TSource Engine Query"
        $plain6 = "/dev/misc/watchdog"
        $plain7 = "LOLNOGTFO"
        $plain8 = "xc3511"
        $plain9 = "/cdn-cgi/l/chk_captcha"
        $plain10 = /\/bin\/busybox [A-Z]{4,10}\x00/
        $mixed1 = "/bin/busybox" xor(1-255)
        $mixed2 = "listening tun0" xor(1-255)
        $mixed3 = ": applet not found" xor(1-255)
        $mixed4 = "TSource Engine Query" xor(1-255)
        $mixed5 = "/dev/watchdog" xor(1-255)
        $mixed6 = "ncorrect" xor(1-255)
        $mixed7 = "assword" xor(1-255)
        $mixed8 = "/proc/net/tcp" xor(1-255)
        $mixed9 = "xc3511" xor(1-255)
        $mixed10 = "GETLOCALIP" xor(1-255)
    condition:
        object_type == "elf" and filesize < 2MB and (4 of ($plain*) or 4 of ($mixed*))
}

rule Linux_Bot_Gafgyt
{
    meta:
        threat = "Linux.Backdoor.Gafgyt"
        kind = "backdoor"
        certainty = "known"
        description = "A bot of the Gafgyt family, which floods other people's networks on command"
        reference = "MITRE ATT&CK T1498; published Bashlite and Gafgyt analyses: command words"
        types = "elf"
    strings:
        $word1 = "GETLOCALIP"
        $word2 = "KILLATTK"
        $word3 = "LOLNOGTFO"
        $word4 = /SCANNER (ON|OFF)/
        $word5 = "My IP: %s"
        $word6 = "PONG!"
        $word7 = /BUILD %s:?%?s?/
        $word8 = "HOLD Flooding"
        $word9 = "JUNK Flooding"
        $word10 = "UDP Flooding"
        $word11 = /REPORT %s:%s:%s/
        $net1 = "/dev/null"
        $net2 = "/proc/net/route"
        $net3 = "/etc/resolv.conf"
        $net4 = "\t00000000\t"
    condition:
        object_type == "elf" and filesize < 2MB and 4 of ($word*) and any of ($net*)
}

rule Linux_Bot_Tsunami
{
    meta:
        threat = "Linux.Backdoor.Tsunami"
        kind = "backdoor"
        certainty = "known"
        description = "A bot of the Tsunami family, which takes its orders from a chat channel"
        reference = "MITRE ATT&CK T1071, T1498; published Kaiten source: its help texts"
        types = "elf"
    strings:
        $help1 = /NOTICE %s :(TSUNAMI|PAN|UDP|UNKNOWN|SPOOFS|GETSPOOFS|KILLALL|GET|VERSION|HELP|IRC|SH)[ \x00]/
        $help2 = "TSUNAMI <target> <secs>"
        $help3 = "PAN <target> <port> <secs>"
        $help4 = "UDP <target> <port> <secs>"
        $help5 = "GET <http address> <save as>"
        $help6 = "Kaiten wa goraku"
        $help7 = "Spoofs: %d.%d.%d.%d"
        $chat1 = "PRIVMSG"
        $chat2 = /NICK %s\n?/
        $chat3 = /JOIN %s :%s/
        $chat4 = "USER %s localhost localhost"
    condition:
        object_type == "elf" and filesize < 2MB and 3 of ($help*) and 2 of ($chat*)
}

rule Linux_Bot_XorDdos
{
    meta:
        threat = "Linux.Trojan.XorDdos"
        kind = "trojan"
        certainty = "known"
        description = "A bot of the XorDdos family, which hides in a Linux server and floods other networks"
        reference = "MITRE ATT&CK T1498, T1053.003; published XorDdos analyses: its key and its places"
        types = "elf"
    strings:
        $key = "BB2FA36AAA9541F0"
        $place1 = "/etc/cron.hourly/gcc.sh"
        $place2 = "/lib/libudev.so"
        $place3 = "/var/run/gcc.pid"
        $place4 = "*/3 * * * * root /etc/cron.hourly/"
        $word1 = "hidepidport"
        $word2 = "rc%d.d/S90%s"
        $word3 = "/proc/rs_dev"
        $word4 = "denyip"
        $word5 = "sed -i '/\\/etc\\/cron.hourly/"
    condition:
        object_type == "elf" and filesize < 4MB and
        (($key and any of ($place*, $word*)) or (2 of ($place*) and 2 of ($word*)))
}

rule Linux_Bot_Dropper
{
    meta:
        threat = "Linux.Trojan.BotDropper"
        kind = "trojan"
        certainty = "known"
        description = "A script that tries a bot built for one kind of processor after the other until one runs"
        reference = "MITRE ATT&CK T1105, T1498; common build of Mirai and Gafgyt loader scripts"
        types = "text,shell,script"
    strings:
        $place = /cd[ \t]{1,3}\/(tmp|var\/run|mnt|root|dev\/shm|var\/tmp|var)\/?[ \t]{0,3}(\|\||;|&&)/
        $get = /(wget|curl|tftp|ftpget|busybox[ \t]{1,3}(wget|tftp|ftpget))[ \t][^\n;]{0,120}[\/.\-_ ](mips|mipsel|mpsl|arm[4-7]?l?|armv[4-7]l|x86(_64)?|x64|i[3-6]86|ppc|powerpc|m68k|sh4|spc|sparc|arc|aarch64)\b/
        $arch1 = /[\/.\-_ "'](mips)\b/
        $arch2 = /[\/.\-_ "'](mpsl|mipsel)\b/
        $arch3 = /[\/.\-_ "'](arm[4-7]?l?|armv[4-7]l)\b/
        $arch4 = /[\/.\-_ "'](x86(_64)?|x32|i[3-6]86)\b/
        $arch5 = /[\/.\-_ "'](ppc|powerpc|ppc440fp)\b/
        $arch6 = /[\/.\-_ "'](m68k)\b/
        $arch7 = /[\/.\-_ "'](sh4)\b/
        $arch8 = /[\/.\-_ "'](spc|sparc)\b/
        $mark = /chmod[ \t]{1,3}(777|\+x|0777|755|7777)[ \t]{1,3}[^\n;]{1,80}/
        $chain = /cd[ \t]{1,3}\/tmp\/?[ \t]{0,3}\|\|[ \t]{0,3}cd[ \t]{1,3}\/var(\/run)?\/?[ \t]{0,3}\|\|[ \t]{0,3}cd[ \t]{1,3}\/(mnt|root|dev)/
        $bare = /(wget|curl|tftp|ftpget)[ \t][^\n;]{0,60}[ \t\/][0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/ \t;]/
        $script = /(;|&&|\n|\|\|)[ \t]{0,4}((ba|a)?sh[ \t]{1,3}|\.\/)[A-Za-z0-9_.\-]{1,40}\.sh\b/
        $run = /(;|&&|\n|\|\|)[ \t]{0,4}(sh[ \t]{1,3})?\.\/[^\s;]{1,60}/
        $gone = /rm[ \t]{1,3}-[rf]{1,2}[ \t]{1,3}[^\n]{1,80}/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $place and $mark and (
            ($get and $run and 4 of ($arch*) and ($gone or ($bare and 5 of ($arch*)))) or
            ($chain and $bare and $script and $gone)
        )
}

rule Perl_Bot_Irc
{
    meta:
        threat = "Perl.Backdoor.IrcBot"
        kind = "backdoor"
        certainty = "known"
        description = "A Perl program that hides under another name and takes orders from a chat channel"
        reference = "MITRE ATT&CK T1071, T1036.004, T1059; published ShellBot analyses"
        types = "perl,text"
    strings:
        $socket = /IO::Socket(::INET)?\b|sockaddr_in/
        $chat1 = /["'][^"'\n]{0,20}PRIVMSG[ \t]/
        $chat2 = /["']NICK[ \t]/
        $chat3 = /["']JOIN[ \t]/
        $chat4 = /["']?PONG[ \t:]/
        $mask = /\$0[ \t]{0,3}=[ \t]{0,3}["'\$][^;\n]{1,40}(\.[ \t]{0,3}["']\\0["']|;)/
        $ignore = /\$SIG\{[ \t]{0,2}["']?(INT|HUP|TERM|CHLD|PS)["']?[ \t]{0,2}\}[ \t]{0,3}=[ \t]{0,3}["']IGNORE/
        $order1 = /(@|!|\.)[ \t]{0,2}(u(dp)?flood|udp\d?|tcpflood|httpflood|portscan|nmap|back(connect)?|download)\b/ nocase
        $order2 = /(udp|tcp|http|syn)[_ ]?(flood|er)\b/ nocase
        $order3 = /=~[ \t]{0,3}[m\/]?[\/^(]{1,4}[^\n]{0,40}(portscan|udpflood|tcpflood|backconnect)/ nocase
        $run = /(=[ \t]{0,3}`\$[A-Za-z_]|open[ \t(]{1,3}[A-Za-z$_ ]{1,20},[ \t]{0,3}["']?\$?[A-Za-z_]{1,20}[^\n]{0,20}\||system[ \t(]{1,3}["'$]|exec[ \t(]{1,3}["'$])/
    condition:
        (object_type == "perl" or object_type == "text") and filesize < 512KB and $socket and 3 of ($chat*) and
        $mask and $ignore and any of ($order*) and $run
}

rule Linux_Bot_Hider
{
    meta:
        threat = "Linux.Backdoor.ProcessHider"
        kind = "backdoor"
        certainty = "probable"
        description = "A library that hides programs or files from everybody who looks for them"
        reference = "MITRE ATT&CK T1014, T1574.006; ld.so(8)"
        types = "elf"
    strings:
        $real = "dlsym" fullword
        $hook1 = "readdir" fullword
        $hook2 = "readdir64" fullword
        $self1 = "/proc/self/fd/%d"
        $self2 = "/proc/%s/stat"
        $self3 = "/proc/%s/cmdline"
        $self4 = "ld.so.preload"
        $hide1 = "process_to_filter"
        $hide2 = "Error in dlsym: %s"
        $hide3 = /hide_?(port|proc|process|pid|file|me)\b/
        $hide4 = "is_hidden"
        $hide5 = "xmrig"
        $hide6 = "kinsing"
    condition:
        object_type == "elf" and filesize < 2MB and $real and all of ($hook*) and 2 of ($self*) and any of ($hide*)
}
