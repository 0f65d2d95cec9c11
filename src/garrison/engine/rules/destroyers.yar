// Programs and scripts that lock or destroy what people keep.

rule PowerShell_Ransomware
{
    meta:
        threat = "Windows.Ransomware.PowerShell"
        kind = "ransomware"
        certainty = "known"
        description = "PowerShell code that encrypts people's documents and leaves a ransom note"
        reference = "MITRE ATT&CK T1486"
        types = "text,powershell,script"
    strings:
        $walk = /Get-ChildItem[^\n]{0,160}-(Recurse|r)\b[^\n]{0,160}/ nocase
        $kind = /\*?\.(docx?|xlsx?|pptx?|pdf|jpe?g)["',; ][^\n]{0,30}\*?\.(docx?|xlsx?|pptx?|pdf|jpe?g|png|txt|zip)/ nocase
        $lock = /(AesManaged|RijndaelManaged|AesCryptoServiceProvider|Cryptography\.Aes|CreateEncryptor)/ nocase
        $gone = /(Remove-Item|\bdel\b|Rename-Item|WriteAllBytes|Clear-Content)/ nocase
        $note = /(your[ ](files|data|documents)[^\n]{0,60}(encrypted|locked)|README[A-Z_\-]{0,20}\.txt|DECRYPT[A-Z_\-]{0,20}\.txt)/ nocase
        $pay = /\b(bitcoin|monero|ransom|\.onion|wallet)\b/ nocase
    condition:
        filesize < 256KB and (object_type == "text" or object_type == "powershell" or object_type == "script")
        and all of them
}

rule JS_Ransomware
{
    meta:
        threat = "JS.Ransomware.Script"
        kind = "ransomware"
        certainty = "known"
        description = "Node.js code that encrypts people's documents and leaves a ransom note"
        reference = "MITRE ATT&CK T1486"
        types = "javascript,text,script"
    strings:
        $walk = /(readdirSync|readdir|glob|walk)[ \t]{0,2}\(/
        $lock = /(createCipheriv|publicEncrypt|crypto\.subtle\.encrypt)[ \t]{0,2}\(/
        $kind = /["']\.?(docx?|xlsx?|pdf|jpe?g|pptx?|odt)["'][ \t\r\n]{0,8},[ \t\r\n]{0,8}["']\.?(docx?|xlsx?|pdf|jpe?g|pptx?|odt|png|sql)["']/
        $gone = /(unlinkSync|unlink|rmSync|renameSync)[ \t]{0,2}\(/
        $note = /your[ ](files|data|documents)[^\n]{0,60}(encrypted|locked)/ nocase
        $pay = /\b(bitcoin|monero|ransom|\.onion|wallet)\b/ nocase
    condition:
        filesize < 512KB and (object_type == "javascript" or object_type == "text" or object_type == "script")
        and all of them
}

rule PHP_Ransomware
{
    meta:
        threat = "PHP.Ransomware.Page"
        kind = "ransomware"
        certainty = "known"
        description = "A page that encrypts a web site and asks for money to free it"
        reference = "MITRE ATT&CK T1486"
        types = "php,text,script"
    strings:
        $walk = /(RecursiveDirectoryIterator|scandir|opendir|glob)[ \t]{0,2}\(/
        $lock = /(openssl_encrypt|mcrypt_encrypt|sodium_crypto_secretbox|gzdeflate)[ \t]{0,2}\(/
        $gone = /(unlink|rename|file_put_contents)[ \t]{0,2}\(/
        $note = /(your[ ](site|website|files|data|server)[^\n]{0,60}(encrypted|locked|hacked)|\.htaccess[^\n]{0,80}(DirectoryIndex|ErrorDocument))/ nocase
        $pay = /\b(bitcoin|monero|ransom|wallet)\b/ nocase
    condition:
        filesize < 256KB and (object_type == "php" or object_type == "text" or object_type == "script") and all
        of them
}

rule Linux_Wiper
{
    meta:
        threat = "Linux.Trojan.Wiper"
        kind = "trojan"
        certainty = "known"
        description = "A script that overwrites all disks of the machine"
        reference = "MITRE ATT&CK T1561.001, T1485"
        types = "text,shell,script"
    strings:
        $loop = /for[ \t]{1,3}[a-z_]{1,10}[ \t]{1,3}in[ \t][^\n]{0,60}(\/dev\/(sd|nvme|vd|hd|xvd|mmc)|lsblk|fdisk|\/proc\/partitions)/
        $over1 = /dd[ \t][^\n]{0,40}if=\/dev\/(zero|u?random)[^\n]{0,40}of=["']?(\/dev\/)?\$/
        $over2 = /shred[ \t][^\n]{0,40}["']?(\/dev\/)?\$/
        $over3 = /(wipefs|mkfs\.[a-z0-9]{2,5})[ \t][^\n]{0,20}["']?(\/dev\/)?\$/
        $gone1 = /rm[ \t]{1,3}-rf[ \t]{1,3}(--no-preserve-root[ \t]{1,3})?\/[ \t\r\n;&*]/
        $gone2 = /(echo[ \t]{1,2}[bo][ \t]{0,2}>[ \t]{0,2}\/proc\/sysrq-trigger|(reboot|halt|poweroff)[ \t]{1,2}-f)/
        $gone3 = /(swapoff|umount)[ \t]{1,2}-a[^\n]{0,12}|rm[ \t]{1,3}-rf[ \t]{1,3}\/(boot|etc|home|var)\b/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $loop and any of ($over*) and 2 of ($gone*)
}

rule Text_Ransom_Database
{
    meta:
        threat = "Text.Ransomware.Database"
        kind = "ransomware"
        certainty = "probable"
        description = "A letter in a database that says the data were taken and asks for money"
        reference = "MITRE ATT&CK T1485, T1657"
        types = "text,script,data"
    strings:
        $where = /(INSERT[ \t]{1,2}INTO|CREATE[ \t]{1,2}TABLE|CREATE[ \t]{1,2}DATABASE)[^\n]{0,60}(warning|readme|read_me|please_read|recover|hacked|ransom)/ nocase
        $taken = /(all[ ]your[ ]data|your[ ]databases?|your[ ]db)[^\n.]{0,60}(backed up|downloaded|deleted|dropped|copied|saved)/ nocase
        $pay = /(pay|send)[^\n]{0,40}\b(btc|bitcoin|monero)\b/ nocase
        $threat = /(publish|sell|leak|delete|public)[^\n]{0,80}|[0-9]{2}[ ]hours/ nocase
    condition:
        filesize < 100MB and (object_type == "text" or object_type == "script" or object_type == "data") and all
        of them
}
