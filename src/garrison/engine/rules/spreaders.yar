// Spreaders: how malware goes from one machine to the next.

rule Linux_Spreader_Ssh
{
    meta:
        threat = "Linux.Trojan.SshSpreader"
        kind = "trojan"
        certainty = "known"
        description = "A script that tries this machine's keys and passwords on all machines it knows"
        reference = "MITRE ATT&CK T1021.004, T1570"
        types = "text,shell,script"
    strings:
        $hosts = /(known_hosts|\.bash_history|\/etc\/hosts|arp[ \t]{1,2}-a|masscan|zmap|pnscan)/
        $loop = /for[ \t]{1,3}[a-z_]{1,12}[ \t]{1,3}in[ \t][^\n]{1,120}/
        $try = /(ssh|sshpass[ \t][^\n]{0,30}ssh)[ \t][^\n]{0,60}StrictHostKeyChecking[= ]{0,2}no[^\n]{0,80}/
        $batch = /(BatchMode[= ]{0,2}yes|ConnectTimeout[= ]{0,2}[0-9]|UserKnownHostsFile[= ]{0,2}\/dev\/null)/
        $pull = /(curl|wget)[ \t][^\n|]{4,160}\|[ \t]{0,3}(ba)?sh/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        all of them
}

rule Linux_Spreader_Redis
{
    meta:
        threat = "Linux.Trojan.RedisSpreader"
        kind = "trojan"
        certainty = "known"
        description = "A script that abuses open Redis servers to plant timetable entries or keys"
        reference = "MITRE ATT&CK T1190, T1053.003"
        types = "text,shell,script,python"
    strings:
        $set = /config[ \t]{1,3}set[ \t]{1,3}["']?dir["']?[ \t]{1,3}["']?(\/var\/spool\/cron|\/etc\/cron\.d|\/root\/\.ssh|\/home\/[a-z]{1,16}\/\.ssh)/ nocase
        $file = /config[ \t]{1,3}set[ \t]{1,3}["']?dbfilename["']?[ \t]{1,3}["']?[a-z_]{2,20}/ nocase
        $who = /(redis-cli|:6379|[ \t]6379\b|redis\.(Redis|StrictRedis)\()/
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python") and all of them
}

rule Linux_Spreader_Docker
{
    meta:
        threat = "Linux.Trojan.DockerSpreader"
        kind = "trojan"
        certainty = "known"
        description = "A script that abuses open Docker servers to break out onto their host"
        reference = "MITRE ATT&CK T1610, T1611"
        types = "text,shell,script,python"
    strings:
        $port = /(:237[56]\b|tcp:\/\/[^\n ]{4,40}:237[56])/
        $mount = /(-v[ \t]{1,2}\/:\/[a-z]{1,12}\b|"Binds"[ \t]{0,2}:[ \t]{0,2}\[[ \t]{0,2}\\?"\/:\/|--privileged|chroot[ \t]{1,2}\/(mnt|host))/
        $go = /(containers\/create|docker[ \t][^\n]{0,60}run[ \t])/
        $pull = /((curl|wget)[ \t][^\n|]{4,160}\|[ \t]{0,3}(ba)?sh|\/etc\/cron|authorized_keys|masscan|zgrab)/
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python") and all of them
}

rule Linux_Spreader_Brute
{
    meta:
        threat = "Linux.Trojan.BruteForcer"
        kind = "trojan"
        certainty = "known"
        description = "A script that scans the network for logins and tries lists of passwords on what it finds"
        reference = "MITRE ATT&CK T1110.001, T1046"
        types = "text,shell,script"
    strings:
        $scan = /(masscan|zmap|pnscan|pscan2?|ipscan)[ \t][^\n]{0,60}(-p[ \t]?22|-p22|[ \t]22\b|:22\b)/
        $try = /(hydra|medusa|ncrack|\.\/(ssh|brute|go|haiduc|sshd)[a-z0-9_]{0,10}|sshpass)[ \t][^\n]{0,120}(pass|passfile|wordlist|pwd|userpass|vuln|-P|-p)/
        $list = /(vuln\.txt|bios\.txt|mfu\.txt|found\.(txt|log)|nohup|screen[ \t]-dm|>[ \t]?\/dev\/null[^\n]{0,8}&)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and all
        of them
}
