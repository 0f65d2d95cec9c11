// Crypto miners: their settings, command lines, start scripts and programs.

private rule Text_For_Miners
{
    condition:
        object_type == "text" or object_type == "shell" or object_type == "script" or object_type == "python" or
        object_type == "perl" or object_type == "javascript" or object_type == "php"
}

private rule Shell_For_Miners
{
    condition:
        filesize < 512KB and (object_type == "text" or object_type == "shell" or object_type == "script")
}

rule Linux_Miner_XMRig_Config
{
    meta:
        threat = "Linux.Miner.XMRigConfig"
        kind = "miner"
        certainty = "known"
        description = "Settings of the XMRig coin miner with a pool and a real wallet filled in"
        reference = "MITRE ATT&CK T1496; XMRig configuration file format"
        types = "text,shell,script,python,perl,javascript,php"
    strings:
        $wallet = /"user"\s{0,4}:\s{0,4}"([48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}|[A-Za-z0-9]{30,64}[.+"])/
        $pool = /"url"\s{0,4}:\s{0,4}"[a-z0-9+:\/.\-]{6,120}:\d{2,5}"/
        $list = /"pools"\s{0,4}:\s{0,4}\[/
        $own_donate = /"donate-level"\s{0,4}:\s{0,4}\d/
        $own_memory = /"randomx"\s{0,4}:\s{0,4}\{/
        $own_huge = /"huge-pages(-jit)?"\s{0,4}:\s{0,4}(true|false)/
        $own_rig = /"rig-id"\s{0,4}:/
        $own_fee = /"nicehash"\s{0,4}:\s{0,4}(true|false)/
        $own_threads = /"(max-threads-hint|cn-lite\/0|rx\/wow|cn-heavy|argon2-impl)"\s{0,4}:/
    condition:
        Text_For_Miners and filesize < 128KB and
        for any i in (0..15) : (uint8(i) == 0x7B) and
        $list and $wallet and $pool and 2 of ($own_*)
}

rule Linux_Miner_Command_Line
{
    meta:
        threat = "Linux.Miner.CommandLine"
        kind = "miner"
        certainty = "known"
        description = "A script that starts a coin miner out of sight, with the pool and wallet on its command line"
        reference = "MITRE ATT&CK T1496, T1564; Stratum mining protocol command-line conventions"
        types = "text,shell,script"
    strings:
        $pool_user = /stratum[12]?\+(tcp|tcps|ssl|tls|udp):\/\/[A-Za-z0-9.\-]{4,80}:\d{2,5}["']?[ \t\\\r\n]{1,8}[^\n]{0,160}(-u|-O|--user|--userpass|--wallet)[ =]["']?[A-Za-z0-9]{26,110}/
        $user_pool = /[ \t](-u|--user|--wallet)[ =]["']?[A-Za-z0-9]{26,110}["' .\\][^\n]{0,160}stratum[12]?\+(tcp|tcps|ssl|tls|udp):\/\/[A-Za-z0-9.\-]{4,80}:\d{2,5}/
        $known_pool = /[A-Za-z0-9.\-]{0,30}\.?(supportxmr\.com|nanopool\.org|minexmr\.com|hashvault\.pro|moneroocean\.stream|c3pool\.(org|com)|2miners\.com|herominers\.com|unmineable\.com|minergate\.com):\d{2,5}["']?[ \t][^\n]{0,160}(-u|-O|--user|--wallet)[ =]["']?[A-Za-z0-9]{26,110}/
        $quiet_nohup = /(nohup|setsid|disown)[ \t][^\n]{0,60}\/?[A-Za-z0-9._\/\-]{2,60}/
        $quiet_null = /[ \t](1|&)?>{1,2}[ \t]?\/dev\/null([ \t]{1,3}2>&1)?[ \t]{0,3}&/
        $quiet_screen = /screen[ \t]{1,4}-[A-Za-z]{0,3}dm/
        $quiet_flag = /[ \t](--background|-B)[ \t\r\n]/
        $quiet_cron = /(\*|@reboot)[ \t][^\n]{0,30}(root[ \t])?[^\n]{0,60}\/(tmp|dev\/shm|var\/tmp|\.[a-z])[^\n]{0,60}/
    condition:
        Shell_For_Miners and any of ($pool_user, $user_pool, $known_pool) and any of ($quiet_*)
}

rule Linux_Miner_Service
{
    meta:
        threat = "Linux.Miner.Service"
        kind = "miner"
        certainty = "known"
        description = "A systemd service that keeps a coin miner running from a hidden or temporary folder"
        reference = "MITRE ATT&CK T1496, T1543.002"
        types = "text,shell,script,python,perl,javascript,php"
    strings:
        $unit = "[Service]"
        $install = "[Install]"
        $start = /ExecStart=[^\n]{0,40}\/(tmp|var\/tmp|dev\/shm|\.[A-Za-z0-9_\-]{1,30}|[a-z\/]{2,40}\/\.[A-Za-z0-9_\-]{1,30})\/[^\n]{1,80}/
        $pool = /ExecStart=[^\n]{1,200}[ \t=](stratum[12]?\+[a-z]{3,4}:\/\/)?[A-Za-z0-9.\-]{4,80}:\d{2,5}[ \t][^\n]{0,80}(-u|--user|--wallet)[ =][A-Za-z0-9]{26,110}/
        $config = /ExecStart=[^\n]{1,120}(--config=|-c )[^\n]{1,80}(--donate-level|--randomx-|--cpu-max-threads-hint|--coin)/
        $again = /Restart=(always|on-failure)/
    condition:
        Text_For_Miners and filesize < 8KB and $unit in (0..1024) and $install and $again and
        $start and any of ($pool, $config)
}

rule Linux_Miner_Dropper
{
    meta:
        threat = "Linux.Miner.Dropper"
        kind = "miner"
        certainty = "known"
        description = "A script that drives out rival coin miners, then fetches and starts its own"
        reference = "MITRE ATT&CK T1496, T1105, T1489"
        types = "text,shell,script"
    strings:
        $kill = /(pkill|killall|kill)[ \t]{1,4}(-9|-f|-KILL|-15|-9[ \t]-f|-f[ \t]-9)?[ \t]{0,4}["'`$(]{0,2}[a-z0-9._\/\-]{4,}/
        $rival1 = /(pkill|killall|grep|pgrep|rm)[ \t][^\n]{0,40}(kdevtmpfsi|kinsing|kthreaddi|kthreaddk)/
        $rival2 = /(pkill|killall|grep|pgrep|rm)[ \t][^\n]{0,40}(xmrig|xmr-stak|minerd|xmrigMiner|xmr-miner)/
        $rival3 = /(pkill|killall|grep|pgrep|rm)[ \t][^\n]{0,40}(cryptonight|stratum\+tcp|donate-level|crypto-pool|minexmr|supportxmr|nanopool)/
        $rival4 = /(pkill|killall|grep|pgrep|rm)[ \t][^\n]{0,40}(watchbog|ddgs\.|qW3xT|sysrv|networkservice|sysupdate|sysguard|pnscan|masscan|solrd|dbused|perfctl)/
        $rival5 = /(netstat|ss)[ \t]{1,3}-[a-z]{2,6}[^\n]{0,60}(:3333|:4444|:5555|:7777|:14444)[^\n]{0,120}(xargs|kill)/
        $fetch = /(curl|wget|\$\{?[A-Z_]{2,12}\}?)[ \t][^\n]{0,60}https?:\/\/[^\s"']{4,160}/
        $run_pipe = /(curl|wget)[ \t][^\n|]{8,220}\|[ \t]{0,3}(sudo[ \t])?(ba)?sh\b/
        $run_x = /chmod[ \t]{1,4}(\+x|[u+a]{1,2}x|7[0-7]{2}|-R[ \t]777)[ \t]{1,4}[^\n]{2,80}/
    condition:
        Shell_For_Miners and $kill and $fetch and any of ($run_*) and 3 of ($rival*)
}

rule Linux_Miner_XMRig_Program
{
    meta:
        threat = "Linux.Miner.XMRig"
        kind = "miner"
        certainty = "known"
        description = "The XMRig coin miner or a program built from it"
        reference = "MITRE ATT&CK T1496; option and algorithm names of the XMRig program"
        types = "elf"
    strings:
        $opt1 = "donate-level" fullword
        $opt2 = "donate-over-proxy" fullword
        $opt3 = "cpu-max-threads-hint"
        $opt4 = "randomx-wrmsr"
        $opt5 = "randomx-no-rdmsr"
        $opt6 = "huge-pages-jit"
        $algo1 = "cn/upx2"
        $algo2 = "cn-heavy/xhv"
        $algo3 = "RandomX" nocase
        $algo4 = "cn-pico/trtl"
        $algo5 = "rx/graft"
        $algo6 = "argon2/chukwa"
        $pool1 = "stratum+ssl://"
        $pool2 = "stratum+tcp://"
        $pool3 = "\"keepalived\""
        $pool4 = "\"method\":\"login\"" nocase
        $pool5 = "job_id" fullword
    condition:
        object_type == "elf" and filesize < 40MB and 2 of ($opt*) and 2 of ($algo*) and 1 of ($pool*)
}

rule Linux_Miner_Stratum_Program
{
    meta:
        threat = "Linux.Miner.Stratum"
        kind = "miner"
        certainty = "probable"
        description = "A program that talks the pool language of coin miners"
        reference = "MITRE ATT&CK T1496; Stratum mining protocol method names"
        types = "elf"
    strings:
        $call1 = "mining.subscribe"
        $call2 = "mining.authorize"
        $call3 = "mining.submit"
        $call4 = "mining.notify"
        $call5 = "mining.set_difficulty"
        $scheme = /stratum[12]?\+(tcp|ssl|tls)/
        $opt1 = "--algo="
        $opt2 = "--userpass="
        $opt3 = "hashrate" nocase
        $opt4 = "--scantime="
        $opt5 = "accepted: %"
        $opt6 = "khash/s" nocase
    condition:
        object_type == "elf" and filesize < 40MB and 4 of ($call*) and $scheme and 2 of ($opt*)
}

rule JS_Miner_Web_Page
{
    meta:
        threat = "JS.Miner.WebPage"
        kind = "miner"
        certainty = "known"
        description = "A web page or script that makes the visitor's browser mine coins"
        reference = "MITRE ATT&CK T1496; calls of browser miner services as published by their makers"
        types = "text,shell,script,python,perl,javascript,php,html,xml"
    strings:
        $make = /new[ \t]{1,3}(CoinHive|CryptoLoot|CryptoNoter|Client|CRLT|deepMiner|webminerpool|JSEcoin|PPoi)\.(Anonymous|User|Token)[ \t]{0,3}\([ \t\r\n]{0,4}['"][A-Za-z0-9]{20,110}['"]/
        $throttle = /\bthrottle['"]?[ \t]{0,3}:[ \t]{0,3}0?\.\d/
        $threads = /\b(autoThreads|forceASMJS|setThrottle|setNumThreads)\b/
        $start = /\.start[ \t]{0,3}\([ \t]{0,3}((CoinHive|CryptoLoot|Client|CRLT|deepMiner)\.[A-Z_]{4,30})?[ \t]{0,3}\)/
    condition:
        (Text_For_Miners or object_type == "html" or object_type == "xml") and filesize < 4MB and
        $make and any of ($throttle, $threads) and
        $start in (@make[1]..@make[1] + 1200)
}
