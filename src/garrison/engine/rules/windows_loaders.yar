// Loaders for Windows that lie on file servers and come with mail: links, batch files, PowerShell, scriptlets.

rule Windows_Link_PowerShell
{
    meta:
        threat = "Windows.Trojan.LinkPowerShell"
        kind = "trojan"
        certainty = "known"
        description = "A link that makes PowerShell or another helper fetch a program"
        reference = "MITRE ATT&CK T1204.002, T1059.001; [MS-SHLLINK]"
        types = "lnk"
    strings:
        $who1 = "powershell" nocase wide ascii
        $who2 = "mshta" nocase wide ascii
        $who3 = "cmd.exe" nocase wide ascii
        $who4 = "rundll32" nocase wide ascii
        $get1 = "http://" nocase wide ascii
        $get2 = "https://" nocase wide ascii
        $get3 = "DownloadString" nocase wide ascii
        $how1 = "-w hid" nocase wide ascii
        $how2 = " -enc" nocase wide ascii
        $how3 = "iex" nocase wide ascii
        $how4 = "bypass" nocase wide ascii
        $how5 = "curl " nocase wide ascii
        $how6 = "mshta http" nocase wide ascii
        $how7 = "FromBase64" nocase wide ascii
        $how8 = "certutil" nocase wide ascii
        $how9 = "mshta.exe http" nocase wide ascii
    condition:
        filesize < 4MB and object_type == "lnk" and any of ($who*) and any of ($get*) and any of ($how*)
}

rule Windows_Batch_Fetches
{
    meta:
        threat = "Windows.Trojan.BatchFetcher"
        kind = "trojan"
        certainty = "known"
        description = "A batch file that fetches a program with a helper of Windows and starts it"
        reference = "MITRE ATT&CK T1105, T1059.003"
        types = "text,batch,script"
    strings:
        $batch = /(^|[\r\n])[ \t]{0,4}@?(echo[ \t]{1,2}off|setlocal|rem[ \t])/ nocase
        $get1 = /certutil(\.exe)?[ \t][^\n]{0,40}-urlcache[^\n]{0,160}\.(exe|dll|bat|vbs|ps1|hta|zip|js|txt|dat)\b/ nocase
        $get2 = /bitsadmin(\.exe)?[ \t][^\n]{0,40}\/transfer[^\n]{0,200}https?:/ nocase
        $get3 = /curl(\.exe)?[ \t][^\n]{0,100}https?:\/\/[^\n]{4,120}(%temp%|%appdata%|%public%|%localappdata%|%programdata%)/ nocase
        $get4 = /curl(\.exe)?[ \t][^\n]{0,20}(-o|--output)[ \t]{1,2}"?(%temp%|%appdata%|%public%|%localappdata%|%programdata%)[^\n]{4,160}https?:/ nocase
        $run = /(^|[\r\n&])[ \t]{0,4}(start[ \t][^\n]{0,30}|call[ \t]{1,2}|rundll32(\.exe)?[ \t]{1,2}|regsvr32[^\n]{0,12}|wscript[ \t][^\n]{0,8})?["']?(%temp%|%appdata%|%public%|%localappdata%|%programdata%|c:\\users\\public|c:\\programdata)\\[^\n]{2,80}/ nocase
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "batch" or object_type == "script") and
        $batch and any of ($get*) and $run
}

rule Windows_Defender_Off
{
    meta:
        threat = "Windows.Trojan.DefenderOff"
        kind = "trojan"
        certainty = "known"
        description = "A script that blinds Windows' own protection and then brings a program"
        reference = "MITRE ATT&CK T1562.001"
        types = "text,batch,powershell,script,vbscript,javascript"
    strings:
        $blind1 = /Set-MpPreference[ \t][^\n]{0,60}-Disable(RealtimeMonitoring|IOAVProtection|BehaviorMonitoring|ScriptScanning)[ \t]{1,2}(\$true|1)/ nocase
        $blind2 = /Add-MpPreference[ \t][^\n]{0,40}-Exclusion(Path|Process|Extension)[ \t]{1,2}["'$@(]?[^\n]{1,80}/ nocase
        $blind3 = /reg(\.exe)?[ \t]{1,2}add[ \t][^\n]{0,80}Windows Defender[^\n]{0,80}(DisableAntiSpyware|DisableRealtimeMonitoring)/ nocase
        $blind4 = /sc(\.exe)?[ \t]{1,2}(stop|delete|config)[ \t]{1,2}WinDefend/ nocase
        $bring1 = /(DownloadFile|DownloadString|Invoke-WebRequest|\biwr[ \t]|\birm[ \t]|Start-BitsTransfer|certutil[^\n]{0,30}-urlcache|bitsadmin[^\n]{0,30}\/transfer|curl(\.exe)?[ \t][^\n]{0,60}https?:)/ nocase
        $bring2 = /FromBase64String/ nocase
        $run = /(Start-Process|\bsaps\b|\bstart[ \t]|Invoke-Expression|\biex\b|Invoke-Item|rundll32)/ nocase
    condition:
        filesize < 512KB and (object_type == "text" or object_type == "batch" or object_type == "powershell" or
        object_type == "script" or object_type == "vbscript" or object_type == "javascript") and any of
        ($blind*) and any of ($bring*) and $run
}

rule Windows_PowerShell_Reflection
{
    meta:
        threat = "Windows.Trojan.ReflectiveLoader"
        kind = "trojan"
        certainty = "known"
        description = "PowerShell code that loads a hidden program into memory and starts it there"
        reference = "MITRE ATT&CK T1620, T1027"
        types = "text,powershell,script,batch"
    strings:
        $load = /\[(System\.)?(Reflection\.)?(Assembly|AppDomain)\]::(Load|CurrentDomain\.Load)[ \t]{0,2}\(/ nocase
        $make = /(FromBase64String|DownloadData|GzipStream|DeflateStream|-bxor)/ nocase
        $start1 = /\.EntryPoint\.Invoke[ \t]{0,2}\(/ nocase
        $start2 = /\.GetMethod[ \t]{0,2}\([^\n]{1,60}\)\.Invoke[ \t]{0,2}\(/ nocase
        $start3 = /\.(GetType|GetTypes)[ \t]{0,2}\([^\n]{0,60}\)[^\n]{0,80}\.Invoke[ \t]{0,2}\(/ nocase
    condition:
        filesize < 8MB and (object_type == "text" or object_type == "powershell" or object_type == "script" or
        object_type == "batch") and $load and $make and any of ($start*)
}

rule Windows_PowerShell_Memory
{
    meta:
        threat = "Windows.Trojan.MemoryRunner"
        kind = "trojan"
        certainty = "known"
        description = "PowerShell code that puts machine code into memory and runs it"
        reference = "MITRE ATT&CK T1055, T1106"
        types = "text,powershell,script"
    strings:
        $import = /(DllImport[ \t]{0,2}\([ \t]{0,2}["']kernel32|GetDelegateForFunctionPointer|UnsafeNativeMethods)/ nocase
        $room = /(VirtualAlloc|VirtualAllocEx|VirtualProtect|HeapCreate)/
        $copy = /(Marshal\]?::?\.?Copy|WriteProcessMemory|RtlMoveMemory)[ \t]{0,2}\(/ nocase
        $go = /(CreateThread|CreateRemoteThread|QueueUserAPC|GetDelegateForFunctionPointer)/
        $code = /(\[Byte\[\]\][^\n]{0,40}(0x[0-9a-f]{2}[ \t]{0,2},[ \t]{0,2}){4}|FromBase64String)/ nocase
    condition:
        filesize < 4MB and (object_type == "text" or object_type == "powershell" or object_type == "script") and
        all of them
}

rule Windows_Application_Page
{
    meta:
        threat = "Windows.Trojan.ApplicationPage"
        kind = "trojan"
        certainty = "known"
        description = "A page that is really a program for Windows and starts a command out of sight"
        reference = "MITRE ATT&CK T1218.005"
        types = "text,html,script,xml"
    strings:
        $hta = /<hta:application\b/ nocase
        $small = /(resizeTo[ \t]{0,2}\([ \t]{0,2}[0-9]{1,2}[ \t]{0,2},|moveTo[ \t]{0,2}\([ \t]{0,2}-[0-9]{3}|windowstate[ \t]{0,2}=[ \t]{0,2}["']?minimize|showintaskbar[ \t]{0,2}=[ \t]{0,2}["']?no|window\.close[ \t]{0,2}\(|self\.close)/ nocase
        $shell = /(WScript\.Shell|Shell\.Application|winmgmts:)/ nocase
        $run = /(powershell|cmd(\.exe)?[ \t]{1,2}\/c|mshta|rundll32|regsvr32|bitsadmin|certutil|wscript)/ nocase
    condition:
        filesize < 4MB and (object_type == "text" or object_type == "html" or object_type == "script" or
        object_type == "xml") and all of them
}

rule Windows_Scriptlet
{
    meta:
        threat = "Windows.Trojan.Scriptlet"
        kind = "trojan"
        certainty = "known"
        description = "A scriptlet or style sheet that starts a command when Windows reads it"
        reference = "MITRE ATT&CK T1218.010, T1220"
        types = "text,xml,html,script"
    strings:
        $let1 = /<scriptlet\b/ nocase
        $let2 = /<(registration|component)\b/ nocase
        $sheet1 = "urn:schemas-microsoft-com:xslt"
        $sheet2 = /<(ms|user|x)[a-z]{0,8}:script\b/ nocase
        $shell = /(ActiveXObject|CreateObject)[ \t]{0,2}\([ \t]{0,2}["'](WScript\.Shell|Shell\.Application)/ nocase
        $run = /\.(Run|Exec|ShellExecute)[ \t]{0,2}\(?[ \t]{0,2}["'A-Za-z_]/ nocase
    condition:
        filesize < 1MB and (object_type == "text" or object_type == "xml" or object_type == "html" or
        object_type == "script") and (all of ($let*) or all of ($sheet*)) and $shell and $run
}

rule Windows_Registry_Start
{
    meta:
        threat = "Windows.Trojan.RegistryStart"
        kind = "trojan"
        certainty = "known"
        description = "A registry file that makes a hidden command start with Windows"
        reference = "MITRE ATT&CK T1547.001"
        types = "text,script"
    strings:
        $file = /(^|\xef\xbb\xbf)(Windows Registry Editor Version 5|REGEDIT4)/
        $key = /\\CurrentVersion\\(Run|RunOnce|Explorer\\User Shell Folders|Image File Execution Options|Winlogon)\b/ nocase
        $value = /=[ \t]{0,2}"[^\n]{0,60}(powershell[^\n]{0,40}-(w|e|nop|ep)|mshta[^\n]{0,20}(http|javascript|vbscript)|rundll32[^\n]{0,20}javascript|wscript[^\n]{0,40}(temp|appdata)|regsvr32[^\n]{0,20}http)/ nocase
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "script") and $file and $key and $value
}

rule HTML_Paste_Command
{
    meta:
        threat = "HTML.Trojan.PasteCommand"
        kind = "trojan"
        certainty = "known"
        description = "A page that pretends to check for robots and tells visitors to paste a command that it put into the clipboard"
        reference = "MITRE ATT&CK T1204.004"
        types = "text,html,script,javascript,php"
    strings:
        $copy = /(clipboard\.writeText|execCommand[ \t]{0,2}\([ \t]{0,2}["']copy)/
        $what = /(powershell|mshta|cmd(\.exe)?[ \t]{1,2}\/c|curl[ \t][^\n]{0,80}\|[ \t]{0,2}(ba)?sh|Invoke-Expression|\biex\b|base64[ \t]{1,2}-d)/ nocase
        $tell1 = /(Win(dows)?([ \t]key)?[ \t]{0,2}\+[ \t]{0,2}(<[a-z]{1,6}>)?R\b|Ctrl[ \t]{0,2}\+[ \t]{0,2}(<[a-z]{1,6}>)?V\b)/ nocase
        $tell2 = /(open[ \t]{1,2}(the[ \t])?terminal|press[ \t]{1,2}(<[a-z]{1,6}>)?enter)/ nocase
        $lure = /(not a robot|verif(y|ication)|captcha|human|cloudflare|fix (it|the (problem|error)))/ nocase
    condition:
        filesize < 1MB and (object_type == "text" or object_type == "html" or object_type == "script" or
        object_type == "javascript" or object_type == "php") and $copy and $what and any of ($tell*) and $lure
}

rule SVG_Smuggling
{
    meta:
        threat = "SVG.Trojan.Smuggling"
        kind = "trojan"
        certainty = "probable"
        description = "A drawing with a script in it that leads elsewhere or drops a program"
        reference = "MITRE ATT&CK T1027.017"
        types = "svg,xml,html,text"
    strings:
        $svg = /<svg[ \t\r\n>]/
        $script = /<script[^>]{0,80}>/
        $hide = /(\batob[ \t]{0,2}\(|fromCharCode|unescape[ \t]{0,2}\(|\\x[0-9a-f]{2}\\x[0-9a-f]{2}|\.split\([ \t]{0,2}["']{2}[ \t]{0,2}\))/
        $go = /((window|document|top|self)?\.?location(\.href)?[ \t]{0,2}=[^=]|location\.(replace|assign)[ \t]{0,2}\(|createObjectURL[ \t]{0,2}\(|\beval[ \t]{0,2}\(|document\.write[ \t]{0,2}\(|new[ \t]{1,2}Function[ \t]{0,2}\()/
    condition:
        filesize < 4MB and (object_type == "svg" or object_type == "xml" or object_type == "html" or object_type
        == "text") and for any i in (0..7) : (uint8(i) == 0x3C) and $svg in (0..4096) and $script and $hide and
        $go in (@script[1]..@script[1] + 8000)
}

rule Windows_Build_Task
{
    meta:
        threat = "Windows.Trojan.BuildTask"
        kind = "trojan"
        certainty = "known"
        description = "A build file that carries machine code and runs it through Microsoft's build tool"
        reference = "MITRE ATT&CK T1127.001"
        types = "xml,text,html"
    strings:
        $task = /<UsingTask[^>]{0,300}(CodeTaskFactory|RoslynCodeTaskFactory)/
        $room = /(VirtualAlloc|VirtualProtect|GetDelegateForFunctionPointer|Assembly\.Load)[ \t]{0,2}\(/
        $code = /(byte\[\][^\n]{0,40}\{[ \t]{0,2}(0x[0-9a-fA-F]{2}[ \t]{0,2},[ \t]{0,2}){4}|FromBase64String)/
    condition:
        filesize < 4MB and (object_type == "xml" or object_type == "text" or object_type == "html") and all of
        them
}
