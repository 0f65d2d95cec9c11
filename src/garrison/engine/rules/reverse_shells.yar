// Reverse shells: one-liners and small programs that hand a command line to somebody elsewhere.

private rule Script_For_Reverse_Shells
{
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "powershell" or object_type == "batch" or object_type == "shell" or object_type == "script" or
        object_type == "python" or object_type == "perl" or object_type == "ruby" or object_type == "php" or
        object_type == "javascript")
}

rule Linux_Backdoor_Bash_DevTcp
{
    meta:
        threat = "Linux.Backdoor.BashDevTcp"
        kind = "backdoor"
        certainty = "known"
        description = "A command that connects Bash to a machine elsewhere and takes orders from it"
        reference = "MITRE ATT&CK T1059.004; Bash manual, redirections to /dev/tcp"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $direct = /(^|[\r\n;&|({"' \t])(\/(usr\/)?bin\/)?(ba|z|k)?sh[ \t]{1,4}-(i|li|il|l)[ \t]{0,4}(>&|&>|[0-9]?>)[ \t]{0,3}\/dev\/(tcp|udp)\/[A-Za-z0-9.:\-${}_]{2,80}\/[0-9${}A-Za-z_]{1,20}[ \t]{1,4}(0>&1|0<&1|<&1|0>&2|2>&1[ \t]0[<>]&1|0<&2|0<&[ \t]2>&1)/
        $inline = /(^|[\r\n;&|({"' \t\/])(ba|z|k)?sh[ \t]{1,4}-(i|l|li|il)[ \t]{1,4}[0-9]{1,3}<>[ \t]{0,2}\/dev\/(tcp|udp)\/[A-Za-z0-9.:\-${}_]{2,80}\/[0-9${}A-Za-z_]{1,20}[ \t]{1,4}0?<&[ \t]?[0-9]{1,3}[ \t]{1,4}1?>&[ \t]?[0-9]/
        $handle = /(^|[\r\n;&|({"' \t])exec[ \t]{1,4}[0-9]{1,3}[ \t]?<>[ \t]?\/dev\/(tcp|udp)\/[A-Za-z0-9.\-${}_]{2,80}\/[0-9${}A-Za-z_]{1,20}/
        $handle_shell = /(^|[\r\n;&|({"' \t\/])(ba|z|k)?sh([ \t]-i)?[ \t]{1,4}(0?<&[ \t]?[0-9]{1,3}[ \t]{1,3}1?>&[ \t]?[0-9]{1,3}|1?>&[ \t]?[0-9]{1,3}[ \t]{1,3}0?<&[ \t]?[0-9]{1,3})/
        $handle_loop = /while[ \t]{1,4}(IFS=[^\n]{0,4} )?read[ \t][^\n]{0,30};?[ \t\r\n]{1,8}do[ \t\r\n]{1,12}(eval[ \t]{1,4}"?)?\$\{?[A-Za-z_]{1,20}\}?"?[ \t]{1,4}(2>&[0-9]{1,3}[ \t]{1,3}>&[0-9]{1,3}|>&[0-9]{1,3}[ \t]{1,3}2>&[0-9]{1,3})/
    condition:
        Script_For_Reverse_Shells and (
            $direct or $inline or ($handle and ($handle_shell in (@handle[1]..@handle[1] + 400) or
            $handle_loop in (@handle[1]..@handle[1] + 400)))
        )
}

rule Python_Backdoor_Reverse_Shell
{
    meta:
        threat = "Python.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Python code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059.006"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $connect = /\.connect\([ \t]{0,3}\([^\n]{3,120}\)[ \t]{0,3}\)/
        $dup = /(os\.)?dup2\([ \t]{0,3}[A-Za-z_][A-Za-z0-9_]{0,20}\.fileno\(\)[ \t]{0,3},[ \t]{0,3}([012]|fd|f|i|n)[ \t]{0,3}\)/
        $shell1 = /pty\.spawn\([ \t]{0,3}\[?[ \t]{0,3}["'](\/bin\/)?(ba|da|z)?sh["']/
        $shell2 = /subprocess\.(call|Popen|run)\([ \t]{0,3}\[?[ \t]{0,3}["']\/bin\/(ba|da|z)?sh["']?[ \t]{0,3},?[ \t]{0,3}["']? ?(-i)?/
        $shell3 = /os\.(system|execl|execv|execve|popen)\([ \t]{0,3}["']\/bin\/(ba|da|z)?sh/
    condition:
        Script_For_Reverse_Shells and $connect and $dup in (@connect[1]..@connect[1] + 600) and
        for any of ($shell*) : ($ in (@dup[1]..@dup[1] + 600))
}

rule Perl_Backdoor_Reverse_Shell
{
    meta:
        threat = "Perl.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Perl code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $connect1 = /connect[ \t]{0,2}\([ \t]{0,2}[A-Za-z_$]{1,20}[ \t]{0,2},[ \t]{0,2}(sockaddr_in|pack_sockaddr_in)[ \t]{0,2}\(/
        $connect2 = /IO::Socket::INET(6)?[ \t]{0,2}(->|\()[ \t]{0,2}[^;]{0,120}Peer(Addr|Host|Port)/
        $stdin = /(open|fdopen)[ \t]{0,2}\(?[ \t]{0,2}STDIN[ \t]{0,2},[ \t]{0,2}["']?[<>+]{1,2}&/
        $stdin_handle = /STDIN->fdopen[ \t]{0,2}\([ \t]{0,2}\$[A-Za-z_]{1,20}/
        $shell1 = /(exec|system)[ \t]{0,2}[({]?[ \t]{0,2}["']{1,2}[^\n;]{0,20}\/bin\/(ba|da|z|k)?sh/
        $shell3 = /(exec|system)[ \t]{0,2}[({]?[ \t]{0,2}["'](ba|da|z|k)?sh -i["']/
        $shell2 = /system[ \t]{0,2}\(?[ \t]{0,2}\$_[ \t]{0,2}\)?[ \t]{0,2}while[ \t]{0,2}\(?[ \t]{0,2}<>/
    condition:
        Script_For_Reverse_Shells and any of ($connect*) and
        for any of ($stdin*) : (
            (@connect1[1] < @[1] and @[1] - @connect1[1] < 800) or (@connect2[1] < @[1] and @[1] - @connect2[1] < 800)
        ) and any of ($shell*)
}

rule PHP_Backdoor_Reverse_Shell
{
    meta:
        threat = "PHP.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "PHP code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059, T1505.003"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $connect = /(fsockopen|pfsockopen|stream_socket_client|socket_connect)[ \t]{0,2}\([^;]{4,160};/
        $shell_fd = /(exec|system|shell_exec|passthru|popen|proc_open|`)[ \t]{0,2}\(?[ \t]{0,2}["']?(\/bin\/)?(ba|da|z)?sh( -i)?[ \t]{1,3}<&[ \t]?[0-9][ \t]{1,2}>&[ \t]?[0-9]/
        $shell_proc = /proc_open[ \t]{0,2}\([ \t]{0,2}(["'][^"';\n]{0,40}sh( -i)?["']|\$(shell|sh|cmd|command|bash)\b)/
        $shell_socket = /proc_open[ \t]{0,2}\([ \t]{0,2}["'](\/bin\/)?(ba|da|z)?sh( -i)?["'][ \t]{0,2},[ \t]{0,2}(array[ \t]{0,2}\(|\[)[ \t]{0,2}0[ \t]{0,2}=>[ \t]{0,2}\$[A-Za-z_]{1,20}[ \t]{0,2},[ \t]{0,2}1[ \t]{0,2}=>[ \t]{0,2}\$[A-Za-z_]/
        $shell_text = /["'][^"'\n]{0,60}\/bin\/(ba|da|z)?sh -i["']/
        $pump1 = "stream_select"
        $pump2 = "fwrite"
        $pump3 = "fread"
    condition:
        Script_For_Reverse_Shells and $connect and (
            $shell_fd in (@connect[1]..@connect[1] + 600) or $shell_socket in (@connect[1]..@connect[1] + 600) or (
            $shell_proc and $shell_text and all of ($pump*))
        )
}

rule Linux_Backdoor_Netcat_Exec
{
    meta:
        threat = "Linux.Backdoor.NetcatExec"
        kind = "backdoor"
        certainty = "known"
        description = "A script that keeps offering a shell to a machine elsewhere with netcat"
        reference = "MITRE ATT&CK T1059.004; options of the traditional netcat"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $nc = /(^|[\r\n;&|({"' \t\/])(nc|ncat|netcat|nc\.traditional)[ \t]{1,4}([A-Za-z0-9.$\{}_:\-]{1,60}[ \t]{1,4}){0,5}(-[a-z]{0,4}e|-c|--exec|--sh-exec)[ \t]{1,3}["']?(\/(usr\/)?bin\/)?(ba|da|z|k)?sh\b/
        $stay1 = /(^|[\r\n;&| \t])while[ \t]{1,4}(:|true|\[ 1 \]|\[ 1 -eq 1 \]|sleep [0-9]{1,5})[ \t]{0,3};?[ \t\r\n]{1,6}do\b/
        $stay2 = /(nohup|setsid)[ \t]{1,4}[^\n]{0,30}(nc|ncat|netcat)[ \t]/
        $stay3 = /(^|[\r\n])[ \t]{0,4}(@reboot|[*\/0-9,]{1,8}[ \t]{1,4}[*\/0-9,]{1,8}[ \t]{1,4}[*0-9]{1,3}[ \t][^\n]{3,60})[ \t][^\n]{0,60}(nc|ncat|netcat)[ \t]/
        $stay4 = /(nc|ncat|netcat)[ \t][^\n]{8,120}(>[ \t]?\/dev\/null|2>&1|&>)[^\n]{0,30}&/
    condition:
        Script_For_Reverse_Shells and $nc and (any of ($stay*) or (filesize < 2KB and uint16be(0) == 0x2321))
}

rule Linux_Backdoor_Fifo_Shell
{
    meta:
        threat = "Linux.Backdoor.FifoShell"
        kind = "backdoor"
        certainty = "known"
        description = "A shell tied to a network connection by a named pipe"
        reference = "MITRE ATT&CK T1059.004, T1095"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $fifo = /(mkfifo|mknod)[ \t]{1,4}(-m[ \t]?[0-9]{3,4}[ \t]{1,3})?["']?[A-Za-z0-9_.\/${}\-]{1,80}["']?([ \t]p)?[ \t]{0,3}(;|&&|\r?\n|\|\|)/
        $nc = /(^|[\r\n;&|({"' \t\/])(ba|da|z|k)?sh([ \t]-i)?[ \t]{1,3}(<[ \t]?[A-Za-z0-9_.\/${}\-"']{1,80}[ \t]{1,3})?2>&1[ \t]{0,3}\|[ \t]{0,3}(\/[a-z\/]{3,20}\/)?(nc|ncat|netcat|telnet|busybox[ \t]nc)[ \t]{1,3}(-[a-km-z]{1,6}[ \t]{1,3}([0-9]{1,5}[ \t]{1,3})?){0,4}[A-Za-z0-9${][^\n>|]{3,120}[ \t]?>[ \t]?["']?[A-Za-z0-9_.\/${}\-]{1,80}/
        $listen = /(^|[\r\n;&|({"' \t\/])(ba|da|z|k)?sh([ \t]-i)?[ \t]{1,3}(<[ \t]?[A-Za-z0-9_.\/${}\-"']{1,80}[ \t]{1,3})?2>&1[ \t]{0,3}\|[ \t]{0,3}(\/[a-z\/]{3,20}\/)?(nc|ncat|netcat|telnet|busybox[ \t]nc)[ \t][^\n>|]{4,120}[ \t]?>[ \t]?["']?[A-Za-z0-9_.\/${}\-]{1,80}/
        $tls = /(^|[\r\n;&|({"' \t\/])(ba|da|z|k)?sh([ \t]-i)?[ \t]{1,3}(<[ \t]?[A-Za-z0-9_.\/${}\-"']{1,80}[ \t]{1,3})?2>&1[ \t]{0,3}\|[ \t]{0,3}(\/[a-z\/]{3,20}\/)?openssl[ \t]{1,3}s_client[ \t][^\n>|]{4,120}[ \t]?>[ \t]?["']?[A-Za-z0-9_.\/${}\-]{1,80}/
        $reverse = /(nc|ncat|netcat|telnet)[ \t][^\n|<]{4,80}<[ \t]?["']?[A-Za-z0-9_.\/${}\-]{1,80}["']?[ \t]{0,3}\|[ \t]{0,3}(\/(usr\/)?bin\/)?(ba|da|z|k)?sh([ \t]-i)?[ \t]{0,3}(1?>|&>|2>&1[ \t]{0,2}>)/
    condition:
        Script_For_Reverse_Shells and $fifo and
        (for any of ($nc, $tls, $reverse) : ($ in (@fifo[1]..@fifo[1] + 400)) or
        (uint16be(0) == 0x2321 and $listen in (@fifo[1]..@fifo[1] + 400)))
}

rule Linux_Backdoor_Socat_Shell
{
    meta:
        threat = "Linux.Backdoor.SocatShell"
        kind = "backdoor"
        certainty = "known"
        description = "A socat command that hands a full terminal to a machine elsewhere"
        reference = "MITRE ATT&CK T1059.004, T1572; socat address types"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $out_exec = /socat[ \t][^\n]{0,80}(tcp|tcp4|tcp6|tcp-connect|openssl|openssl-connect|sctp|udp):[A-Za-z0-9.\-${}_\[\]:]{3,80}:[0-9${}A-Z_a-z]{1,20}[^\n]{0,60}[ \t]{1,4}["']?(exec|system):["'\\]{0,2}[^\n]{0,20}(ba|da|z|k)?sh\b[^\n]{0,40}/ nocase
        $exec_out = /socat[ \t][^\n]{0,40}(exec|system):["'\\]{0,2}[^\n]{0,20}(ba|da|z|k)?sh\b[^\n]{0,60}[ \t]["']?(tcp|tcp4|tcp6|tcp-connect|openssl|openssl-connect):[A-Za-z0-9.\-${}_\[\]]{3,80}:[0-9${}A-Z_a-z]{1,20}/ nocase
        $term1 = /,[ \t]?pty\b/
        $term2 = /,[ \t]?setsid\b/
        $term3 = /,[ \t]?stderr\b/
        $term4 = /,[ \t]?sigint\b/
        $term5 = /,[ \t]?sane\b/
    condition:
        Script_For_Reverse_Shells and any of ($out_exec, $exec_out) and 2 of ($term*)
}

rule Linux_Backdoor_Awk_Shell
{
    meta:
        threat = "Linux.Backdoor.AwkShell"
        kind = "backdoor"
        certainty = "known"
        description = "An awk program that takes commands from the network and sends back what they print"
        reference = "MITRE ATT&CK T1059; gawk manual, /inet special files"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $inet = /["']\/inet[46]?\/(tcp|udp)\/[0-9]{1,5}\/[^\n"']{0,80}/
        $take = /\|&[ \t]{0,3}getline[ \t]{1,3}[a-z_]{1,20}/
        $run = /while[ \t]{0,3}\(\(?[ \t]{0,3}\(?[a-z_]{1,20}[ \t]{0,3}\|&?[ \t]{0,3}getline([ \t]{1,3}[a-z_]{1,20})?[ \t]{0,3}\)?[ \t]{0,3}>[ \t]{0,3}0[ \t]{0,3}\)/
        $back = /print(f)?[ \t]{1,3}(\$0|[a-z_]{1,20})[ \t]{0,3}\|&[ \t]{0,3}[a-z_]{1,20}/
        $close = /close[ \t]{0,3}\([ \t]{0,3}[a-z_]{1,20}[ \t]{0,3}\)/
    condition:
        Script_For_Reverse_Shells and filesize < 16KB and $inet and
        $take in (@inet[1]..@inet[1] + 400) and $run in (@take[1]..@take[1] + 200) and
        $back in (@run[1]..@run[1] + 160) and $close in (@run[1]..@run[1] + 240)
}

rule Ruby_Backdoor_Reverse_Shell
{
    meta:
        threat = "Ruby.Backdoor.ReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Ruby code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $connect = /TCPSocket\.(open|new)[ \t]{0,2}\(?[ \t]{0,2}[^\n;]{3,80}/
        $exec_fd = /(exec|system|spawn)[ \t]{0,2}\(?[ \t]{0,2}(sprintf\(?[ \t]{0,2}|format\(?[ \t]{0,2})?["'][^"'\n]{0,16}\/bin\/(ba|da|z|k)?sh -i <&[^\n]{2,20}>&/
        $exec_io = /(exec|spawn|system)[ \t]{0,2}\(?[ \t]{0,2}["']\/bin\/(ba|da|z|k)?sh( -i)?["'][ \t]{0,2},[^\n]{0,60}(:?in(:| ?=>)|\[:in)/
        $spawn_io = /(exec|spawn|system)[ \t]{0,2}\(?[ \t]{0,2}["'](\/bin\/)?(ba|da|z|k)?sh( -i)?["'][ \t]{0,2},[ \t]{0,2}\[[ \t]{0,2}:in[ \t]{0,2},[^\n]{0,20}\][ \t]{0,2}=>[ \t]{0,2}TCPSocket\.(new|open)/
        $loop = /while[ \t(]{1,3}[a-z_]{1,20}[ \t]{0,2}=[ \t]{0,2}[a-z_]{1,20}\.gets/
        $popen = /IO\.popen[ \t]{0,2}\(?[ \t]{0,2}[a-z_]{1,20}[ \t]{0,2},[ \t]{0,2}["']r/
    condition:
        Script_For_Reverse_Shells and $connect and (
            $exec_fd in (@connect[1]..@connect[1] + 400) or $exec_io in (@connect[1]..@connect[1] + 400) or $spawn_io or
            ($loop in (@connect[1]..@connect[1] + 300) and $popen in (@loop[1]..@loop[1] + 200))
        )
}

rule JS_Backdoor_Node_Reverse_Shell
{
    meta:
        threat = "JS.Backdoor.NodeReverseShell"
        kind = "backdoor"
        certainty = "known"
        description = "Node.js code that connects a shell to a machine elsewhere"
        reference = "MITRE ATT&CK T1059.007"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $net = /require\([ \t]{0,2}["'`](node:)?net["'`][ \t]{0,2}\)/
        $spawn = /(spawn|exec|execFile)\([ \t]{0,2}["'`]((\/bin\/)?(ba|da|z)?sh|cmd(\.exe)?|powershell(\.exe)?)["'`]/
        $pipe_in = /\.pipe\([ \t]{0,2}[A-Za-z_$][A-Za-z0-9_$]{0,20}\.stdin[ \t]{0,2}\)/
        $pipe_out = /\.stdout\.pipe\([ \t]{0,2}[A-Za-z_$]/
        $connect = /\.(connect|createConnection)\([ \t]{0,2}[^\n]{3,80}/
    condition:
        Script_For_Reverse_Shells and $net and $spawn and $connect and $pipe_in and
        $pipe_out in (@pipe_in[1] - 300..@pipe_in[1] + 300)
}

rule Windows_Backdoor_PowerShell_Tcp
{
    meta:
        threat = "Windows.Backdoor.PowerShellTcp"
        kind = "backdoor"
        certainty = "known"
        description = "PowerShell code that takes commands from a machine elsewhere"
        reference = "MITRE ATT&CK T1059.001"
        types = "text,shell,script,python,perl,ruby,php,javascript,powershell,batch"
    strings:
        $client = /New-Object[ \t]{1,3}(-TypeName[ \t])?(System\.)?Net\.Sockets\.TCPClient[ \t]{0,2}\(/ nocase
        $stream = /\.GetStream[ \t]{0,2}\(/ nocase
        $run = /(iex|Invoke-Expression)[ \t]{0,2}(\(|-Command[ \t])?[ \t]{0,2}\$[a-z_]{1,30}/ nocase
        $bytes = /GetBytes[ \t]{0,2}\([ \t]{0,2}\$/ nocase
        $write = /\.Write[ \t]{0,2}\([ \t]{0,2}\$[a-z_]{1,30}[ \t]{0,2},[ \t]{0,2}0[ \t]{0,2},/ nocase
    condition:
        Script_For_Reverse_Shells and $client and $stream in (@client[1]..@client[1] + 400) and
        $run in (@client[1]..@client[1] + 1500) and $bytes and $write in (@run[1]..@run[1] + 800)
}
