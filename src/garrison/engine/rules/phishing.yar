// Phishing kits: pages that ask for passwords and pass them on.

rule PHP_Phishing_Mailer
{
    meta:
        threat = "PHP.Phishing.Mailer"
        kind = "trojan"
        certainty = "known"
        description = "A page that mails the passwords of its visitors to a stranger and sends them on to the real site"
        reference = "MITRE ATT&CK T1598.003, T1056.003"
        types = "php,text,html,script"
    strings:
        $take1 = /\$_(POST|REQUEST)[ \t]{0,2}\[[ \t]{0,2}["']?(pass(word|wd)?|pw|pwd|psw|passwd1|clave)["']?[ \t]{0,2}\]/ nocase
        $take2 = /\$_(POST|REQUEST)[ \t]{0,2}\[[ \t]{0,2}["']?(user(name)?|email|login|userid|id|usuario)["']?[ \t]{0,2}\]/ nocase
        $where = /\$_SERVER[ \t]{0,2}\[[ \t]{0,2}["']?(REMOTE_ADDR|HTTP_CLIENT_IP|HTTP_X_FORWARDED_FOR)/
        $send1 = /\bmail[ \t]{0,2}\([ \t]{0,2}(\$[a-z_]{1,20}|["'][^"'\n]{1,60}@)[^\n;]{2,120}/ nocase
        $send2 = /api\.telegram\.org\/bot/
        $on = /header[ \t]{0,2}\([ \t]{0,2}["']Location:[ \t]{0,2}(https?:\/\/|\.{0,2}\/?[a-z0-9_\-]{1,20}\.(php|html))/ nocase
        $loot = /(login|account|fullz|rezult|result)[^\n"']{0,12}(info|result|log|[\-=+*|]{3})/ nocase
    condition:
        filesize < 64KB and (object_type == "php" or object_type == "text" or object_type == "html" or
        object_type == "script") and all of ($take*) and $where and any of ($send*) and $on and $loot
}

rule HTML_Phishing_Telegram
{
    meta:
        threat = "HTML.Phishing.ChatForm"
        kind = "trojan"
        certainty = "known"
        description = "A page that asks for a password and passes it on to a chat"
        reference = "MITRE ATT&CK T1598.003, T1567"
        types = "html,text,javascript,script,php"
    strings:
        $field = /type[ \t]{0,2}=[ \t]{0,2}["']?password/ nocase
        $bot1 = /api\.telegram\.org\/bot/
        $bot2 = /discord(app)?\.com\/api\/webhooks\//
        $bot3 = /(formspree\.io\/f\/|submit-form\.com\/|getform\.io\/f\/)/
        $take = /(getElementById\([ \t]{0,2}["'](pass|pwd|pw|password)[^"'\n]{0,12}["'][ \t]{0,2}\)|querySelector\([^)\n]{1,40}pass[^)\n]{0,20}\)|\$\([ \t]{0,2}["']#(pass|pwd|pw)[^"'\n]{0,12}["'][ \t]{0,2}\))[^\n]{0,10}\.?(value|val)/ nocase
        $send = /(fetch|XMLHttpRequest|\$\.(ajax|post)|axios|sendBeacon)/
    condition:
        filesize < 2MB and (object_type == "html" or object_type == "text" or object_type == "javascript" or
        object_type == "script" or object_type == "php") and $field and any of ($bot*) and $take and $send
}

rule HTML_Phishing_Attachment
{
    meta:
        threat = "HTML.Phishing.Attachment"
        kind = "trojan"
        certainty = "probable"
        description = "A scrambled page, sent by mail, that asks for the password of a mailbox"
        reference = "MITRE ATT&CK T1566.001, T1027"
        types = "html,text,script"
    strings:
        $write = /(document\.write|innerHTML|insertAdjacentHTML)[ \t]{0,2}[(=]/
        $hide = /(unescape|decodeURIComponent|atob)[ \t]{0,2}\([ \t]{0,2}["'](%3[cC]|%20%3[cC]|PGh0bW|PCFET0|PGZvcm|PCFkb2|PHNjcm)/
        $victim1 = /(mail|user|victim|login)[A-Za-z_]{0,6}[ \t]{0,2}=[ \t]{0,2}["'][A-Za-z0-9._%+\-]{1,40}@[a-z0-9]/
        $victim2 = /(data-email|var[ \t]{1,2}(e?mail|user|victim)[ \t]{0,2}=|location\.hash)/
        $lure = /(microsoft|office ?365|outlook|sharepoint|onedrive|adobe|docusign|webmail|excel|voicemail|invoice|session (has )?expired)/ nocase
    condition:
        filesize < 1MB and (object_type == "html" or object_type == "text" or object_type == "script") and
        $write and $hide and all of ($victim*) and $lure
}

rule PHP_Phishing_Cloak
{
    meta:
        threat = "PHP.Phishing.Cloak"
        kind = "trojan"
        certainty = "probable"
        description = "A page that shows itself to victims only and turns away scanners and search engines"
        reference = "MITRE ATT&CK T1480, T1598.003"
        types = "php,text,script"
    strings:
        $list1 = /["'](phishtank|phish)["']/ nocase
        $list2 = /["'](netcraft|kaspersky|avast|symantec|forcepoint|trendmicro|fortinet|bitdefender)["']/ nocase
        $list3 = /["'](googlebot|google|bingbot|yahoo|msnbot|facebookexternalhit)["']/ nocase
        $list4 = /["'](tor-exit|amazonaws|above|calyxinstitute|digitalocean|linode)["']/ nocase
        $ask = /(gethostbyaddr[ \t]{0,2}\(|\$_SERVER[ \t]{0,2}\[[ \t]{0,2}["']HTTP_USER_AGENT)/
        $away = /(404 Not Found|http_response_code[ \t]{0,2}\([ \t]{0,2}404|header[ \t]{0,2}\([ \t]{0,2}["'](HTTP\/1\.[01] 40|Location:)|\b(die|exit)[ \t]{0,2}\()/
    condition:
        filesize < 256KB and (object_type == "php" or object_type == "text" or object_type == "script") and 3 of
        ($list*) and $ask and $away
}
