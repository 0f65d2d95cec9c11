// Tools of attackers: exploits for Linux, agents of attack frameworks, tunnels.

rule Linux_Exploit_DirtyPipe
{
    meta:
        threat = "Linux.Exploit.DirtyPipe"
        kind = "exploit"
        certainty = "known"
        description = "The source of an attack on the Linux kernel that makes any user an administrator (Dirty Pipe)"
        reference = "CVE-2022-0847"
        types = "text"
    strings:
        $pipe = /F_(GET|SET)PIPE_SZ/
        $splice = /\bsplice[ \t]{0,2}\([ \t]{0,2}[A-Za-z_]{1,16}[ \t]{0,2},[ \t]{0,2}&/
        $target = /(\/etc\/passwd|\/usr\/bin\/(su|sudo|passwd)|\/etc\/shadow)/
        $fill = /\bwrite[ \t]{0,2}\([ \t]{0,2}[a-z]{1,8}\[[ \t]{0,2}1[ \t]{0,2}\]/
    condition:
        filesize < 64KB and object_type == "text" and all of them
}

rule Linux_Exploit_PwnKit
{
    meta:
        threat = "Linux.Exploit.PwnKit"
        kind = "exploit"
        certainty = "known"
        description = "An attack on pkexec that makes any user an administrator (PwnKit)"
        reference = "CVE-2021-4034"
        types = "text,python,script,shell,elf"
    strings:
        $path = "GCONV_PATH=."
        $module = /module[ \t]{1,3}UTF-8\/\/|gconv-modules/
        $charset = /CHARSET=[A-Za-z]{3,16}/
        $target = "pkexec"
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "python" or object_type == "script" or
        object_type == "shell" or object_type == "elf") and all of them
}

rule Linux_Exploit_DirtyCow
{
    meta:
        threat = "Linux.Exploit.DirtyCow"
        kind = "exploit"
        certainty = "known"
        description = "The source of an attack on the Linux kernel that makes any user an administrator (Dirty COW)"
        reference = "CVE-2016-5195"
        types = "text"
    strings:
        $advise = /madvise[ \t]{0,2}\([^\n;]{3,60}MADV_DONTNEED/
        $memory = /(\/proc\/self\/mem|PTRACE_POKE(DATA|TEXT))/
        $thread = /(pthread_create|clone|fork)[ \t]{0,2}\(/
        $target = /(MAP_PRIVATE|\/etc\/passwd|\/usr\/bin\/passwd)/
        $again = /for[ \t]{0,2}\([^\n;]{0,40};[^\n;]{0,40}1?0{4,9}[^\n;]{0,12};/
    condition:
        filesize < 64KB and object_type == "text" and all of them
}

rule Linux_Agent_Sliver
{
    meta:
        threat = "Linux.Backdoor.Sliver"
        kind = "backdoor"
        certainty = "known"
        description = "An agent of the Sliver attack framework"
        reference = "MITRE ATT&CK S0633; published names of its Go packages"
        types = "elf,pe"
    strings:
        $name1 = "github.com/bishopfox/sliver"
        $name2 = "sliverpb"
        $name3 = "bishopfox/sliver/implant"
        $word1 = "BeaconRegister"
        $word2 = "PivotPeerEnvelope"
        $word3 = "SocksData"
        $word4 = "RportFwdStartListenerReq"
        $word5 = "InvokeInProcExecuteAssemblyReq"
    condition:
        filesize < 60MB and (object_type == "elf" or object_type == "pe") and any of ($name*) and 2 of ($word*)
}

rule Linux_Agent_Mettle
{
    meta:
        threat = "Linux.Backdoor.Meterpreter"
        kind = "backdoor"
        certainty = "known"
        description = "An agent of the Metasploit attack framework"
        reference = "MITRE ATT&CK S0002; published mettle source: its texts"
        types = "elf"
    strings:
        $own1 = "mettlesploit"
        $own2 = "process_new: got %zd byte executable to run in memory"
        $own3 = "mettle_get_c2"
        $own4 = "tlv_packet"
        $call1 = "core_channel_open"
        $call2 = "stdapi_fs_"
        $call3 = "stdapi_sys_"
        $call4 = "core_machine_id"
        $call5 = "stdapi_net_"
    condition:
        filesize < 20MB and object_type == "elf" and any of ($own*) and 3 of ($call*)
}

rule Linux_Bot_Mozi
{
    meta:
        threat = "Linux.Backdoor.Mozi"
        kind = "backdoor"
        certainty = "known"
        description = "A bot of the Mozi family, which spreads through routers and takes orders from its peers"
        reference = "MITRE ATT&CK T1498; published Mozi analyses: its settings and peers"
        types = "elf"
    strings:
        $peer1 = "dht.transmissionbt.com:6881"
        $peer2 = "router.bittorrent.com:6881"
        $peer3 = "bttracker.debian.org:6881"
        $set1 = "[ss]"
        $set2 = "[cpu]"
        $set3 = "[idp]"
        $set4 = "[dip]"
        $set5 = "[atk]"
        $way1 = "Mozi.m"
        $way2 = "/usr/networks"
        $way3 = "GponForm/diag_Form"
        $way4 = "busybox iptables -I INPUT"
    condition:
        filesize < 2MB and object_type == "elf" and any of ($peer*) and 3 of ($set*) and any of ($way*)
}

rule Linux_Bot_Kinsing
{
    meta:
        threat = "Linux.Trojan.Kinsing"
        kind = "trojan"
        certainty = "known"
        description = "A program of the Kinsing family, which brings miners to servers and spreads from there"
        reference = "MITRE ATT&CK S0599; published Kinsing analyses: names of its functions"
        types = "elf"
    strings:
        $own1 = "main.redisBrute"
        $own2 = "main.masscan"
        $own3 = "main.backconnect"
        $own4 = "main.getMinerPid"
        $own5 = "main.isMinerRunning"
        $own6 = "kdevtmpfsi"
        $own7 = "main.startCmd"
        $own8 = "main.healthChecker"
        $own9 = "main.minerRunningCheck"
    condition:
        filesize < 40MB and object_type == "elf" and 4 of them
}

rule Linux_Tunnel_Reverse
{
    meta:
        threat = "Linux.Riskware.ReverseTunnel"
        kind = "riskware"
        certainty = "probable"
        description = "A script that keeps a way into this network open through an outside machine"
        reference = "MITRE ATT&CK T1572, T1090"
        types = "text,shell,script"
    strings:
        $ssh = /ssh[ \t][^\n]{0,160}-[a-zA-Z]{0,5}R[ \t]{0,2}[0-9*:.a-z\[\]]{2,40}:[0-9]{2,5}/
        $free = /StrictHostKeyChecking[= ]{0,2}no/
        $key = /-i[ \t]{1,2}["']?(\/tmp|\/var\/tmp|\/dev\/shm|\/[a-z\/]{2,30}\/\.[A-Za-z0-9_\-]{2,20})/
        $tool = /(chisel|frpc|ligolo|gs-netcat|ngrok|revsocks|iox)[ \t][^\n]{0,60}(client|-c[ \t]|-connect|R:|tcp[ \t]|-s[ \t])[^\n]{1,100}/
        $stay = /(while[ \t]{1,2}(true|:|\[ ?1)|crontab|@reboot|Restart=always|autossh)/
        $hide = /(>[ \t]?\/dev\/null|nohup|setsid|disown|\/(tmp|dev\/shm|var\/tmp)\/)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        (($ssh and $free and $key) or ($tool and $hide)) and $stay
}

rule Linux_Miner_Container
{
    meta:
        threat = "Linux.Miner.Container"
        kind = "miner"
        certainty = "known"
        description = "A recipe for a container that mines coins"
        reference = "MITRE ATT&CK T1496, T1610"
        types = "text,script,shell"
    strings:
        $from = /(^|[\r\n])(FROM[ \t]{1,2}[a-z0-9.\/:\-]{2,60}|[ \t]{0,8}image[ \t]{0,2}:[ \t]{0,2}["']?[a-z0-9.\/:\-]{2,60}|[ \t]{0,8}docker[ \t]{1,2}run[ \t])/
        $pool = /(stratum\+(tcp|ssl|tls):\/\/|(pool|xmr|gulf|mine)[a-z0-9.\-]{0,30}\.(minexmr|supportxmr|hashvault|nanopool|moneroocean|2miners|herominers)\.[a-z]{2,6}|(^|[ \t"'])(gulf\.)?moneroocean\.stream)/
        $wallet = /(-u|--user|--wallet|user)["',= \t]{1,6}[48][0-9AB][1-9A-HJ-NP-Za-km-z]{60}/
        $start = /(CMD|ENTRYPOINT|command|args|docker[ \t]{1,2}run)\b/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "script" or object_type == "shell") and all
        of them
}
