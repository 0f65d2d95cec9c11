// Scripts for Windows that lie on file servers and come with mail: PowerShell, VBScript, JScript, HTML.

private rule Script_For_Windows
{
    condition:
        filesize < 4MB and (object_type == "text" or object_type == "script" or object_type == "javascript" or
        object_type == "vbscript" or object_type == "powershell" or object_type == "batch" or object_type == "html" or
        object_type == "svg" or object_type == "xml")
}

rule Windows_Dropper_PowerShell_Cradle
{
    meta:
        threat = "Windows.Trojan.PowerShellCradle"
        kind = "trojan"
        certainty = "known"
        description = "A command that makes PowerShell fetch a script from the network and run it out of sight"
        reference = "MITRE ATT&CK T1059.001, T1105, T1564.003"
        types = "text,script,javascript,vbscript,powershell,batch,html,svg,xml"
    strings:
        $run1 = /\b(iex|Invoke-Expression)[ \t]{0,3}[\(&$"']?[^\n]{0,60}(Net\.WebClient|Invoke-WebRequest|Invoke-RestMethod|\b(iwr|irm|curl|wget)[ \t])[^\n]{0,60}(\.Download(String|Data)[ \t]{0,2}\(|https?:\/\/[a-z0-9]|[ \t]\$[a-z])/ nocase
        $run2 = /(Net\.WebClient[^\n]{0,20}\.[ \t]{0,2}DownloadString|\b(iwr|irm|Invoke-WebRequest|Invoke-RestMethod)[ \t])[^\n]{0,160}\|[ \t]{0,3}(iex|Invoke-Expression)\b/ nocase
        $run3 = /Net\.WebClient[^\n]{0,20}\.[ \t]{0,2}DownloadFile[ \t]{0,2}\([^\n]{4,240}(Start-Process|saps|Invoke-Item|\bii\b|;[ \t]{0,3}[&.][ \t])/ nocase
        $run4 = /\b(iwr|Invoke-WebRequest|curl|wget|Start-BitsTransfer)[ \t][^\n]{0,160}-(o|out|outfile|destination)[ \t]{1,3}[^\n]{1,160}(;|&|\|)[ \t]{0,3}(Start-Process|saps|start|Invoke-Item|ii|&|\.)[ \t]{0,3}[^\n]{1,80}\.(exe|scr|bat|cmd|vbs|js|dll|msi)\b/ nocase
        $hide1 = /-w(in|indow|indowstyle)?[ \t]{1,3}(hid[a-z]{0,3}|h|1)\b/ nocase
        $past1 = /-(ep|ex|exec|executionpolicy)[ \t]{1,3}(bypass|unrestricted)\b/ nocase
        $past2 = /powershell(\.exe)?["']?[ \t][^\n]{0,60}-nop(rofile)?[ \t]/ nocase
        $hide2 = /(\[Ref\]\.Assembly\.GetType|amsiInitFailed|AmsiScanBuffer)/ nocase
        $hide3 = /(CreateObject|ActiveXObject)[ \t]{0,2}\([ \t]{0,2}["']WScript\.Shell/ nocase
        $bare = /(Download(String|Data|File)[ \t]{0,2}\(|\b(iwr|irm|Invoke-WebRequest|Invoke-RestMethod|curl|wget)[ \t])[^\n]{0,40}https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/ nocase
    condition:
        // Honest installers start PowerShell without a profile and past its policy, but in sight, and from a named place.
        Script_For_Windows and filesize < 1MB and any of ($run*) and 2 of ($hide*, $past*) and
        (any of ($hide*) or $bare)
}

rule Windows_Dropper_PowerShell_Encoded
{
    meta:
        threat = "Windows.Trojan.PowerShellEncoded"
        kind = "trojan"
        certainty = "probable"
        description = "A command that gives PowerShell a scrambled program and keeps its window hidden"
        reference = "MITRE ATT&CK T1059.001, T1027.010"
        types = "text,script,javascript,vbscript,powershell,batch,html,svg,xml"
    strings:
        $encoded = /powershell(\.exe)?["']?[ \t][^\n]{0,120}-e(n|nc|nco|ncod|ncoded|ncodedcommand|c)?[ \t]{1,3}["']?[A-Za-z0-9+\/]{100}/ nocase
        $decoded = /\b(iex|Invoke-Expression)[ \t]{0,3}[\($][^\n]{0,120}FromBase64String[ \t]{0,2}\([ \t]{0,2}["'][A-Za-z0-9+\/]{100}/ nocase
        $hide1 = /-w(in|indow|indowstyle)?[ \t]{1,3}(hid[a-z]{0,3}|h|1)\b/ nocase
        $hide2 = /-(ep|ex|exec|executionpolicy)[ \t]{1,3}(bypass|unrestricted)\b/ nocase
        $hide3 = /[ \t]-nop(rofile)?\b/ nocase
        $hide4 = /[ \t]-(noni|noninteractive|sta)\b/ nocase
    condition:
        Script_For_Windows and filesize < 1MB and any of ($encoded, $decoded) and 2 of ($hide*)
}

rule Windows_Dropper_JScript
{
    meta:
        threat = "Windows.Trojan.JScriptDropper"
        kind = "trojan"
        certainty = "known"
        description = "A JScript file of the kind sent with mail: it fetches a program, stores it and starts it"
        reference = "MITRE ATT&CK T1059.007, T1105, T1566.001"
        types = "text,script,javascript,vbscript,powershell,batch,html,svg,xml"
    strings:
        $object = /(new[ \t]{1,3}ActiveXObject|WScript\.CreateObject)[ \t]{0,2}\(/
        $get1 = /(MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|Microsoft\.XMLHTTP)/ nocase
        $get2 = /\b(certutil[^\n]{0,30}-urlcache|bitsadmin[^\n]{0,30}\/transfer|DownloadFile|DownloadString|curl[ \t][^\n]{0,40}https?:\/\/)/ nocase
        $store1 = /ADODB\.Stream/ nocase
        $store2 = /\.SaveToFile[ \t]{0,2}\(/ nocase
        $store3 = /%(temp|appdata|public|localappdata)%|GetSpecialFolder[ \t]{0,2}\([ \t]{0,2}2/ nocase
        $run = /\.(Run|Exec|ShellExecute)[ \t]{0,2}\([ \t]{0,2}["'A-Za-z_$]/
        $shell = /(WScript\.Shell|Shell\.Application)/ nocase
    condition:
        Script_For_Windows and filesize < 1MB and $object and $shell and any of ($get*) and any of ($store*) and $run
}

rule Windows_Dropper_VBScript
{
    meta:
        threat = "Windows.Trojan.VBScriptDropper"
        kind = "trojan"
        certainty = "known"
        description = "A VBScript file of the kind sent with mail: it fetches a program, stores it and starts it"
        reference = "MITRE ATT&CK T1059.005, T1105, T1566.001"
        types = "text,script,javascript,vbscript,powershell,batch,html,svg,xml"
    strings:
        $shell = /\bSet[ \t]{1,3}[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}=[ \t]{0,3}(WScript\.)?CreateObject[ \t]{0,2}\([ \t]{0,2}"(WScript\.Shell|Shell\.Application)"/ nocase
        $get1 = /CreateObject[ \t]{0,2}\([ \t]{0,2}"(MSXML2\.(Server)?XMLHTTP|WinHttp\.WinHttpRequest|Microsoft\.XMLHTTP)/ nocase
        $get2 = /\b(certutil[^\n]{0,30}-urlcache|bitsadmin[^\n]{0,30}\/transfer|DownloadFile|curl[ \t][^\n]{0,40}https?:\/\/)/ nocase
        $store1 = /CreateObject[ \t]{0,2}\([ \t]{0,2}"ADODB\.Stream"/ nocase
        $store2 = /\.SaveToFile[ \t(]/ nocase
        $store3 = /ExpandEnvironmentStrings[ \t]{0,2}\([ \t]{0,2}"%(temp|appdata|public)%/ nocase
        $run = /\.(Run|Exec|ShellExecute)[ \t(]{1,3}["A-Za-z_]/ nocase
        $macro = /Attribute VB_Name|\bSub[ \t]{1,3}(Auto_?Open|Document_Open|Workbook_Open)/ nocase
    condition:
        Script_For_Windows and filesize < 1MB and $shell and any of ($get*) and any of ($store*) and $run and
        not $macro
}

rule HTML_Dropper_Smuggling
{
    meta:
        threat = "HTML.Trojan.Smuggling"
        kind = "trojan"
        certainty = "probable"
        description = "A web page that carries a hidden program and drops it into the download folder by itself"
        reference = "MITRE ATT&CK T1027.006"
        types = "text,script,javascript,vbscript,powershell,batch,html,svg,xml"
    strings:
        $decode = /\b(atob|fromCharCode|Uint8Array)[ \t]{0,2}[.(]/
        $blob = /new[ \t]{1,3}(Blob|File)[ \t]{0,2}\([ \t]{0,2}\[/
        $link = /(createObjectURL|msSaveOrOpenBlob|msSaveBlob)[ \t]{0,2}\(/
        $name = /(\.download[ \t]{0,2}=[ \t]{0,2}|setAttribute\([ \t]{0,2}["']download["'][ \t]{0,2},[ \t]{0,2}|msSave(OrOpen)?Blob\([^\n,]{1,40},[ \t]{0,2}|(file)?name[ \t]{0,2}=[ \t]{0,2})["'][^"'\n]{1,80}\.(zip|iso|img|exe|js|jse|vbs|vbe|lnk|hta|msi|scr|one|rar|7z|vhd|deb|desktop|run|appimage)["']/ nocase
        $click = /\.click[ \t]{0,2}\([ \t]{0,2}\)|dispatchEvent\(|msSaveOrOpenBlob/
        $payload = /["'`](UEsDB|TVqQ|TVpQ|TVoA|UmFyI|N3q8r|f0VMR|AAAAAAAAAAAAAAAA)[A-Za-z0-9+\/]{200}/
    condition:
        Script_For_Windows and all of them
}
