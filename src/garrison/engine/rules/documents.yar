// Documents that act by themselves without a macro: PDF, RTF, Office's parts, notebooks.

rule PDF_Launch
{
    meta:
        threat = "PDF.Trojan.Launch"
        kind = "trojan"
        certainty = "known"
        description = "A PDF that starts a command interpreter"
        reference = "MITRE ATT&CK T1204.002; ISO 32000-1, 12.6.4.5"
        types = "pdf"
    strings:
        $launch = /\/S[ \t\r\n]{0,4}\/Launch\b/
        $what = /(cmd\.exe|powershell|mshta|wscript|rundll32|\/bin\/(ba)?sh|python)[^()<>]{0,120}[)>]/ nocase
    condition:
        filesize < 50MB and object_type == "pdf" and $launch and $what
}

rule PDF_Script_Exploit
{
    meta:
        threat = "PDF.Exploit.Script"
        kind = "exploit"
        certainty = "known"
        description = "A PDF whose script attacks the program that shows it"
        reference = "CVE-2007-5659, CVE-2008-2992, CVE-2009-0927, CVE-2009-4324"
        types = "pdf,javascript,text"
    strings:
        $call1 = /util\.printf[ \t]{0,2}\([ \t]{0,2}["']%[0-9]{4,6}f/
        $call2 = /Collab\.(getIcon|collectEmailInfo)[ \t]{0,2}\(/
        $call3 = /media\.newPlayer[ \t]{0,2}\([ \t]{0,2}null/
        $call4 = /spell\.customDictionaryOpen[ \t]{0,2}\(/
        $spray1 = /unescape[ \t]{0,2}\([ \t]{0,2}["'](%u[0-9a-fA-F]{4}){2}/
        $spray2 = /while[ \t]{0,2}\([^)\n]{1,40}\.length[ \t]{0,2}<[^)\n]{1,30}\)[^\n]{0,40}\+=/
    condition:
        filesize < 20MB and (object_type == "pdf" or object_type == "javascript" or object_type == "text") and
        any of ($call*) and any of ($spray*)
}

rule PDF_Starts_Attachment
{
    meta:
        threat = "PDF.Trojan.StartsAttachment"
        kind = "trojan"
        certainty = "known"
        description = "A PDF that stores and opens a file hidden inside as soon as it is opened"
        reference = "MITRE ATT&CK T1204.002; Acrobat JavaScript, exportDataObject"
        types = "pdf,javascript,text"
    strings:
        $export = /exportDataObject[ \t]{0,2}\([ \t]{0,2}\{[^}]{0,160}nLaunch[ \t]{0,2}:[ \t]{0,2}[12]/
    condition:
        filesize < 100MB and (object_type == "pdf" or object_type == "javascript" or object_type == "text") and
        $export
}

rule RTF_Remote_Template
{
    meta:
        threat = "Office.Exploit.RemoteTemplate"
        kind = "exploit"
        certainty = "probable"
        description = "A document that fetches its template, with whatever macros, from the network"
        reference = "MITRE ATT&CK T1221"
        types = "rtf,xml,text,html"
    strings:
        $start = "{\\rt"
        $rtf = /\{\\\*\\template[ \t\r\n]{1,4}(https?:|\\\\\\\\[0-9])/ nocase
        $word = /relationships\/attachedTemplate"[^>]{0,200}Target="(https?:\/\/|file:\/\/\/?\\\\|\\\\)[^"]{4,300}"/
        $word_turned = /Target="(https?:\/\/|file:\/\/\/?\\\\|\\\\)[^"]{4,300}"[^>]{0,200}relationships\/attachedTemplate"/
    condition:
        filesize < 20MB and (object_type == "rtf" or object_type == "xml" or object_type == "text" or
        object_type == "html") and (($start at 0 and $rtf) or any of ($word, $word_turned))
}

rule Office_Moniker
{
    meta:
        threat = "Office.Exploit.Moniker"
        kind = "exploit"
        certainty = "known"
        description = "A document that makes Windows fetch and run a page from the network"
        reference = "CVE-2017-0199, CVE-2021-40444, CVE-2022-30190"
        types = "xml,text,html"
    strings:
        $mhtml = /Target="mhtml:https?:[^"]{4,200}!x-usc:https?:/ nocase
        $tool = /(location\.href|window\.location|src|href)[ \t]{0,2}=[ \t]{0,2}["']ms-msdt:[^"'\n]{0,300}(IT_BrowseForFile|IT_RebrowseForFile)/ nocase
        $script = /relationships\/oleObject"[^>]{0,100}Target="(script:https?:|https?:\/\/[^"]{4,200}\.(hta|sct|html!))/ nocase
    condition:
        filesize < 4MB and (object_type == "xml" or object_type == "text" or object_type == "html") and any of
        them
}

rule OneNote_Script
{
    meta:
        threat = "OneNote.Trojan.Script"
        kind = "trojan"
        certainty = "known"
        description = "A notebook with a hidden script that starts when its picture is clicked"
        reference = "MITRE ATT&CK T1204.002"
        types = "onenote"
    strings:
        $file = /(WScript\.Shell|<job[ >]|<hta:application|@echo off|ActiveXObject|On Error Resume Next)/ nocase
        $run = /(powershell|mshta|rundll32|curl[ \t]|bitsadmin|certutil|cmd(\.exe)?[ \t]{1,2}\/c|\.Run[ \t(])/ nocase
        $get = /(https?:\/\/[a-z0-9]|FromBase64String|%temp%|%appdata%|programdata|Invoke-)/ nocase
    condition:
        filesize < 50MB and object_type == "onenote" and all of them
}

rule Office_Sheet_Macro
{
    meta:
        threat = "Office.Trojan.SheetMacro"
        kind = "trojan"
        certainty = "known"
        description = "Formulas of a spreadsheet that call Windows itself to fetch and start a program"
        reference = "MITRE ATT&CK T1059.005, T1204.002; Excel 4.0 macro functions"
        types = "text,xml,script,vbscript,data"
    strings:
        $call1 = /(CALL|REGISTER)[ \t]{0,2}\([ \t]{0,2}(&quot;|")(urlmon|kernel32|shell32|ntdll)/ nocase
        $call2 = /\bEXEC[ \t]{0,2}\([ \t]{0,2}(&quot;|")[^\n]{0,60}(cmd|powershell|mshta|rundll32|regsvr32|wmic|certutil)/ nocase
        $flow1 = /\bHALT[ \t]{0,2}\([ \t]{0,2}\)/ nocase
        $flow2 = /(Auto_?Open|auto_activate)/ nocase
        $flow3 = /\b(FORMULA|RUN|GOTO|SET\.VALUE|FOPEN|WORKBOOK\.HIDE)[ \t]{0,2}\([^\n]{1,60}\)/ nocase
    condition:
        filesize < 4MB and (object_type == "text" or object_type == "xml" or object_type == "script" or
        object_type == "vbscript" or object_type == "data") and any of ($call*) and 2 of ($flow*)
}
