// Ransomware: notes, scripts for Linux and ESXi, programs that encrypt.

private rule Text_For_Ransomware
{
    condition:
        object_type == "text" or object_type == "html" or object_type == "rtf" or object_type == "xml"
}

private rule Script_For_Ransomware
{
    condition:
        filesize < 512KB and (object_type == "text" or object_type == "shell" or object_type == "script" or
        object_type == "python" or object_type == "perl")
}

private rule Windows_Script_For_Ransomware
{
    condition:
        object_type == "text" or object_type == "script" or object_type == "batch" or object_type == "powershell" or
        object_type == "vbscript" or object_type == "javascript"
}

rule Text_Ransomware_Note
{
    meta:
        threat = "Text.Ransomware.Note"
        kind = "ransomware"
        certainty = "probable"
        description = "A letter that says your files are encrypted and asks for money"
        reference = "MITRE ATT&CK T1486, T1657; common wording of published ransom notes"
        types = "text,html,rtf,xml"
    strings:
        $lock1 = /(your|all of your|all your|all the|all|company'?s?|corporate)[ \r\n]{1,3}(important[ \r\n]|personal[ \r\n]|network[ \r\n]|critical[ \r\n])?(files|data|documents|network|servers|databases|virtual machines|backups)[^.\n]{0,60}(have been|has been|were|was|are|is)[ \r\n]{1,3}((now|all|currently)[ \r\n]|(hacked|stolen|downloaded|exfiltrated)[ \r\n]and[ \r\n])?(encrypted|locked|crypted)/ nocase
        $lock2 = /(we|i)[ \r\n](have[ \r\n]|'ve[ \r\n])?(encrypted|locked|hacked)[ \r\n](and[ \r\n][a-z]{4,12}[ \r\n])?(all[ \r\n](of[ \r\n])?)?your[ \r\n]/ nocase
        $back1 = /(only way|impossible)[ \r\n][^.\n]{0,60}(decrypt|restore|recover)/ nocase
        $back2 = /(buy|purchase|pay|pays|payment)[^.\n]{0,80}(decrypt(or|er|ion)|private key|unique key)/ nocase
        $back3 = /(decrypt(or|er|ion)|private key|unique key)[^.\n]{0,80}(buy|purchase|pay|price|payment)/ nocase
        $back4 = /files? for free/ nocase
        $back7 = "free of charge" nocase
        $back5 = /(we|to)[ \r\n](can[ \r\n]|will[ \r\n])?(offer|allow)[ \r\n][^.\n]{0,40}(decrypt|restore|recover)/ nocase
        $back6 = /(recover|restore|decrypt|return) (your|all|them|these)[ \r\n]/ nocase
        $touch1 = "do not rename" nocase
        $touch2 = "do not modify" nocase
        $touch3 = "do not try to" nocase
        $touch4 = "do not edit" nocase
        $touch5 = "do not move" nocase
        $touch6 = "do not delete" nocase
        $touch7 = "do not change" nocase
        $touch8 = "do not recover" nocase
        $touch9 = "do not restore" nocase
        $touch10 = "do not touch" nocase
        $fear2 = /(third|3rd)[ \-]party[ \r\n](software|tools|recovery|decrypt|companies)/ nocase
        $fear3 = /(publish|leak|disclose|expose|sell)[ \r\n][^.\n]{0,60}(your|stolen|the)[ \r\n](company[ \r\n])?(data|files|information|documents)/ nocase
        $fear6 = /(will be|ready to|going to|shall be)[ \r\n](be[ \r\n])?(publish|leak|sold|sell|disclos|releas|expos)/ nocase
        $fear7 = /(files?|data)[^.\n]{0,40}(might|may|can|could|will)[ \r\n]be[ \r\n](permanently[ \r\n])?(damaged|lost|corrupted|destroyed)/ nocase
        $fear4 = /do not (contact|call|involve|inform|go to|hire)[^.\n]{0,40}(police|fbi|authorities|law enforcement|recovery compan|negotiat)/ nocase
        $fear5 = /(within|in|after|you have)[ \r\n](24|48|72|96)[ \r\n]?(hours|h\b)|(within|in|you have)[ \r\n](3|5|7|10|three|five|seven|ten)[ \r\n]days/ nocase
        $reach1 = /[a-z2-7]{16,56}\.onion\b/
        $reach2 = /(tox|session|qtox)[ _\r\n]{0,2}(id|chat)?[ \r\n]{0,2}[:=\-][ \r\n]{0,3}[0-9A-F]{64,76}\b/ nocase
        $reach3 = /(bitcoin|btc|monero|xmr|wallet)[^.\n]{0,60}[: \r\n"'>](bc1[a-z0-9]{20,80}|[13][A-HJ-NP-Za-km-z1-9]{25,34}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93})\b/ nocase
        $reach4 = /[A-Za-z0-9._\-]{3,40}@(onionmail\.(org|com)|proton(mail)?\.(com|me)|tuta(nota)?\.(com|io|de)|cock\.li|airmail\.cc|aol\.com|mail2tor\.com|firemail\.cc|keemail\.me|cyberfear\.com|msgsafe\.io)\b/
        $mine = /(your|personal|unique|decryption|client|company)[ \r\n](personal[ \r\n])?(id|key|code)[ \r\n]{0,2}[:=][ \r\n]{0,4}[A-Za-z0-9\-+\/]{8,}/ nocase
    condition:
        Text_For_Ransomware and filesize < 64KB and any of ($lock*) and
        any of ($reach*) and any of ($back*) and any of ($fear*, $touch*) and
        (2 of ($fear*) or (any of ($fear*) and any of ($touch*)) or 2 of ($reach*) or 2 of ($back*) or $mine)
}

rule Linux_Ransomware_ESXi_Script
{
    meta:
        threat = "Linux.Ransomware.ESXiScript"
        kind = "ransomware"
        certainty = "known"
        description = "A script that stops the virtual machines of a VMware ESXi host and encrypts their disks"
        reference = "MITRE ATT&CK T1486, T1489; ESXi command line reference"
        types = "text,shell,script,python,perl"
    strings:
        $list1 = /esxcli[ \t][^\n]{0,40}vm[ \t]process[ \t](list|kill)/
        $list2 = /vim-cmd[ \t]{1,3}vmsvc\/(getallvms|power\.off|power\.getstate|snapshot\.removeall)/
        $kill1 = /vm[ \t]process[ \t]kill[ \t][^\n]{0,60}(--type|-t)[ \t=](force|hard|soft)/
        $kill2 = /vmsvc\/(power\.off|snapshot\.removeall)/
        $kill3 = /(kill|pkill)[ \t]{1,3}-9[ \t][^\n]{0,60}vmx/
        $disk1 = /(find|ls|for)[ \t][^\n]{0,60}\/vmfs\/volumes/
        $disk2 = /\.(vmdk|vmx|vmem|vmsn|vswp|vmxf)["'*)\\ \t\r\n]/
        $lock1 = /(\.\/|\/tmp\/|\$[A-Za-z_{]{2,20}\/)?[A-Za-z_]{0,20}encrypt[A-Za-z_]{0,10}[ \t]{1,3}["']?(\/tmp\/[^\s]{1,30}[ \t]{1,3}["']?)?(\$[A-Za-z_{(]|\/vmfs)/ nocase
        $lock2 = /openssl[ \t]{1,3}(enc|smime|rsautl)[ \t][^\n]{0,160}\$/
        $note1 = /(cp|mv|cat|echo)[ \t][^\n]{1,120}[ \t>]\/etc\/motd\b/
        $note2 = /\/usr\/lib\/vmware\/hostd\/docroot\/(ui\/)?index\.html/
        $note3 = /(README|RECOVER|RESTORE|DECRYPT|HOW_TO|ransom)[A-Za-z0-9_\-]{0,30}\.(txt|html)/ nocase
        $wipe1 = /rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?[^\n]{0,40}(\/var\/(run\/)?log|\.log\b)/
        $wipe2 = /esxcli[ \t]{1,3}system[ \t]{1,3}(syslog|welcomemsg|coredump)[ \t]/
        $wipe3 = /\/etc\/init\.d\/(vpxa|hostd|SSH)[ \t](stop|restart)/
    condition:
        Script_For_Ransomware and any of ($list*) and any of ($kill*) and all of ($disk*) and any of ($lock*) and
        (any of ($note*) or any of ($wipe*))
}

rule Linux_Ransomware_ESXi_Program
{
    meta:
        threat = "Linux.Ransomware.ESXi"
        kind = "ransomware"
        certainty = "known"
        description = "A program made to encrypt the virtual machines of a VMware ESXi host"
        reference = "MITRE ATT&CK T1486, T1489; ESXi command line reference"
        types = "elf"
    strings:
        $kill1 = "esxcli vm process kill"
        $kill2 = /esxcli[ \t][^\n\x00]{0,40}vm process (list|kill)/
        $kill3 = "vmsvc/power.off"
        $kill4 = "vmsvc/snapshot.removeall"
        $kill5 = "vmsvc/getallvms"
        $disk1 = "/vmfs/volumes"
        $disk2 = ".vmdk"
        $disk3 = ".vmem"
        $disk4 = ".vswp"
        $disk5 = ".vmsn"
        $lock1 = "encrypt" nocase
        $lock2 = "expand 32-byte k"
        $lock3 = /-----BEGIN (RSA )?PUBLIC KEY-----/
        $lock4 = "sosemanuk" nocase
        $note1 = ".onion"
        $note2 = /(README|RECOVER|RESTORE|DECRYPT|HOW_TO)[A-Za-z0-9_\- ]{0,30}\.(txt|html)/ nocase
        $note3 = "/etc/motd"
        $note4 = /your (files|data|network|company)/ nocase
        $note5 = "hostd/docroot"
    condition:
        object_type == "elf" and filesize < 20MB and any of ($kill*) and 2 of ($disk*) and any of ($lock*) and
        2 of ($note*)
}

rule Linux_Ransomware_Program
{
    meta:
        threat = "Linux.Ransomware.Generic"
        kind = "ransomware"
        certainty = "probable"
        description = "A program with a ransom note inside and a list of the files it encrypts"
        reference = "MITRE ATT&CK T1486"
        types = "elf"
    strings:
        $note1 = /your (important |personal |company )?(files|data|documents|network)[^\x00]{0,40}(have been|has been|were|are) (encrypted|locked)/ nocase
        $note2 = /[a-z2-7]{16,56}\.onion/
        $note3 = /(pay|send|transfer)[^\x00\n]{0,60}(bitcoin|btc|monero|xmr)/ nocase
        $note4 = /(decryptor|decryption tool|private key)[^\x00\n]{0,80}(pay|buy|price|contact)/ nocase
        $note5 = /do not (rename|modify|edit|delete|move)[^\x00\n]{0,40}files/ nocase
        $file1 = /(README|RECOVER|RESTORE|DECRYPT|HOW_TO|UNLOCK)[A-Za-z0-9_\- ]{0,30}\.(txt|html)/
        $file2 = /\.(encrypted|locked|crypted|enc|lock|crypt)\x00/
        $ext1 = ".docx"
        $ext2 = ".xlsx"
        $ext3 = ".sqlite"
        $ext4 = ".pptx"
        $ext5 = ".vmdk"
        $ext6 = ".mdb"
        $ext7 = ".bak"
        $key1 = /-----BEGIN (RSA )?PUBLIC KEY-----/
        $key2 = "expand 32-byte k"
        $key3 = /(aes|rsa|chacha|salsa|curve25519|ecdh)[_\-]?[a-z0-9_]{0,20}(encrypt|init|public|scalarmult)/ nocase
    condition:
        object_type == "elf" and filesize < 20MB and 3 of ($note*) and any of ($file*) and any of ($key*) and
        3 of ($ext*)
}

rule Linux_Ransomware_Script
{
    meta:
        threat = "Linux.Ransomware.Script"
        kind = "ransomware"
        certainty = "known"
        description = "A script that encrypts people's documents, deletes the originals and leaves a ransom note"
        reference = "MITRE ATT&CK T1486, T1485"
        types = "text,shell,script,python,perl"
    strings:
        $walk1 = /find[ \t][^\n]{1,160}\.(docx?|xlsx?|pdf|jpe?g|odt|sql|bak|pptx?)\b/
        $walk2 = /for[ \t]{1,3}[A-Za-z_]{1,20}[ \t]{1,3}in[ \t][^\n]{0,60}(\.(docx?|xlsx?|pdf|jpe?g|odt|sql)\b|\/home|\/srv|\/var\/www|find[ \t])/
        $lock1 = /openssl[ \t]{1,3}(enc[ \t]{1,3})?-?(aes-?256|aes-?128|chacha20|camellia)[^\n]{0,120}(-k|-K|-kfile|-pass)[ \t]/
        $lock2 = /(7z|7za|7zz)[ \t]{1,3}a[ \t][^\n]{0,80}-p["'$A-Za-z0-9][^\n]{0,80}-sdel/
        $lock3 = /zip[ \t][^\n]{0,40}-[a-z]{0,3}m[a-z]{0,3}[^\n]{0,40}(-P|--password)[ \t=]/
        $lock4 = /gpg[ \t][^\n]{0,60}(--passphrase(-file|-fd)?|-r|--recipient)[ \t=][^\n]{1,80}(-c|-e|--symmetric|--encrypt)\b/
        $gone1 = /shred[ \t][^\n]{0,20}-[a-z]{0,4}u/
        $gone2 = /rm[ \t]{1,3}(-[rf]{1,2}[ \t]{1,3})?["']?(\$|\{\})/
        $gone3 = "-sdel"
        $gone4 = /zip[ \t][^\n]{0,40}-[a-z]{0,3}m[a-z]{0,3}[ \t]/
        $note1 = /(echo|cat|printf)[ \t][^\n]{0,200}(encrypted|locked)[^\n]{0,200}(bitcoin|btc|monero|xmr|\.onion|contact|pay)/ nocase
        $note2 = /(>|cp[ \t][^\n]{1,60})[ \t]{0,2}["']?[^\s"']{0,60}(README|READ_ME|RECOVER|RESTORE|DECRYPT|HOW_TO|RANSOM)[A-Za-z0-9_\-]{0,30}\.(txt|html|md)/
        $ask = /(bitcoin|monero|\.onion|ransom|wallet)\b/ nocase
    condition:
        Script_For_Ransomware and any of ($walk*) and any of ($lock*) and any of ($gone*) and any of ($note*) and $ask
}

rule Python_Ransomware
{
    meta:
        threat = "Python.Ransomware.Script"
        kind = "ransomware"
        certainty = "known"
        description = "A Python program that encrypts people's documents and leaves a ransom note"
        reference = "MITRE ATT&CK T1486"
        types = "text,shell,script,python,perl"
    strings:
        $walk = /(os\.walk\(|os\.scandir\(|\.rglob\(|glob\.glob\()/
        $lock1 = /Fernet\([ \t]{0,2}[A-Za-z_]/
        $lock2 = /(AES|ChaCha20(_Poly1305)?|Salsa20)\.new\(/
        $lock3 = /PKCS1_OAEP\.new\(|RSA\.import_?[kK]ey\(/
        $ext = /["']\*?\.?(docx?|xlsx?|pdf|jpe?g|odt|pptx?|sql)["'][ \t\r\n]{0,8},[ \t\r\n]{0,12}["']\*?\.?(docx?|xlsx?|pdf|jpe?g|odt|pptx?|sql|png|txt|zip|csv)["']/
        $gone1 = /os\.(remove|unlink)\(/
        $gone2 = /os\.(rename|replace)\([^\n]{1,80}["']\.?(locked|encrypted|crypt|enc|crypted|lock|[a-z]{3,12}ed)["']/
        $gone3 = /open\([^\n]{1,60}["'](rb\+|r\+b|wb)["']/
        $note1 = /your[ ](important |personal )?(files|data|documents)[^\n]{0,40}(encrypted|locked)/ nocase
        $note2 = /(README|READ_ME|RECOVER|RESTORE|DECRYPT|HOW_TO|RANSOM)[A-Za-z0-9_\-]{0,30}\.(txt|html|md)/
        $pay = /\b(bitcoin|monero|ransom|\.onion|wallet)\b/ nocase
    condition:
        Script_For_Ransomware and filesize < 200KB and $walk and any of ($lock*) and $ext and any of ($gone*) and
        $note1 and ($pay or $note2)
}

rule Windows_Ransomware_Shadow_Delete
{
    meta:
        threat = "Windows.Ransomware.ShadowDelete"
        kind = "ransomware"
        certainty = "probable"
        description = "A script that deletes Windows' safety copies and switches its repair off, as ransomware does"
        reference = "MITRE ATT&CK T1490"
        types = "text,script,batch,powershell,vbscript,javascript"
    strings:
        $copy1 = /vssadmin(\.exe)?[ \t]{1,4}delete[ \t]{1,4}shadows[ \t][^\n]{0,20}\/all[^\n]{0,10}\/quiet/ nocase
        $copy2 = /wmic(\.exe)?[ \t]{1,4}shadowcopy[ \t]{1,4}delete/ nocase
        $copy3 = /Win32_ShadowCopy[^\n]{0,60}(\.Delete\(|Remove-(WmiObject|CimInstance))/ nocase
        $copy4 = /vssadmin(\.exe)?[ \t]{1,4}resize[ \t]{1,4}shadowstorage[ \t][^\n]{0,60}\/maxsize=401MB/ nocase
        $boot1 = /bcdedit(\.exe)?[ \t]{1,4}\/set[ \t]{1,4}(\{default\}[ \t]{1,4})?recoveryenabled[ \t]{1,4}(no|off)/ nocase
        $boot2 = /bcdedit(\.exe)?[ \t]{1,4}\/set[ \t]{1,4}(\{default\}[ \t]{1,4})?bootstatuspolicy[ \t]{1,4}ignoreallfailures/ nocase
        $save1 = /wbadmin(\.exe)?[ \t]{1,4}delete[ \t]{1,4}(catalog|systemstatebackup|backup)/ nocase
        $save2 = /wevtutil(\.exe)?[ \t]{1,4}cl[ \t]{1,4}(system|security|application)/ nocase
    condition:
        Windows_Script_For_Ransomware and filesize < 64KB and any of ($copy*) and any of ($boot*, $save*) and 3 of them
}
