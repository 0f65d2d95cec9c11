// Footholds: how malware sees to it that it is started again.

rule Linux_Dropper_Udev
{
    meta:
        threat = "Linux.Trojan.UdevDropper"
        kind = "trojan"
        certainty = "known"
        description = "A device rule that runs something hidden whenever a device appears"
        reference = "MITRE ATT&CK T1546.017; udev(7)"
        types = "text,shell,script"
    strings:
        $rule = /(ACTION|SUBSYSTEM|KERNEL|ENV\{[A-Za-z_]{2,20}\})[ \t]{0,2}==[ \t]{0,2}"/
        $run = /RUN\+?=[ \t]{0,2}"[^"\n]{0,60}(\/bin\/(ba)?sh[ \t]{1,3}-c[^"\n]{0,120}(curl|wget|\/dev\/tcp|base64|nc[ \t])|(\/usr)?\/bin\/at[ \t][^"\n]{0,60}now|\/(tmp|var\/tmp|dev\/shm)\/|\/[a-z\/]{2,30}\/\.[A-Za-z0-9_\-]{1,20}[ \/"])/
    condition:
        filesize < 16KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $rule and $run
}

rule Linux_Dropper_Systemd
{
    meta:
        threat = "Linux.Trojan.SystemdDropper"
        kind = "trojan"
        certainty = "known"
        description = "A script that makes a service of a program in a temporary or hidden folder"
        reference = "MITRE ATT&CK T1543.002, T1105"
        types = "text,shell,script"
    strings:
        $unit = /\/etc\/systemd\/system\/[A-Za-z0-9_.\-@]{1,40}\.service|\/\.config\/systemd\/user\/[A-Za-z0-9_.\-@]{1,40}\.service/
        $start = /ExecStart=[ \t]{0,2}["']?(\/(tmp|var\/tmp|dev\/shm)\/|\/[a-z\/]{2,30}\/\.[A-Za-z0-9_\-]{1,30}|\/bin\/(ba)?sh[ \t]{1,3}-c[^\n]{0,60}(curl|wget|base64|\/dev\/tcp))/
        $enable = /systemctl[ \t]{1,3}(--user[ \t]{1,3}|--now[ \t]{1,3})?(enable|start|restart)\b/
        $fetch = /(curl|wget)[ \t][^\n]{0,80}https?:\/\/|base64[ \t]{1,3}(-d|--decode)|chattr[ \t]{1,3}\+[ai]/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $unit and $start and $enable and $fetch
}

rule Linux_Dropper_Profile
{
    meta:
        threat = "Linux.Trojan.ProfileDropper"
        kind = "trojan"
        certainty = "known"
        description = "A script that writes a hidden start into the files every login reads"
        reference = "MITRE ATT&CK T1546.004"
        types = "text,shell,script"
    strings:
        $plant = /(echo|printf)[ \t][^\n]{0,200}(curl[ \t]|wget[ \t]|\/dev\/tcp\/|base64[ \t]{1,2}(-d|--decode)|nohup[ \t]|\/(tmp|dev\/shm|var\/tmp)\/|\/\.[a-z0-9]{1,20}\/)[^\n]{0,200}>>[ \t]{0,2}["']?[^\n]{0,30}(\.bashrc|\.bash_profile|\.profile|\.zshrc|\/etc\/profile(\.d\/[a-z0-9._\-]{1,30})?|\/etc\/bash\.bashrc|\/etc\/rc\.local)/
        $quiet = /(>[ \t]?\/dev\/null[ \t]{1,3}2>&1|&>[ \t]?\/dev\/null|2>[ \t]?\/dev\/null)[^\n]{0,12}(&|\))?/
        $more1 = /chmod[ \t]{1,3}(\+x|7[0-7]{2}|[ua]\+x)[ \t]/
        $more2 = /touch[ \t]{1,3}-[a-z]{0,2}r[ \t]|chattr[ \t]{1,3}\+[ai]|history[ \t]-c\b/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $plant and $quiet and any of ($more*)
}

rule Linux_Dropper_Apt_Hook
{
    meta:
        threat = "Linux.Trojan.AptHook"
        kind = "trojan"
        certainty = "known"
        description = "A setting that makes every update of the system run something hidden"
        reference = "MITRE ATT&CK T1546.016; apt.conf(5)"
        types = "text,shell,script"
    strings:
        $hook = /(APT::Update::(Pre|Post)-Invoke(-Success)?|DPkg::(Pre|Post)-Invoke)[ \t]{0,3}\{[ \t]{0,3}"[^"\n]{0,160}(curl[ \t][^"\n]{4,120}\|[ \t]{0,3}(ba)?sh|wget[ \t][^"\n]{4,120}\|[ \t]{0,3}(ba)?sh|\/dev\/tcp\/|base64[ \t]{1,2}(-d|--decode)|nohup[ \t]|\/(tmp|dev\/shm|var\/tmp)\/)/
    condition:
        filesize < 16KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $hook
}

rule Linux_Dropper_Motd
{
    meta:
        threat = "Linux.Trojan.MotdDropper"
        kind = "trojan"
        certainty = "known"
        description = "A script that hides a command among the greetings that run at every login"
        reference = "MITRE ATT&CK T1037; update-motd(5)"
        types = "text,shell,script"
    strings:
        $place = /(>>?|tee[ \t](-a[ \t])?|cp[ \t][^\n]{1,60}[ \t]|-O[ \t]?)[ \t]{0,2}["']?\/etc\/update-motd\.d\/[0-9]{1,2}-[A-Za-z0-9\-]{1,30}/
        $bad = /(\/dev\/tcp\/|(curl|wget)[ \t][^\n]{4,120}\|[ \t]{0,3}(ba)?sh|base64[ \t]{1,2}(-d|--decode)|nc[ \t]{1,2}-e|authorized_keys|chmod[ \t]{1,3}[u+]{0,2}s)/
        $quiet = /(>[ \t]?\/dev\/null|2>&1|&[ \t]{0,2}["']|disown|setsid|nohup)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $place and $bad and $quiet
}

rule Linux_Dropper_Autostart
{
    meta:
        threat = "Linux.Trojan.AutostartDropper"
        kind = "trojan"
        certainty = "known"
        description = "A script that fetches a program and puts it among those that start with the desktop"
        reference = "MITRE ATT&CK T1547.013"
        types = "text,shell,script,python"
    strings:
        $place = /\.config\/autostart\/[A-Za-z0-9_.\-]{1,40}\.desktop/
        $entry = "[Desktop Entry]"
        $exec = /Exec=[ \t]{0,2}["']?[^\n]{0,30}(\/tmp\/|\/dev\/shm\/|\/var\/tmp\/|\/\.(cache|local|config)?[a-z\/]{0,20}\/\.[A-Za-z0-9]{1,20}|\/\.[A-Za-z0-9_\-]{1,20}\/[a-z0-9_.\-]{1,20}|-c[ \t][^\n]{0,40}(curl|wget|base64))/
        $fetch = /((curl|wget)[ \t][^\n]{0,100}https?:\/\/|urlretrieve\(|urlopen\(|requests\.get\(|base64[ \t]{1,2}(-d|--decode))/
        $mark = /chmod[ \t]{1,3}(\+x|7[0-7]{2}|[ua]\+x)[ \t]|os\.chmod\(/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python") and $place and $entry and $exec and $fetch and $mark
}

rule Python_Dropper_Path_File
{
    meta:
        threat = "Python.Trojan.PathFile"
        kind = "trojan"
        certainty = "known"
        description = "A settings file of Python that runs a hidden program at every start of Python"
        reference = "MITRE ATT&CK T1546.018; Python site module, .pth files"
        types = "text,python,script"
    strings:
        $line = /^import[ \t]{1,3}[a-z0-9_, ]{2,40};[^\n]{0,120}(exec|eval)[ \t]{0,2}\([ \t]{0,2}[^\n]{0,60}(b64decode|urlopen|decompress|unhexlify|requests\.get|fromhex)\(/
    condition:
        filesize < 32KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        $line at 0
}
