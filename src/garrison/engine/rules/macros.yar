// Office documents that act by themselves: VBA, LibreOffice Basic, DDE, exploits.

// Text that begins as the source of a macro does; letters of either case, after a byte order mark or line ends.
private rule Macro_Source
{
    condition:
        (object_type == "text" or object_type == "script") and for any i in (0..4) : (
            uint8(i) == 0x27 or for any word in (
                0x41545452, 0x4F505449, 0x50524956, 0x5055424C, 0x46524945, 0x53544154,  // ATTR OPTI PRIV PUBL FRIE STAT
                0x474C4F42, 0x53554200, 0x46554E43, 0x4445434C, 0x44494D00, 0x434F4E53,  // GLOB SUB FUNC DECL DIM CONS
                0x54595045, 0x454E554D, 0x52454D00, 0x56455253, 0x03494600  // TYPE ENUM REM VERS #IF
            ) : (word == uint32be(i) & 0xDFDFDFDF)
        )
}

// In a page a macro runs nowhere, and a text that only shows one begins as people write.
private rule Macro_Text
{
    condition:
        filesize < 4MB and (object_type == "vbscript" or object_type == "ole" or object_type == "xml" or
        object_type == "data" or Macro_Source)
}

private rule Document_Xml
{
    condition:
        object_type == "xml" or object_type == "text" or object_type == "html"
}

rule Office_Macro_Downloader
{
    meta:
        threat = "Office.Trojan.MacroDownloader"
        kind = "trojan"
        certainty = "known"
        description = "A macro that fetches a program as soon as its document is opened, and starts it"
        reference = "MITRE ATT&CK T1059.005, T1204.002, T1105"
        types = "vbscript,text,script,ole,xml,data"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}(Auto_?Open|Auto_?Exec|Auto_?Close|Document_Open|Document_Close|Workbook_Open|Workbook_Activate|Document_New|Document_ContentControlOnEnter|[A-Za-z0-9_]{1,20}_(Layout|MouseMove|Painted))[ \t]{0,3}\(/ nocase
        $get1 = "URLDownloadToFile" nocase
        $get2 = /(MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|Microsoft\.XMLHTTP)/ nocase
        $get3 = /\b(certutil[^\n]{0,30}-urlcache|bitsadmin[^\n]{0,30}\/transfer|Start-BitsTransfer|DownloadString|DownloadFile|Invoke-WebRequest)/ nocase
        $get4 = /["'&][^\n]{0,40}\b(curl|wget)[ \t][^\n]{0,60}https?:\/\// nocase
        $run1 = /(^|[\r\n:=(])[ \t]{0,12}(Call[ \t]{1,3}|[A-Za-z_][A-Za-z0-9_]{0,20}[ \t]{0,3}=[ \t]{0,3})?(VBA\.)?Shell[ \t]{0,2}[\("A-Za-z]/ nocase
        $run2 = /CreateObject[ \t]{0,2}\([ \t]{0,2}["'](WScript\.Shell|Shell\.Application|Schedule\.Service)/ nocase
        $run3 = /\.(Run|Exec|ShellExecute)[ \t(]{1,3}["'A-Za-z]/ nocase
        $run4 = /(Win32_Process|winmgmts:)/ nocase
    condition:
        Macro_Text and $auto and any of ($get*) and any of ($run*)
}

rule Office_Macro_Starter
{
    meta:
        threat = "Office.Trojan.MacroStarter"
        kind = "trojan"
        certainty = "known"
        description = "A macro that starts a command interpreter out of sight as soon as its document is opened"
        reference = "MITRE ATT&CK T1059.005, T1204.002, T1564.003"
        types = "vbscript,text,script,ole,xml,data"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}(Auto_?Open|Auto_?Exec|Document_Open|Workbook_Open|Workbook_Activate|Document_New)[ \t]{0,3}\(/ nocase
        $run = /(\bShell[ \t(]{1,3}|\.(Run|Exec|ShellExecute|Create)[ \t(]{1,3})[^\n]{0,60}(cmd(\.exe)?[ \t"&^]{0,4}\/[cvk]|powershell(\.exe)?[ \t][^\n]{0,30}-(w|e|nop|ep|ex)|mshta(\.exe)?[ \t]|rundll32(\.exe)?[ \t]|regsvr32(\.exe)?[ \t]|\/bin\/(ba)?sh|bash[ \t]-c|wscript(\.exe)?[ \t]|cscript(\.exe)?[ \t])/ nocase
        $named = /(^|[\r\n:])[ \t]{0,12}[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}=[ \t]{0,3}"(cmd(\.exe)?[ \t]{1,4}\/[cvk]|powershell(\.exe)?[ \t][^\n"]{0,30}-(w|e|nop|ep|ex)|mshta(\.exe)?[ \t]|rundll32(\.exe)?[ \t]|regsvr32(\.exe)?[ \t]|\/bin\/(ba)?sh|bash[ \t]-c|wscript(\.exe)?[ \t])/ nocase
        $start = /(\bShell[ \t(]{1,3}|\.(Run|Exec|ShellExecute|Create)[ \t(]{1,3})\(?[A-Za-z_]/ nocase
        $hide1 = /(vbHide|,[ \t]{0,2}0[ \t]{0,2}(\)|\r|\n|,)|-w(indowstyle)?[ \t]{1,2}hid|-w[ \t]1\b|\.ShowWindow[ \t]{0,2}=[ \t]{0,2}0)/ nocase
        $hide2 = /-e(nc|c|ncodedcommand)?[ \t]{1,3}[A-Za-z0-9+\/]{40}/ nocase
        $hide3 = /(\/tmp\/|%temp%|%appdata%|%public%|\\Temp\\)/ nocase
        $hide4 = /(application|javascript:)[^\n]{0,40}(GetObject|ActiveXObject)/ nocase
    condition:
        Macro_Text and $auto and ($run or ($named and $start in (@named[1]..@named[1] + 2000))) and any of ($hide*)
}

rule Office_Macro_Hidden_Text
{
    meta:
        threat = "Office.Trojan.MacroHiddenText"
        kind = "trojan"
        certainty = "probable"
        description = "A macro that acts when its document is opened and spells its commands out letter by letter"
        reference = "MITRE ATT&CK T1059.005, T1027"
        types = "vbscript,text,script,ole,xml,data"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}(Auto_?Open|Auto_?Exec|Auto_?Close|Document_Open|Document_Close|Workbook_Open|Workbook_Activate)[ \t]{0,3}\(/ nocase
        $letter = /\bChr[WB]?\$?[ \t]{0,2}\([ \t]{0,2}(&H[0-9A-F]{2}|[0-9]{1,4}[ \t]{0,2}[\-+*\/xX][ \t]{0,2}[0-9]{1,4}|[0-9]{2,3})[ \t]{0,2}\)[ \t]{0,2}[&+]/ nocase
        $back = /\b(StrReverse|Replace)[ \t]{0,2}\([ \t]{0,2}["'][^"'\n]{12,}["']/ nocase
        $xor = /\bChr[WB]?\$?[ \t]{0,2}\([ \t]{0,2}[^\n]{0,60}\bXor\b/ nocase
        $run1 = /\b(VBA\.)?(Shell|CreateObject|GetObject|CallByName|ExecuteExcel4Macro)[ \t]{0,2}\(?[ \t]{0,2}[A-Za-z_]/ nocase
        $run2 = /\.(Run|Exec|ShellExecute|Create)[ \t]{0,2}\(?[ \t]{0,2}[A-Za-z_]/ nocase
    condition:
        Macro_Text and $auto and any of ($run*) and (#letter >= 20 or #back >= 5 or ($xor and #letter >= 5))
}

rule Office_Macro_Virus
{
    meta:
        threat = "Office.Virus.MacroReplicator"
        kind = "virus"
        certainty = "known"
        description = "A macro that copies itself into other documents and the template for new ones"
        reference = "MITRE ATT&CK T1137.001, T1080; Visual Basic editor object model"
        types = "vbscript,text,script,ole,xml,data"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}(Auto_?Open|Auto_?Exec|Auto_?Close|Document_Open|Document_Close|Workbook_Open|Workbook_BeforeClose|FileSave(As)?|ViewVBCode|ToolsMacro)[ \t]{0,3}\(/ nocase
        $self = /\b(ThisDocument|ActiveDocument|ThisWorkbook|MacroContainer)\.VBProject\.VBComponents/ nocase
        $other = /\b(NormalTemplate|ActiveWorkbook|ActiveDocument|Documents\([^)\n]{1,30}\)|Workbooks\([^)\n]{1,30}\))\.VBProject\.VBComponents/ nocase
        $copy1 = /\.CodeModule\.(AddFromString|AddFromFile|InsertLines|ReplaceLine|DeleteLines)/ nocase
        $copy2 = /\.(AddFromString|InsertLines)[ \t(]/ nocase
        $copy3 = /\.VBComponents\.Import[ \t(]/ nocase
        $copy4 = "Application.OrganizerCopy" nocase
        $read1 = /\.Lines[ \t]{0,2}\([ \t]{0,2}1[ \t]{0,2},[^\n]{0,60}CountOfLines/ nocase
        $read2 = /\.Export[ \t(]/ nocase
        $quiet1 = /Options\.(VirusProtection|SaveNormalPrompt|ConfirmConversions)[ \t]{0,3}=[ \t]{0,3}(False|0)/ nocase
        $quiet2 = /Application\.(DisplayAlerts|EnableCancelKey|ScreenUpdating)[ \t]{0,3}=[ \t]{0,3}(False|0|wdAlertsNone)/ nocase
    condition:
        Macro_Text and $auto and ($self or $other) and any of ($copy*) and any of ($read*) and any of ($quiet*)
}

rule Office_Macro_Lowers_Guard
{
    meta:
        threat = "Office.Trojan.MacroLowersGuard"
        kind = "trojan"
        certainty = "known"
        description = "A macro that switches the office program's own macro protection off"
        reference = "MITRE ATT&CK T1112, T1562.001; Office security registry values"
        types = "vbscript,text,script,ole,xml,data"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}[A-Za-z_][A-Za-z0-9_]{2,40}[ \t]{0,3}\(/ nocase
        $write1 = /\.RegWrite[ \t(]{1,3}[^\n]{0,80}\\Office\\[^\n]{0,80}\\Security[^\n]{0,30}(AccessVBOM|VBAWarnings|DisableInternetFilesInPV|DisableUnsafeLocationsInPV|DisableAttachementsInPV|["\\]Level)/ nocase
        $write2 = /\breg(\.exe)?[ \t]{1,3}add[ \t][^\n]{0,80}\\Office\\[^\n]{0,80}\\Security[^\n]{0,30}(AccessVBOM|VBAWarnings|DisableInternetFilesInPV|DisableUnsafeLocationsInPV|DisableAttachementsInPV|["\\]Level)/ nocase
        $write3 = /PrivateProfileString[ \t]{0,2}\([^\n]{0,80}\\Office\\[^\n]{0,80}\\Security[^\n]{0,30}(AccessVBOM|VBAWarnings|DisableInternetFilesInPV|DisableUnsafeLocationsInPV|DisableAttachementsInPV|["\\]Level)[^\n=]{0,12}\)[ \t]{0,3}=[ \t]{0,3}/ nocase
    condition:
        Macro_Text and $auto and any of ($write*)
}

rule Office_Basic_Shell
{
    meta:
        threat = "Office.Trojan.BasicShell"
        kind = "trojan"
        certainty = "known"
        description = "A LibreOffice macro that starts a command interpreter or fetches a program"
        reference = "MITRE ATT&CK T1059, T1204.002; OpenDocument script:module format"
        types = "xml,text,html"
    strings:
        $module = /<script:module[ \t\r\n]/
        $basic = /script:language="StarBasic"/
        $shell = /\bShell[ \t]{0,2}\(?[ \t]{0,2}(&quot;|"|&apos;)[^\n]{0,60}(\b(bash|sh)[ \t]{1,2}-c|\/bin\/(ba)?sh|(cmd|powershell|mshta|wscript|python3?|perl|curl|wget|certutil|rundll32|regsvr32)(\.exe)?)\b/ nocase
        $service = /createUnoService[ \t]{0,2}\([ \t]{0,2}(&quot;|")com\.sun\.star\.system\.SystemShellExecute/ nocase
        $args = /\.execute[ \t]{0,2}\([^\n]{0,60}((bash|sh|cmd|powershell|mshta|python3?|perl|curl|wget)(\.exe)?(&quot;|"))/ nocase
        $bad1 = /(curl|wget|Invoke-WebRequest|DownloadString|DownloadFile|bitsadmin|certutil)[^\n]{0,80}(https?|ftp):\/\// nocase
        $bad2 = /\/dev\/(tcp|udp)\//
        $bad3 = /base64[ \t]{1,2}(-d|--decode)|-e(nc|ncodedcommand)?[ \t]{1,2}[A-Za-z0-9+\/]{40}/ nocase
        $bad4 = /chmod[ \t]{1,2}(\+x|7[0-7]{2})[ \t]{1,2}[^\n]{0,30}\/(tmp|dev\/shm|var\/tmp|\.)/
        $bad5 = /(crontab|\.bashrc|\.profile|autostart|authorized_keys|HKCU|CurrentVersion\\Run)/ nocase
        $bad6 = /mshta[^\n]{0,40}https?:/ nocase
    condition:
        Document_Xml and filesize < 2MB and $module in (0..2048) and $basic in (0..4096) and
        ($shell or ($service and $args)) and any of ($bad*)
}

rule Office_Flat_Auto_Shell
{
    meta:
        threat = "Office.Trojan.FlatAutoShell"
        kind = "trojan"
        certainty = "known"
        description = "A LibreOffice document in one file whose macro starts a command as soon as it is opened"
        reference = "MITRE ATT&CK T1204.002; OpenDocument flat XML, script:event-listener"
        types = "xml,text,html"
    strings:
        $document = /<office:document[ \t\r\n]/
        $listen = /<script:event-listener[ \t\r\n][^>]{0,400}script:event-name="(dom:load|office:start-app|dom:focus|dom:DOMFocusIn|office:load-finished|dom:mouseover|office:view-created)"/
        $target = /xlink:href="(vnd\.sun\.star\.script:[^"]{1,200}language=(Basic|Python|BeanShell|JavaScript)|macro:[^"]{1,200})/ nocase
        $source = /<(ooo|script):(source-code|module)[ \t\r\n>]/
        $run1 = /\bShell[ \t]{0,2}\(?[ \t]{0,2}(&quot;|"|&apos;)/ nocase
        $run2 = "com.sun.star.system.SystemShellExecute" nocase
        $run3 = /(os\.system|subprocess\.[a-zA-Z_]{2,20}|Runtime\.getRuntime)\(/
    condition:
        Document_Xml and filesize < 20MB and $document in (0..4096) and $listen and $target and $source and
        any of ($run*)
}

rule Office_Script_Path_Exploit
{
    meta:
        threat = "Office.Exploit.ScriptPath"
        kind = "exploit"
        certainty = "known"
        description = "A LibreOffice document that reaches out of its folder to run somebody else's script"
        reference = "CVE-2018-16858, CVE-2019-9848"
        types = "xml,text,html"
    strings:
        $document = /<office:(document|document-content|event-listeners|scripts)\b/
        $climb = /xlink:href="vnd\.sun\.star\.script:(\.\.|%2e%2e)[\/\\%][^"]{0,300}language=Python/ nocase
        $logo = /xlink:href="vnd\.sun\.star\.script:LibreLogo[^"]{0,120}LibreLogo\.py(\$|%24)run[^"]{0,60}language=Python/ nocase
        $event = /script:event-name="(dom|office):[a-zA-Z\-]{3,30}"/
    condition:
        Document_Xml and filesize < 20MB and $document and $event and any of ($climb, $logo)
}

rule Office_DDE_Command
{
    meta:
        threat = "Office.Trojan.DdeCommand"
        kind = "trojan"
        certainty = "known"
        description = "A document with a field that starts a program when the document is opened"
        reference = "MITRE ATT&CK T1559.002"
        types = "xml,text,html,rtf"
    strings:
        $word_xml = /<w:instrText[^>]{0,60}>[^<}]{0,20}DDE(AUTO)?[ \t][^<}]{0,60}(cmd|powershell|mshta|rundll32|regsvr32|wscript|cscript|certutil)/ nocase
        $word_rtf = /\\fldinst[ \t{}a-z0-9\\]{0,40}[^<}]{0,20}DDE(AUTO)?[ \t][^<}]{0,60}(cmd|powershell|mshta|rundll32|regsvr32|wscript|cscript|certutil)/ nocase
        $rtf = "{\\rt"
        $cell = /<f[^>]{0,60}>=?(cmd|powershell|mshta|rundll32|regsvr32|msexcel)(\.exe)?\|[^<]{3,160}!/ nocase
        $link = /office:dde-application="(cmd|powershell|mshta|rundll32|regsvr32|wscript)(\.exe)?"/ nocase
        $formula = /table:formula="[^"]{0,12}DDE[ \t]{0,2}\([ \t]{0,2}(&quot;|')(cmd|powershell|mshta|rundll32|regsvr32|wscript)(\.exe)?(&quot;|')/ nocase
        $csv = /(^|[\r\n,;"])[=+\-@][ \t]{0,3}([A-Za-z0-9(]{1,12}[+\-*])?(cmd|powershell|mshta|rundll32|regsvr32|msexcel|wscript)(\.exe)?[ \t]{0,3}\|[ \t]{0,3}['"]{0,3}[^\r\n!]{3,200}'{0,2}![A-Za-z_0-9$]{1,12}/ nocase
    condition:
        (Document_Xml or object_type == "rtf") and filesize < 20MB and
        (any of ($word_xml, $cell, $link, $formula, $csv) or ($word_rtf and $rtf at 0))
}

rule Office_Equation_Exploit
{
    meta:
        threat = "Office.Exploit.Equation"
        kind = "exploit"
        certainty = "probable"
        description = "A document that forces the old formula editor to load, a way in for attackers"
        reference = "CVE-2017-11882, CVE-2018-0802"
        types = "rtf"
    strings:
        $update = /\\obj(update|autlink)\b/ nocase
        $data = /\\\*?\\?objdata/ nocase
        $name_hex = /45\s?71\s?75\s?61\s?74\s?69\s?6f\s?6e\s?2e\s?33/ nocase
        $class_hex = /02\s?ce\s?02\s?00\s?00\s?00\s?00\s?00\s?c0\s?00\s?00\s?00\s?00\s?00\s?00\s?46/ nocase
        $class_name = /\\objclass[ \t]{1,3}Equation\.3/ nocase
    condition:
        object_type == "rtf" and $data and $update and any of ($name_hex, $class_hex, $class_name)
}

rule Office_Macro_Memory
{
    meta:
        threat = "Office.Trojan.MacroMemory"
        kind = "trojan"
        certainty = "known"
        description = "A macro that puts machine code into memory and runs it as soon as its document is opened"
        reference = "MITRE ATT&CK T1055, T1204.002"
        types = "vbscript,text,script"
    strings:
        $auto = /\b(Sub|Function)[ \t]{1,3}(Auto_?Open|Auto_?Exec|Document_Open|Workbook_Open)[ \t]{0,3}\(/ nocase
        $room = /Declare[ \t][^\n]{0,40}Function[ \t][^\n]{0,60}(VirtualAlloc|VirtualAllocEx|HeapCreate|NtAllocateVirtualMemory)/ nocase
        $copy = /Declare[ \t][^\n]{0,80}(RtlMoveMemory|WriteProcessMemory|NtWriteVirtualMemory|CopyMemory)/ nocase
        $go = /Declare[ \t][^\n]{0,80}(CreateThread|CreateRemoteThread|EnumSystemLocales|EnumWindows|CallWindowProc|QueueUserAPC|CreateTimerQueueTimer)/ nocase
    condition:
        (object_type == "vbscript" or Macro_Source) and filesize < 4MB and all of them
}
