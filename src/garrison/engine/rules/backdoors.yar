// Backdoors in less common languages and places.

rule Go_Backdoor_Reverse_Shell
{
    meta:
        threat = "Go.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Go code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059; Go packages net and os/exec"
        types = "text,script"
    strings:
        $dial = /net\.Dial\([ \t]{0,2}["'](tcp|tcp4|udp)["'][ \t]{0,2},/
        $shell = /exec\.Command\([ \t]{0,2}["'](\/bin\/(ba|da|z)?sh|(ba)?sh|cmd(\.exe)?|powershell(\.exe)?)["']/
        $tie = /\.(Stdin|Stdout|Stderr)[ \t]{0,2}(,[^\n=]{1,60})?=[ \t]{0,2}[a-z][A-Za-z0-9]{0,12}/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "script") and $dial and $shell in
        (@dial[1]..@dial[1] + 900) and $tie in (@shell[1]..@shell[1] + 500)
}

rule Java_Backdoor_Reverse_Shell
{
    meta:
        threat = "Java.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Java or Groovy code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059; java.net.Socket, java.lang.ProcessBuilder"
        types = "text,script"
    strings:
        $shell = /(new[ \t]{1,3}ProcessBuilder|getRuntime\(\)[ \t]{0,2}\.[ \t]{0,2}exec)[ \t]{0,2}\([^\n;]{0,60}["']?(\/bin\/(ba)?sh|cmd\.exe|\bcmd\b)/
        $socket = /new[ \t]{1,3}(java\.net\.)?Socket[ \t]{0,2}\([ \t]{0,2}[A-Za-z"'0-9]/
        $pump = /\.write\([ \t]{0,2}[A-Za-z]{1,12}\.read\([ \t]{0,2}\)[ \t]{0,2}\)/
        $redirect = /redirectErrorStream\([ \t]{0,2}true/
        $wait = /\.exitValue\([ \t]{0,2}\)|\.destroy\([ \t]{0,2}\)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "script") and $socket and $shell and #pump
        >= 2 and any of ($redirect, $wait)
}

rule C_Backdoor_Reverse_Shell
{
    meta:
        threat = "Linux.Backdoor.ReverseShellSource"
        kind = "backdoor"
        certainty = "known"
        description = "C code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059.004; dup2(2), execve(2)"
        types = "text"
    strings:
        $connect = /\bconnect[ \t]{0,2}\([ \t]{0,2}[A-Za-z_]{1,16}[ \t]{0,2},[^\n;]{4,80}sizeof/
        $dup = /\bdup2[ \t]{0,2}\([ \t]{0,2}[A-Za-z_]{1,16}[ \t]{0,2},[ \t]{0,2}([012i]|STD(IN|OUT|ERR)_FILENO)[ \t]{0,2}\)/
        $shell = /\b(execve|execl|execv|execlp)[ \t]{0,2}\([ \t]{0,2}(\(char ?\*\))?"(\/bin\/)?(ba|da)?sh"/
    condition:
        filesize < 64KB and object_type == "text" and $connect and $dup in (@connect[1]..@connect[1] + 500) and
        $shell in (@dup[1]..@dup[1] + 400)
}

rule Lua_Backdoor_Reverse_Shell
{
    meta:
        threat = "Lua.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Lua code that runs commands from a machine elsewhere and sends back what they print"
        reference = "MITRE ATT&CK T1059.011; LuaSocket"
        types = "text,script"
    strings:
        $socket = /require[ \t]{0,2}\(?[ \t]{0,2}["']socket["']/
        $connect = /:connect[ \t]{0,2}\([ \t]{0,2}["'A-Za-z]/
        $receive = /:receive[ \t]{0,2}\(/
        $run = /io\.popen[ \t]{0,2}\([ \t]{0,2}[a-z_]{1,12}[ \t]{0,2}[,)]/
        $direct = /os\.execute[ \t]{0,2}\([ \t]{0,2}["'](\/bin\/)?sh[ \t]-i[ \t][^\n]{0,40}(<&|>&)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "script") and $socket and (($connect and
        $receive and $run in (@receive[1]..@receive[1] + 300)) or $direct)
}

rule Linux_Backdoor_Telnet_Shell
{
    meta:
        threat = "Linux.Backdoor.TelnetShell"
        kind = "backdoor"
        certainty = "known"
        description = "A shell between two telnet connections: one brings commands, the other takes the answers"
        reference = "MITRE ATT&CK T1059.004"
        types = "text,shell,script"
    strings:
        $line = /\btelnet[ \t]{1,3}[A-Za-z0-9.\-${}_]{2,60}[ \t]{1,3}[0-9${}A-Za-z]{1,12}[ \t]{0,3}\|[ \t]{0,3}(\/bin\/)?(ba|da)?sh[ \t]{0,3}(2>&1[ \t]{0,2})?\|[ \t]{0,3}telnet[ \t]/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $line
}

rule Linux_Backdoor_Zsh_Tcp
{
    meta:
        threat = "Linux.Backdoor.ZshTcp"
        kind = "backdoor"
        certainty = "known"
        description = "A command that connects Zsh to a machine elsewhere and takes orders from it"
        reference = "MITRE ATT&CK T1059.004; zshmodules(1), zsh/net/tcp"
        types = "text,shell,script"
    strings:
        $module = /zmodload[ \t]{1,3}zsh\/net\/tcp/
        $open = /\bztcp[ \t]{1,3}(-[a-z]{1,3}[ \t]{1,3}[0-9]{0,3}[ \t]{0,3})?[A-Za-z0-9.\-$]{3,60}[ \t]{1,3}[0-9$]/
        $tie = /\b(z|ba)?sh[ \t]{1,3}(-i[ \t]{1,3})?[^\n]{0,20}(>&|<&)[ \t]{0,2}(\$REPLY|\$[a-z]{1,8}|[3-9])/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $module and $open and $tie in (@open[1]..@open[1] + 300)
}

rule Python_Backdoor_Bind_Shell
{
    meta:
        threat = "Python.Backdoor.BindShell"
        kind = "backdoor"
        certainty = "known"
        description = "Python code that waits for a stranger's connection and gives it a shell"
        reference = "MITRE ATT&CK T1059.006"
        types = "text,python,script"
    strings:
        $bind = /\.bind\([ \t]{0,3}\([^\n]{2,60},[ \t]{0,2}[0-9a-zA-Z_]{1,12}[ \t]{0,2}\)/
        $accept = /\.accept\([ \t]{0,2}\)/
        $dup = /dup2\([ \t]{0,3}[A-Za-z_]{1,12}\.fileno\(\)/
        $shell = /(subprocess\.(call|Popen|run)\([ \t]{0,3}\[?|pty\.spawn\(|os\.(system|execl|execv)\()[ \t]{0,3}["'](\/bin\/)?(ba)?sh["']/
        $loop = /subprocess\.(Popen|getoutput|check_output|run)\([ \t]{0,2}[a-z_]{1,12}(\.decode\([^)\n]{0,8}\))?[ \t]{0,2}(,[^\n]{0,30}shell[ \t]?=[ \t]?True|\))/
        $recv = /=[ \t]{0,2}[a-z_]{1,12}\.recv\([ \t]{0,2}[0-9]{2,6}/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        $bind and $accept in (@bind[1]..@bind[1] + 400) and (($dup and $shell in (@dup[1]..@dup[1] + 400)) or
        ($recv and $loop in (@recv[1]..@recv[1] + 300)))
}

rule Python_Backdoor_Chat_Bot
{
    meta:
        threat = "Python.Backdoor.ChatBot"
        kind = "backdoor"
        certainty = "known"
        description = "Python code that takes commands for this machine from a chat service"
        reference = "MITRE ATT&CK T1102.002, T1059.006; Telegram bot interface"
        types = "text,python,script"
    strings:
        $bot1 = /api\.telegram\.org\/bot/
        $bot2 = /(telebot\.TeleBot|telepot\.Bot|discord\.(Client|Bot)|commands\.Bot)\(/
        $run = /(subprocess\.(getoutput|check_output|Popen|run)|os\.popen|os\.system)\([ \t]{0,2}(message|msg|m|update|ctx|text|command|cmd|arg)(\.(message|text|content)){0,2}(\[[^\]\n]{1,20}\]|\.(split|replace|decode)\([^)\n]{0,20}\))?/
        $spy1 = /(ImageGrab\.grab|pyautogui\.screenshot|cv2\.VideoCapture|mss\.mss)\(/
        $spy2 = /(sendDocument|send_document|send_photo|discord\.File)\b/
        $stay = /(crontab|autostart|CurrentVersion\\\\?Run|systemctl[ \t]enable|\.bashrc|schtasks)/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        any of ($bot*) and $run and any of ($spy*) and ($stay or all of ($spy*))
}

rule Linux_Backdoor_Pam_Logger
{
    meta:
        threat = "Linux.Backdoor.PamLogger"
        kind = "backdoor"
        certainty = "probable"
        description = "A login module that writes down every password or lets a stranger in"
        reference = "MITRE ATT&CK T1556.003; Linux-PAM module interface"
        types = "elf"
    strings:
        $pam1 = "pam_sm_authenticate"
        $pam2 = "pam_get_authtok"
        $pam3 = "pam_get_user"
        $log1 = /(user(name)?|login|host)[ \t]{0,2}[:=][ \t]{0,2}%s[^\x00]{0,20}pass(word|wd)?[ \t]{0,2}[:=][ \t]{0,2}%s/ nocase
        $log2 = /\/(tmp|dev\/shm|var\/(tmp|log|lib)|usr\/(lib|include|share))(\/[a-z]{2,12}){0,3}\/\.[a-z0-9._\-]{2,20}\x00/
        $key = /(magic|master|secret|backdoor)_?pass(word|wd)?/ nocase
    condition:
        filesize < 512KB and object_type == "elf" and $pam1 and any of ($pam2, $pam3) and ($log1 or $key) and
        $log2
}

rule Linux_Backdoor_Fake_Sudo
{
    meta:
        threat = "Linux.Backdoor.FakeSudo"
        kind = "backdoor"
        certainty = "known"
        description = "A script that poses as sudo, keeps the password and passes it on"
        reference = "MITRE ATT&CK T1056, T1574.007"
        types = "text,shell,script"
    strings:
        $ask = /read[ \t]{1,3}-[a-z]{0,2}s[a-z]{0,2}[ \t][^\n]{0,20}\[sudo\][ \t]password/
        $print = /(echo|printf)[ \t]{1,3}(-n[ \t]{1,3}|-ne[ \t]{1,3})?["']\[sudo\][ \t]password[ \t]for/
        $keep1 = /\$\{?(pass(word|wd)?|pw|p)\}?["']?[^\n]{0,40}>>[ \t]{0,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm|~|\$HOME|\/[a-z\/]{2,30}\/\.)/
        $keep2 = /(curl|wget|nc)[ \t][^\n]{1,120}\$\{?(pass(word|wd)?|pw|p)\b/
        $pass = /\$\{?(pass(word|wd)?|pw|p)\}?["']?[ \t]{0,3}\|[ \t]{0,3}(\/usr\/bin\/)?sudo[ \t]{1,3}-S/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and any
        of ($ask, $print) and any of ($keep*) and $pass
}

rule Linux_Backdoor_Hidden_Admin
{
    meta:
        threat = "Linux.Backdoor.HiddenAdmin"
        kind = "backdoor"
        certainty = "known"
        description = "A script that makes a second administrator with a password of its own"
        reference = "MITRE ATT&CK T1136.001, T1098"
        types = "text,shell,script"
    strings:
        $make1 = /(useradd|adduser)[ \t][^\n]{0,60}(-o[ \t]{1,3}[^\n]{0,20}-u[ \t]?0\b|-u[ \t]?0[ \t]{1,3}[^\n]{0,20}-o\b|-ou[ \t]?0\b)/
        $make2 = /(echo|printf)[ \t][^\n]{0,8}[a-z0-9_]{2,16}:[^:\n]{0,120}:0:0:[^\n]{0,60}>>[ \t]{0,2}["']?\/etc\/passwd/
        $word1 = /(echo|printf)[ \t][^\n]{1,80}\|[ \t]{0,3}(chpasswd|passwd[ \t]{1,3}--stdin)/
        $word2 = />>[ \t]{0,2}["']?\/etc\/shadow/
        $word3 = /:\$[156y]\$[^:\n]{2,120}:0:0:/
        $word4 = /NOPASSWD:[ \t]{0,3}ALL[^\n]{0,12}>>?[ \t]{0,2}["']?\/etc\/sudoers/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        any of ($make*) and any of ($word*)
}

rule Linux_Backdoor_BPFDoor
{
    meta:
        threat = "Linux.Backdoor.BPFDoor"
        kind = "backdoor"
        certainty = "known"
        description = "A backdoor of the BPFDoor family, which waits unseen for a magic network packet"
        reference = "MITRE ATT&CK T1205.002; published BPFDoor analyses: its places and masks"
        types = "elf"
    strings:
        $place1 = "/dev/shm/kdmtmpflush"
        $place2 = "/var/run/haldrund.pid"
        $place3 = "/var/run/initd.lock"
        $mask1 = "/sbin/udevd -d"
        $mask2 = "/usr/libexec/postfix/master"
        $mask3 = "hald-addon-acpi: listening on acpi kernel interface"
        $mask4 = "dbus-daemon --system"
        $mask5 = "pickup -l -t fifo -u"
        $wall = "/sbin/iptables -t nat -D PREROUTING -p tcp -s %s --dport %d"
    condition:
        filesize < 2MB and object_type == "elf" and ((any of ($place*) and 2 of ($mask*)) or ($wall and 2 of
        ($mask*)))
}
