// Stealers: scripts that gather keys, passwords and what is typed, and send them away.

rule Linux_Stealer_Shell_Keys
{
    meta:
        threat = "Linux.Stealer.ShellKeys"
        kind = "trojan"
        certainty = "known"
        description = "A script that gathers login keys and cloud passwords and sends them away"
        reference = "MITRE ATT&CK T1552.001, T1552.004, T1048"
        types = "text,shell,script"
    strings:
        $key1 = /\.ssh\/(id_(rsa|ed25519|ecdsa|dsa)|\*|config|known_hosts)?/
        $key2 = /\.aws\/(credentials|config)/
        $key3 = /\.docker\/config\.json|\.kube\/config/
        $key4 = /\.config\/gcloud|\.azure\/|application_default_credentials/
        $key5 = /\.git-credentials|\.netrc|\.pgpass|\.npmrc|\.pypirc/
        $key6 = /\/etc\/shadow\b/
        $send1 = /curl[ \t][^\n]{0,120}(-F[ \t]|--form[ \t=]|--data-binary[ \t]|-T[ \t]|--upload-file[ \t]|-d[ \t]{0,2}["']?@)[^\n]{0,120}/
        $send2 = /\|[ \t]{0,3}(curl|nc|ncat)[ \t][^\n]{3,120}/
        $send3 = /wget[ \t][^\n]{0,60}--post-(file|data)/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script") and 3
        of ($key*) and any of ($send*)
}

rule Python_Stealer_Browser
{
    meta:
        threat = "Python.Stealer.Browser"
        kind = "trojan"
        certainty = "known"
        description = "Python code that takes the passwords out of web browsers and sends them away"
        reference = "MITRE ATT&CK T1555.003, T1567"
        types = "text,python,script"
    strings:
        $store1 = /["'\\\/]Login Data["']/
        $store2 = /["'\\\/]Local State["']/
        $store3 = /(logins\.json|key4\.db|cookies\.sqlite)/
        $open1 = /(CryptUnprotectData|AES\.new\(|AESGCM\(|PK11SDR_Decrypt|secretstorage)/
        $open2 = /SELECT[ \t][a-z_, ]{0,60}password_value/
        $send1 = /discord(app)?\.com\/api\/webhooks/
        $send2 = /api\.telegram\.org\/bot/
        $send3 = /requests\.post\(|urlopen\(|smtplib\.SMTP|ftplib\.FTP/
    condition:
        filesize < 512KB and (object_type == "text" or object_type == "python" or object_type == "script") and 2
        of ($store*) and any of ($open*) and any of ($send*)
}

rule Linux_Stealer_Cloud_Metadata
{
    meta:
        threat = "Linux.Stealer.CloudMetadata"
        kind = "trojan"
        certainty = "known"
        description = "A script that asks a cloud for this machine's keys and passes them on"
        reference = "MITRE ATT&CK T1552.005"
        types = "text,shell,script,python"
    strings:
        $ask1 = "169.254.169.254/latest/meta-data/iam/security-credentials"
        $ask2 = "169.254.170.2"
        $ask3 = "metadata.google.internal/computeMetadata/v1/instance/service-accounts"
        $send1 = /curl[ \t][^\n]{0,120}(-F[ \t]|--data-binary[ \t]|-T[ \t]|-d[ \t]{0,2}["']?(@|\$))[^\n]{0,120}https?:\/\/[a-z0-9]/
        $send2 = /(requests\.post\(|\|[ \t]{0,3}nc[ \t])/
        $more1 = /\.aws\/credentials|AWS_SESSION_TOKEN|AWS_SECRET_ACCESS_KEY/
        $more2 = /(history[ \t]-c|rm[ \t]{1,2}-f[ \t]{1,2}\$0|>[ \t]?\/dev\/null[ \t]2>&1)/
        $more3 = /\/proc\/[*0-9a-z]{1,6}\/environ/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python") and any of ($ask*) and any of ($send*) and 2 of ($more*)
}

rule Any_Stealer_Wallets
{
    meta:
        threat = "Any.Stealer.Wallets"
        kind = "trojan"
        certainty = "known"
        description = "A script that gathers the wallets of digital money and sends them away"
        reference = "MITRE ATT&CK T1555, T1005"
        types = "text,python,script,javascript,shell,powershell"
    strings:
        $wallet1 = /Exodus[\/\\]{1,2}exodus\.wallet|exodus\.wallet/ nocase
        $wallet2 = /Electrum[\/\\]{1,2}wallets/ nocase
        $wallet3 = "nkbihfbeogaeaoehlefnkodbefgpgknn"
        $wallet4 = /Ethereum[\/\\]{1,2}keystore/ nocase
        $wallet5 = /(atomic[\/\\]{1,2}Local Storage|Atomic[\/\\]{1,2}Local)/ nocase
        $wallet6 = "ibnejdfjmmkpcnlpebklmnkoeoihofec"
        $wallet7 = /\.config\/solana\/id\.json/
        $send1 = /(requests\.post|axios\.post|fetch|urlopen|Invoke-RestMethod|Invoke-WebRequest|https?\.request)[ \t(]/
        $send2 = /curl[ \t][^\n]{0,60}(-F|-T|--data-binary)[ \t]/
    condition:
        filesize < 1MB and (object_type == "text" or object_type == "python" or object_type == "script" or
        object_type == "javascript" or object_type == "shell" or object_type == "powershell") and 2 of
        ($wallet*) and any of ($send*)
}

rule Python_Stealer_Keylogger
{
    meta:
        threat = "Python.Stealer.KeyLogger"
        kind = "trojan"
        certainty = "probable"
        description = "Python code that writes down what is typed and sends it away"
        reference = "MITRE ATT&CK T1056.001"
        types = "text,python,script"
    strings:
        $listen1 = /keyboard\.Listener\([ \t]{0,2}on_press/
        $listen2 = /keyboard\.(on_press|on_release|hook)\(/
        $listen3 = /(evdev\.InputDevice|pyxhook\.HookManager)\(/
        $note = /(\+=|\.write\(|\.append\()[^\n]{0,30}(key\.char|event\.name|str\(key\)|event\.Key|\bkey\b)/
        $send1 = /smtplib\.SMTP(_SSL)?\(/
        $send2 = /(api\.telegram\.org\/bot|discord(app)?\.com\/api\/webhooks)/
        $send3 = /requests\.post\(|\.sendall\(|ftplib\.FTP\(/
        $time = /(Timer\([ \t]{0,2}[a-z_A-Z0-9.]{1,30}[ \t]{0,2},|time\.sleep\(|schedule\.every\()/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        any of ($listen*) and $note and any of ($send*) and $time
}

rule Linux_Stealer_Key_Reader
{
    meta:
        threat = "Linux.Stealer.KeyReader"
        kind = "trojan"
        certainty = "known"
        description = "A script that reads the keyboard out of sight and sends what was typed away"
        reference = "MITRE ATT&CK T1056.001"
        types = "text,shell,script"
    strings:
        $read1 = /xinput[ \t]{1,3}test(-xi2)?\b/
        $read2 = /(cat|dd|evtest|hexdump|od)[ \t][^\n]{0,30}\/dev\/input\/(event|by-path)/
        $read3 = /logkeys[ \t]{1,3}(-s|--start)/
        $hide = /(nohup|setsid|disown|>[ \t]?\/dev\/null|2>&1|\/\.[a-z0-9_\-]{1,16})/
        $send = /(curl[ \t][^\n]{0,80}(-F|-T|-d|--data-binary)[ \t]|\|[ \t]{0,3}nc[ \t]|\bmail[ \t]{1,3}-s|scp[ \t]{1,3}-)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and any
        of ($read*) and $hide and $send
}

rule Python_Stealer_Clipboard
{
    meta:
        threat = "Python.Stealer.Clipboard"
        kind = "trojan"
        certainty = "known"
        description = "A script that swaps the wallet of a payment in the clipboard for its own"
        reference = "MITRE ATT&CK T1115, T1565.002"
        types = "text,python,script,powershell"
    strings:
        $read = /(pyperclip\.paste\(|clipboard_get\(|Get-Clipboard|win32clipboard\.GetClipboardData|xclip[^\n]{0,30}-o\b)/
        $write = /(pyperclip\.copy\(|clipboard_append\(|Set-Clipboard|SetClipboardText\(|xclip[^\n]{0,30}-i\b)/
        $match1 = /\[13\]\[a-km-zA-HJ-NP-Z1-9\]/
        $match2 = /\(\??:?bc1\|\[13\]\)|bc1\[?[a-z0-9(\[]/
        $match3 = /0x\[a-fA-F0-9\]\{40\}/
        $match4 = /[\^"'(][48]\[?[0-9AB]{2,4}\]?\[1-9A-HJ-NP-Za-km-z\]/
        $loop = /(while[ \t(]{1,2}(True|1|\$true)|for[ \t]?\(;;\)|\.after\()/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "python" or object_type == "script" or
        object_type == "powershell") and $read and $write and any of ($match*) and $loop
}

rule JS_Stealer_Card_Skimmer
{
    meta:
        threat = "JS.Stealer.CardSkimmer"
        kind = "trojan"
        certainty = "probable"
        description = "A script in a shop's page that copies what customers type into the payment form"
        reference = "MITRE ATT&CK T1056.003; published Magecart analyses"
        types = "text,javascript,html,script"
    strings:
        $field1 = /(cc[_\-]?number|card[_\-]?number|cardnumber|cc_num|payment\[cc_)/ nocase
        $field2 = /(cc[_\-]?cvv|cvv2?|cvc|cc[_\-]?cid|security[_\-]?code)/ nocase
        $hook = /(addEventListener[ \t]{0,2}\([ \t]{0,2}["'](submit|click|blur|change|input|mousedown)|\.on(submit|click|change)[ \t]{0,2}=|setInterval[ \t]{0,2}\()/
        $pack = /(btoa|encodeURIComponent|JSON\.stringify)[ \t]{0,2}\(/
        $send1 = /(new[ \t]{1,2}Image[ \t]{0,2}\([ \t]{0,2}\)|createElement\([ \t]{0,2}["']img["'])[^\n]{0,120}/
        $send2 = /navigator\.sendBeacon[ \t]{0,2}\(/
        $send3 = /\.src[ \t]{0,2}=[ \t]{0,2}["'](https?:)?\/\/[^"'\n]{4,80}\?[a-z]{1,10}=["'][ \t]{0,2}\+/
        $place = /(location\.href|location\.pathname|document\.URL)[^\n]{0,60}(checkout|onepage|onestep|payment|kasse)/ nocase
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "javascript" or object_type == "html" or
        object_type == "script") and all of ($field*) and $hook and $pack and any of ($send*) and $place
}
