// Droppers and footholds: scripts that fetch, hide, stay and disarm.

private rule Shell_For_Droppers
{
    condition:
        filesize < 512KB and (object_type == "text" or object_type == "shell" or object_type == "script")
}

private rule Any_Script_For_Droppers
{
    condition:
        filesize < 2MB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python" or object_type == "javascript" or object_type == "perl")
}

rule Linux_Dropper_Cron
{
    meta:
        threat = "Linux.Trojan.CronDropper"
        kind = "trojan"
        certainty = "known"
        description = "A timetable entry that keeps fetching a script from elsewhere and runs it"
        reference = "MITRE ATT&CK T1053.003, T1105"
        types = "text,shell,script"
    strings:
        $line = /(^|[\r\n"'`])[ \t]{0,8}(@reboot|@hourly|@daily|[*\/0-9,\-]{1,12}[ \t]{1,4}[*\/0-9,\-]{1,12}[ \t]{1,4}[*\/0-9,\-]{1,12}[ \t]{1,4}[*\/0-9,\-A-Za-z]{1,12}[ \t]{1,4}[*\/0-9,\-A-Za-z]{1,12})[ \t]{1,4}([a-z_]{2,16}[ \t]{1,4})?[\(]?[^\n|;#]{0,40}\b(curl|wget|cdt|wdt|lwp-download)[ \t][^\n|#]{0,120}(\|\|[^\n|#]{0,120})?\)?[ \t]{0,3}\|[ \t]{0,3}(sudo[ \t]{1,3})?(\/(usr\/)?bin\/)?(ba|da|z)?sh\b/
        $quiet = /(curl|cdt)[ \t][^\n|]{0,40}-[a-zA-Z]{0,4}s|(wget|wdt)[ \t][^\n|]{0,40}(-q|-O[ \t]?-)|>[ \t]?\/dev\/null[ \t]{1,3}2>&1/
        $plain = /https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/]/
        $plant1 = /(>|tee[ \t]|cp[ \t][^\n]{1,60})[ \t]{0,2}["']?(\/etc\/cron\.(d|hourly|daily)\/|\/var\/spool\/cron)/
        $plant2 = /\|[ \t]{0,3}crontab[ \t]{1,3}-/
        $plant3 = /chattr[ \t]{1,3}[+\-][aiu]{1,3}[ \t]/
    condition:
        Shell_For_Droppers and $line and $quiet and ($plain or any of ($plant*) or filesize < 1KB)
}

rule Linux_Dropper_Temp_Program
{
    meta:
        threat = "Linux.Trojan.TempDropper"
        kind = "trojan"
        certainty = "probable"
        description = "A script that fetches a program from a bare address into a temporary folder, runs it and removes its traces"
        reference = "MITRE ATT&CK T1105, T1222.002, T1070.004"
        types = "text,shell,script"
    strings:
        $fetch = /(curl|wget|tftp|ftpget|lwp-download)[ \t][^\n;]{0,100}(https?|ftp):\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(:[0-9]{2,5})?\//
        $temp = /(cd[ \t]{1,3}|-O[ \t]?|-o[ \t]{0,3}|-P[ \t]?|>[ \t]?)["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/var\/run|\/run\/user)\b/
        $mark = /chmod[ \t]{1,3}(777|755|\+x|a\+x|u\+x|0777)[ \t]{1,3}["']?[^\s;&|]{1,80}/
        $run = /(^|[\r\n;&|][ \t]{0,4})(nohup[ \t]{1,3}|setsid[ \t]{1,3}|sudo[ \t]{1,3})?["']?(\.\/|\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)[^\s;&|>]{1,60}[^\n;&|]{0,80}([;&]|>[ \t]?\/dev\/null|\r|\n)/
        $gone1 = /rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?[^\n;]{0,20}\$\{?0\b/
        $gone2 = /history[ \t]{1,3}-c\b/
        $gone3 = /(>|rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?)[ \t]{0,2}["']?(~|\/root|\$HOME)\/\.(bash|zsh)_history/
        $gone4 = /(unset[ \t]{1,3}HISTFILE|HISTFILE=\/dev\/null|HISTSIZE=0)/
        $gone5 = /rm[ \t]{1,3}-[rf]{1,2}[ \t]{1,3}["']?(\/tmp\/\*|\/var\/log\/(\*|wtmp|lastlog|secure|auth))/
    condition:
        Shell_For_Droppers and filesize < 64KB and all of ($fetch, $temp, $mark, $run) and any of ($gone*)
}

rule Linux_Dropper_Base64_Shell
{
    meta:
        threat = "Linux.Trojan.Base64Shell"
        kind = "trojan"
        certainty = "probable"
        description = "A script that unpacks a hidden command from a text and hands it straight to the shell"
        reference = "MITRE ATT&CK T1027.013, T1140, T1059.004"
        types = "text,shell,script"
    strings:
        $pipe = /(echo|printf)[ \t]{1,3}(-n[ \t]{1,3}|-e[ \t]{1,3}|'%s'[ \t])?["']?[A-Za-z0-9+\/]{60,}={0,2}["']?[ \t]{0,3}\|[ \t]{0,3}(\/(usr\/)?bin\/)?(base64[ \t]{1,3}(-d|-D|--decode|-di)|openssl[ \t]{1,3}(base64|enc[ \t]{1,3}-base64)[ \t][^\n|]{0,20}-d[^\n|]{0,8})[ \t]{0,3}\|[ \t]{0,3}((gzip|gunzip|xz|zcat)[^\n|]{0,12}\|[ \t]{0,3})?(sudo[ \t]{1,3}|nohup[ \t]{1,3})?(\/(usr\/)?bin\/)?(ba|da|z|k)?sh\b/
        $eval = /(eval|(ba|da|z)?sh[ \t]{1,3}-c|source|\.)[ \t]{1,3}["'<]{0,2}(\$\(|`|\()[ \t]{0,3}(echo|printf)[ \t]{1,3}(-n[ \t]{1,3})?["']?[A-Za-z0-9+\/]{60,}={0,2}["']?[ \t]{0,3}\|[ \t]{0,3}base64[ \t]{1,3}(-d|-D|--decode|-di)/
        $here = /base64[ \t]{1,3}(-d|-D|--decode|-di)[ \t]{0,3}<<<[ \t]{0,3}["']?[A-Za-z0-9+\/]{60,}={0,2}["']?[ \t]{0,3}\)?[ \t]{0,3}\|[ \t]{0,3}(\/(usr\/)?bin\/)?(ba|da|z|k)?sh\b/
        $value = /base64[ \t]{1,3}(-d|-D|--decode|-di)[ \t]{0,3}\|[ \t]{0,3}(\/(usr\/)?bin\/)?(ba|da|z|k)?sh[ \t]{0,3}(>[ \t]?\/dev\/null|2>&1|&>)[^\n]{0,30}&/
        $text = /(^|[\r\n;])[ \t]{0,8}(export[ \t]{1,3})?[A-Za-z_][A-Za-z0-9_]{0,20}=["']?[A-Za-z0-9+\/]{100}/
        $named = /(echo|printf)[ \t]{1,3}(-n[ \t]{1,3})?["']?\$\{?[A-Za-z_][A-Za-z0-9_]{0,20}\}?["']?[ \t]{0,3}\|[ \t]{0,3}base64[ \t]{1,3}(-d|-D|--decode|-di)[ \t]{0,3}\|[ \t]{0,3}((gzip|gunzip|xz|zcat)[^\n|]{0,12}\|[ \t]{0,3})?(\/(usr\/)?bin\/)?(ba|da|z|k)?sh\b/
        $python = /(echo|printf)[ \t]{1,3}["']?[A-Za-z0-9+\/]{60,}={0,2}["']?[ \t]{0,3}\|[ \t]{0,3}base64[ \t]{1,3}(-d|-D|--decode|-di)[ \t]{0,3}\|[ \t]{0,3}(\/(usr\/)?bin\/)?(python[23]?|perl|php|ruby|node)\b/
    condition:
        Shell_For_Droppers and (any of ($pipe, $eval, $here, $value, $python) or ($text and $named))
}

rule Linux_Dropper_Preload
{
    meta:
        threat = "Linux.Trojan.PreloadPlant"
        kind = "trojan"
        certainty = "known"
        description = "A script that plants a library into every program of the machine, as hiding tools do"
        reference = "MITRE ATT&CK T1574.006, T1014; ld.so(8)"
        types = "text,shell,script"
    strings:
        $plant1 = /(echo|printf)[ \t][^\n\/]{0,20}\/[^\n"']{2,80}\.so[^\n]{0,20}>{1,2}[ \t]{0,3}["']?\/etc\/ld\.so\.preload/
        $plant2 = /tee[ \t]{1,3}(-a[ \t]{1,3})?\/etc\/ld\.so\.preload/
        $plant3 = /(cp|mv|install)[ \t][^\n]{2,80}[ \t]\/etc\/ld\.so\.preload/
        $get1 = /(curl|wget)[ \t][^\n]{0,120}https?:\/\/[^\n]{4,120}/
        $get2 = /gcc[ \t][^\n]{0,80}-shared[^\n]{0,80}-ldl/
        $get3 = /base64[ \t]{1,3}(-d|--decode)/
        $hide1 = /chattr[ \t]{1,3}\+[aiu]{1,3}[ \t][^\n]{0,80}(ld\.so\.preload|\.so\b)/
        $hide2 = /(\/usr\/local\/lib|\/lib|\/usr\/lib|\/dev\/shm|\/tmp|\/etc)\/(\.[A-Za-z0-9_\-]{1,20}|lib(process|system|c\.so|ext|s\b|u\b|k\b|pam_)[A-Za-z0-9_\-]{0,20})\.so/
        $hide3 = /touch[ \t]{1,3}-[a-z]{0,3}(r|d|t)[ \t][^\n]{2,80}(ld\.so\.preload|\.so\b)/
        $hide4 = /rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?[^\n]{0,60}(\.c\b|\$\{?0\b)/
    condition:
        Shell_For_Droppers and any of ($plant*) and any of ($get*) and any of ($hide*)
}

rule Linux_Dropper_Ssh_Key
{
    meta:
        threat = "Linux.Backdoor.SshKeyPlant"
        kind = "backdoor"
        certainty = "known"
        description = "A script that adds a stranger's key to the logins of this machine and protects it from removal"
        reference = "MITRE ATT&CK T1098.004, T1222.002"
        types = "text,shell,script"
    strings:
        $key = /(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp256)[ \t]AAAA[A-Za-z0-9+\/]{20,}/
        $plant = /(>|tee[ \t]{1,3}(-a[ \t]{1,3})?)[ \t]{0,3}["']?(~|\/root|\/home\/[^\s"'\/]{1,30}|\$\{?[A-Za-z_]{1,16}\}?)\/\.ssh\/authorized_keys2?/
        $lock = /(chattr|\$\{?[A-Za-z_]{1,12}\}?|tntrecht|lockr)[ \t]{1,3}(-R[ \t])?[+\-][aiu]{1,3}[ \t][^\n]{0,80}(authorized_keys|\.ssh)/
        $force1 = /(sed|echo|perl)[ \t][^\n]{0,120}(PermitRootLogin|PubkeyAuthentication)[ \t]{0,3}[^\n]{0,60}yes/
        $force2 = /(history[ \t]{1,3}-c\b|unset[ \t]{1,3}HISTFILE|HISTFILE=\/dev\/null|>[ \t]?~?[^\n]{0,12}\.bash_history)/
        $force3 = /(curl|wget)[ \t][^\n|]{8,200}\|[ \t]{0,3}(ba)?sh\b/
    condition:
        Shell_For_Droppers and filesize < 128KB and $key and $plant and ($lock or 2 of ($force*))
}

rule Linux_Dropper_Disarm
{
    meta:
        threat = "Linux.Trojan.Disarmer"
        kind = "trojan"
        certainty = "known"
        description = "A script that switches the machine's protection off, wipes its logs and then fetches more"
        reference = "MITRE ATT&CK T1562.001, T1562.004, T1070.002, T1070.003"
        types = "text,shell,script"
    strings:
        $guard1 = /setenforce[ \t]{1,3}0\b|SELINUX=disabled/
        $guard2 = /(ufw[ \t]{1,3}disable|systemctl[ \t]{1,3}(stop|disable)[ \t][^\n]{0,20}(firewalld|ufw|nftables)|iptables[ \t]{1,3}-F\b)/
        $guard3 = /(systemctl|service)[ \t]{1,3}((stop|disable|mask)[ \t][^\n]{0,30}(apparmor|auditd|clamav|clamd|falcon|wazuh|ossec|fail2ban|osqueryd|garrison|crowdsec)|(apparmor|auditd|clamav[a-z\-]{0,12}|falcon-sensor|wazuh-agent|fail2ban)[ \t]{1,3}stop)/
        $guard4 = /(aliyun[_-]?(assist|service)|aegis|AliYunDun|YunJing|qcloud|cloudmonitor|barad_agent|bcm-agent)[^\n]{0,60}(uninstall|stop|kill|rm)|(uninstall|pkill|killall|rm)[ \t][^\n]{0,60}(aliyun|aegis|AliYunDun|YunJing|qcloud|cloudmonitor|barad_agent)/
        $guard5 = /\/proc\/sys\/kernel\/nmi_watchdog|kernel\.nmi_watchdog[ \t]{0,2}=[ \t]{0,2}0/
        $guard6 = /(rm|mv|chmod)[ \t][^\n]{0,40}\/(usr\/)?bin\/(chattr|lsattr|ps|top|netstat|ss|curl|wget)\b/
        $wipe1 = /(history[ \t]{1,3}-c\b|unset[ \t]{1,3}HISTFILE|HISTFILE=\/dev\/null|HISTSIZE=0)/
        $wipe2 = /(>|rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?|cat[ \t]{1,3}\/dev\/null[ \t]?>|echo[^\n]{0,6}>|truncate[ \t]{1,3}-s[ \t]?0)[ \t]{0,3}["']?\/var\/(log\/(wtmp|btmp|lastlog|secure|auth\.log|syslog|messages|cron|\*)|spool\/mail\/root)/
        $wipe3 = /(>|rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?)[ \t]{0,3}["']?(~|\/root|\$HOME)\/\.(bash|zsh)_history/
        $fetch = /(curl|wget)[ \t][^\n]{0,120}https?:\/\/[^\s"']{4,160}/
        $run1 = /(curl|wget)[ \t][^\n|]{8,220}\|[ \t]{0,3}(sudo[ \t]{1,3})?(ba|da)?sh\b/
        $run2 = /chmod[ \t]{1,3}(\+x|[ua]{1,2}\+x|7[0-7]{2})[ \t]{1,3}[^\n]{2,80}/
    condition:
        Shell_For_Droppers and 2 of ($guard*) and any of ($wipe*) and $fetch and any of ($run*)
}

rule Linux_Dropper_Desktop_Entry
{
    meta:
        threat = "Linux.Trojan.DesktopLauncher"
        kind = "trojan"
        certainty = "known"
        description = "A desktop icon that passes for a document and fetches a program when it is opened"
        reference = "MITRE ATT&CK T1204.002, T1036.007; freedesktop.org Desktop Entry Specification"
        types = "text,shell,script"
    strings:
        $entry = "[Desktop Entry]"
        $exec = /[\r\n]Exec[ \t]{0,3}=[ \t]{0,3}["']?(\/(usr\/)?bin\/)?(env[ \t]{1,3})?((ba|da)?sh|python3?|perl|xterm|gnome-terminal)[ \t][^\r\n]{0,400}/
        $get1 = /[\r\n]Exec[ \t]{0,3}=[^\r\n]{1,400}\b(curl|wget)[ \t][^\r\n]{0,300}https?:\/\//
        $get2 = /[\r\n]Exec[ \t]{0,3}=[^\r\n]{1,900}base64[ \t]{1,3}(-d|--decode)/
        $get3 = /[\r\n]Exec[ \t]{0,3}=[^\r\n]{1,900}(xxd[ \t]{1,3}-r|\/dev\/tcp\/|b64decode)/
        $run1 = /[\r\n]Exec[ \t]{0,3}=[^\r\n]{1,900}(chmod[ \t]{1,3}[^\r\n]{0,6}(\+x|7[0-7]{2})|\|[ \t]{0,3}(ba|da)?sh\b|\|[ \t]{0,3}(python3?|perl)\b|exec\()/
        $mask1 = /[\r\n]Icon[ \t]{0,3}=[ \t]{0,3}[^\r\n]{0,60}(pdf|document|word|x-office|spreadsheet|text-|image|folder)/ nocase
        $mask2 = /[\r\n]Name[^\r\n=]{0,12}=[^\r\n]{1,100}\.(pdf|docx?|xlsx?|odt|pptx?|jpg|png)/ nocase
        $mask3 = /[\r\n]Exec[ \t]{0,3}=[^\r\n]{1,900}(xdg-open|evince|libreoffice|firefox)[ \t]/
        $mask4 = /[\r\n](NoDisplay|X-GNOME-Autostart-enabled)[ \t]{0,3}=[ \t]{0,3}true/ nocase
    condition:
        Shell_For_Droppers and filesize < 8MB and $entry in (0..4096) and $exec and any of ($get*) and $run1 and
        any of ($mask*)
}

rule Linux_Backdoor_Setuid_Shell
{
    meta:
        threat = "Linux.Backdoor.SetuidShell"
        kind = "backdoor"
        certainty = "known"
        description = "A script that leaves behind a hidden shell with the rights of the administrator"
        reference = "MITRE ATT&CK T1548.001"
        types = "text,shell,script"
    strings:
        $copy = /(cp|install|cat)[ \t]{1,3}[^\n]{0,20}\/bin\/(ba|da|z|k)?sh[ \t]{1,3}(>[ \t]?)?["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/usr\/(lib|share|local)|\/var\/lib|\/home|\/[a-z\/]{2,30}\/\.)[^\s;&|]{0,60}/
        $mark1 = /chmod[ \t]{1,3}([246]7[0-7]{2}|u?\+s|u\+sx?|a\+s|ug\+s|\+xs|u=rwxs|[246]555)[ \t]{1,3}["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/usr\/(lib|share|local)|\/var\/lib|\/home|\$|\/[a-z\/]{2,30}\/\.)/
        $mark2 = /install[ \t][^\n]{0,12}-m[ \t]{0,2}=?[246]7[0-7]{2}[ \t][^\n]{0,12}\/bin\/(ba|da|z|k)?sh[ \t]/
        $hide1 = /touch[ \t]{1,3}-[a-z]{0,3}r[ \t]{1,3}\/[^\n]{3,80}/
        $hide2 = /\/(tmp|dev\/shm|var\/tmp|lib|share)\/\.[A-Za-z0-9_.\-]{1,30}/
        $hide3 = /chown[ \t]{1,3}(root|0)([:.](root|0))?[ \t]/
    condition:
        Shell_For_Droppers and filesize < 64KB and (($copy and $mark1 in (@copy[1]..@copy[1] + 400)) or $mark2) and
        any of ($hide*)
}

rule Python_Dropper_Exec_Text
{
    meta:
        threat = "Python.Trojan.ExecHiddenText"
        kind = "trojan"
        certainty = "probable"
        description = "Python code that unpacks a hidden program from a long text and runs it"
        reference = "MITRE ATT&CK T1027.013, T1059.006"
        types = "text,shell,script,python,javascript,perl"
    strings:
        $exec = /\b(exec|eval)[ \t]{0,3}\([ \t]{0,3}(compile\([ \t]{0,3})?((__import__\([ \t]{0,2}["'](zlib|base64|bz2|lzma|codecs|marshal|gzip)["'][ \t]{0,2}\)\.|zlib\.|base64\.|bz2\.|lzma\.|codecs\.|marshal\.|gzip\.|binascii\.)(decompress|b64decode|b32decode|b85decode|a85decode|b16decode|decode|loads|unhexlify)|b64decode|decompress|unhexlify)\([ \t]{0,3}[^\n]{0,120}(["']|b"|b')[A-Za-z0-9+\/=\\~`@#$%^&*(){}<>;:|!?_\-]{60}/
        $reversed = /\b_[ \t]{0,2}=[ \t]{0,2}lambda[ \t]{1,2}__[ \t]{0,2}:[ \t]{0,2}__import__\([ \t]{0,2}["']zlib["'][ \t]{0,2}\)\.decompress\(/
        $bytes = /\bexec[ \t]{0,3}\([ \t]{0,3}["']{2}\.join\([ \t]{0,2}(map\([ \t]{0,2}chr[ \t]{0,2},|\[?[ \t]{0,2}chr\()[^\n]{0,60}[0-9]{2,3}[ \t]{0,2},[ \t]{0,2}[0-9]{2,3}[ \t]{0,2},[ \t]{0,2}[0-9]{2,3}/
    condition:
        Any_Script_For_Droppers and any of them
}

rule Python_Dropper_Exec_Download
{
    meta:
        threat = "Python.Trojan.ExecDownload"
        kind = "trojan"
        certainty = "known"
        description = "Python code that fetches a program from the network and runs it unseen"
        reference = "MITRE ATT&CK T1105, T1059.006"
        types = "text,shell,script,python,javascript,perl"
    strings:
        $direct = /\bexec[ \t]{0,3}\([ \t]{0,3}(compile\([ \t]{0,3})?(__import__\([ \t]{0,2}["'][a-z_.]{3,24}["'][^\n]{0,12}\)\.|urllib\.request\.|urllib2?\.|requests\.|httpx\.)?(urlopen|get|request)\([ \t]{0,3}[^\n]{0,24}["']https?:\/\/[^"'\n]{4,200}["'][^\n]{0,40}\)[ \t]{0,2}\.(read\(|text|content|decode\()/
        $hidden1 = /subprocess\.(Popen|run|call)\([^\n]{0,160}(creationflags|stdout[ \t]{0,2}=[ \t]{0,2}(subprocess\.)?DEVNULL|start_new_session[ \t]{0,2}=[ \t]{0,2}True)/
        $hidden2 = /(urlretrieve|urlopen|requests\.get|curl|wget)[ \t(\\"',\[]{1,6}[^\n]{0,30}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}[:\/]/
        $hidden3 = /os\.(system|chmod)\([^\n]{0,60}(chmod[ \t]{1,3}(\+x|7[0-7]{2})|0o7[0-7]{2}|\/tmp\/|stat\.S_IX)/
    condition:
        Any_Script_For_Droppers and filesize < 256KB and ($direct or all of ($hidden*))
}

rule JS_Dropper_Package_Hook
{
    meta:
        threat = "JS.Trojan.PackageHook"
        kind = "trojan"
        certainty = "known"
        description = "A Node.js package that fetches and runs a script as soon as it is installed"
        reference = "MITRE ATT&CK T1195.001; npm package.json, life cycle scripts"
        types = "text,shell,script,python,javascript,perl"
    strings:
        $hook = /"(pre|post)?install"[ \t]{0,3}:[ \t]{0,3}"[^"\n]{0,80}\b(curl|wget|Invoke-WebRequest|iwr)\b[^"\n]{0,160}(\|[ \t]{0,3}(sudo[ \t])?(ba)?sh\b|\|[ \t]{0,3}(node|python3?|iex)\b|chmod[ \t]{1,3}(\+x|7[0-7]{2})|&&[ \t]{0,3}(\.\/|sh[ \t]|bash[ \t]))/
        $shell = /"(pre|post)?install"[ \t]{0,3}:[ \t]{0,3}"[^"\n]{0,200}(\/dev\/tcp\/|base64[ \t]{1,2}(-d|--decode)[^"\n]{0,12}\||node[ \t]{1,3}-e[ \t]{1,3}[^\n]{0,120}(child_process|https?['")\\]{0,4}\.get|eval\())/
        $name = /"name"[ \t]{0,3}:[ \t]{0,3}"/
        $version = /"version"[ \t]{0,3}:[ \t]{0,3}"[0-9]/
    condition:
        Any_Script_For_Droppers and filesize < 64KB and for any i in (0..7) : (uint8(i) == 0x7B) and
        $name and $version and any of ($hook, $shell)
}
