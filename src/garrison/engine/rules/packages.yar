// Packages and build files that act as soon as they are installed or built.

rule Python_Package_Setup_Runs
{
    meta:
        threat = "Python.Trojan.SetupRuns"
        kind = "trojan"
        certainty = "probable"
        description = "A Python package that fetches or unpacks a program and runs it as soon as it is installed"
        reference = "MITRE ATT&CK T1195.002, T1059.006"
        types = "text,python,script"
    strings:
        $setup = /\bsetup[ \t]{0,2}\(/
        $hook = /cmdclass[ \t]{0,2}=[ \t]{0,2}\{?/
        $class = /class[ \t]{1,2}[A-Za-z_]{1,30}\([ \t]{0,2}(install|develop|egg_info|build_py)[ \t]{0,2}\)/
        $get = /(urlopen|urlretrieve|requests\.get|b64decode|Fernet)[ \t]{0,2}\(/
        $run1 = /\b(exec|eval)[ \t]{0,2}\([ \t]{0,2}[a-zA-Z_]{1,20}(\(|\.)/
        $run2 = /(subprocess\.(Popen|run|call)|os\.(system|startfile|popen))[ \t]{0,2}\([^\n]{0,60}(\.exe|powershell|curl[ \t]|\/tmp\/|sys\.executable|python3?[ \t]|tempfile|\bpath\b|\.sh\b)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        $setup and $hook and $class and $get and any of ($run*)
}

rule Python_Package_Setup_Tells
{
    meta:
        threat = "Python.Trojan.SetupTells"
        kind = "trojan"
        certainty = "probable"
        description = "A Python package that tells a stranger who installs it, and what is in the environment"
        reference = "MITRE ATT&CK T1195.002, T1082"
        types = "text,python,script"
    strings:
        $setup = /\bsetup[ \t]{0,2}\(/
        $hook = /cmdclass[ \t]{0,2}=/
        $who1 = /(socket\.gethostname|platform\.node)[ \t]{0,2}\(/
        $who2 = /(getpass\.getuser|os\.getlogin)[ \t]{0,2}\(/
        $who3 = /(os\.environ[ \t]{0,2}\)|dict\([ \t]{0,2}os\.environ|os\.getcwd\()/
        $send = /(requests\.(post|get)|urlopen|http\.client\.HTTPS?Connection|socket\.gethostbyname)[ \t]{0,2}\(/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "python" or object_type == "script") and
        $setup and $hook and 2 of ($who*) and $send
}

rule Python_Package_Fernet
{
    meta:
        threat = "Python.Trojan.FernetProgram"
        kind = "trojan"
        certainty = "known"
        description = "Python code that carries a locked program with its key and runs it"
        reference = "MITRE ATT&CK T1027.013, T1140"
        types = "text,python,script"
    strings:
        $run = /\bexec[ \t]{0,2}\([ \t]{0,2}(cryptography\.fernet\.)?Fernet[ \t]{0,2}\([ \t]{0,2}b?["'][A-Za-z0-9_=\-]{20,60}["'][ \t]{0,2}\)[ \t]{0,2}\.decrypt[ \t]{0,2}\([ \t]{0,2}b?["']/
        $named = /\.decrypt[ \t]{0,2}\([ \t]{0,2}b?["']gAAAAA[A-Za-z0-9_=\-]{60}/
        $exec = /\b(exec|eval)[ \t]{0,2}\([ \t]{0,2}(compile[ \t]{0,2}\([ \t]{0,2})?[a-zA-Z_.]{1,24}[ \t]{0,2}[(,.)]/
    condition:
        filesize < 2MB and (object_type == "text" or object_type == "python" or object_type == "script") and
        ($run or ($named and $exec))
}

rule JS_Package_Hidden_Hook
{
    meta:
        threat = "JS.Trojan.PackageHiddenHook"
        kind = "trojan"
        certainty = "known"
        description = "A Node.js package whose installation runs a scrambled program"
        reference = "MITRE ATT&CK T1195.002, T1027"
        types = "text,javascript,script"
    strings:
        $name = /"name"[ \t]{0,2}:[ \t]{0,2}"/
        $hook = /"(pre|post)?install"[ \t]{0,2}:[ \t]{0,2}"[^\n]{0,20}node[ \t]{1,2}(-e|--eval)[ \t]{1,2}[^\n]{0,80}(Buffer\.from\(|atob\(|\\\\x[0-9a-f]{2}|fromCharCode|https?'?\)?\.get\()/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "javascript" or object_type == "script")
        and $name and $hook
}

rule JS_Package_Environment
{
    meta:
        threat = "JS.Trojan.EnvironmentSender"
        kind = "trojan"
        certainty = "probable"
        description = "Node.js code that sends the secrets of the machine it is installed on to a stranger"
        reference = "MITRE ATT&CK T1195.002, T1552.007"
        types = "text,javascript,script"
    strings:
        $env = /(JSON\.stringify\([ \t]{0,2}process\.env[ \t]{0,2}[,)]|\.\.\.process\.env|Object\.(entries|keys)\([ \t]{0,2}process\.env[ \t]{0,2}\))/
        $who = /os\.(hostname|userInfo|homedir)\(/
        $send = /(https?\.request|https?\.get|axios\.post|fetch|dns\.(lookup|resolve))[ \t]{0,2}\(/
        $more1 = /\.npmrc|\.ssh|\.aws|\.git-credentials/
        $more2 = /(oastify\.com|interact\.sh|pipedream\.net|burpcollaborator|webhook\.site|requestbin|ngrok|canarytokens)/
        $more3 = /method["']?[ \t]{0,2}:[ \t]{0,2}["']POST["']/
    condition:
        filesize < 128KB and (object_type == "text" or object_type == "javascript" or object_type == "script")
        and $env and $who and $send and 2 of ($more*)
}

rule Arch_Package_Fetches
{
    meta:
        threat = "Linux.Trojan.PackageScript"
        kind = "trojan"
        certainty = "known"
        description = "A package's install script that fetches a program from elsewhere and runs it"
        reference = "MITRE ATT&CK T1195.002; PKGBUILD(5), deb-postinst(5)"
        types = "text,shell,script"
    strings:
        $step = /(^|[\r\n])(post_install|pre_install|post_upgrade)[ \t]{0,2}\([ \t]{0,2}\)[ \t\r\n]{0,4}\{|case[ \t]{1,2}"?\$1"?[ \t]{1,2}in[ \t\r\n]{1,8}(configure|install)[ \t]{0,2}(\)|\|)/
        $run1 = /(curl|wget)[ \t][^\n|]{4,160}\|[ \t]{0,3}(sudo[ \t]{1,2})?(ba)?sh\b/
        $run2 = /(curl|wget)[ \t][^\n]{4,160}(\/tmp|\/var\/tmp|\/dev\/shm)\/[^\n]{1,60}/
        $quiet = />[ \t]?\/dev\/null[ \t]{0,2}2>&1[ \t]{0,2}&|&>[ \t]?\/dev\/null[ \t]{0,2}&|setsid|nohup/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $step and any of ($run*) and $quiet
}

rule Workflow_Secrets_Sender
{
    meta:
        threat = "Workflow.Stealer.Secrets"
        kind = "trojan"
        certainty = "known"
        description = "A build recipe that sends a project's secrets to a stranger"
        reference = "MITRE ATT&CK T1552, T1195.002; GitHub Actions workflow syntax"
        types = "text,script"
    strings:
        $steps = /(^|[\r\n])[ \t]{0,8}(steps|jobs)[ \t]{0,2}:/
        $all = /\$\{\{[ \t]{0,2}toJSON\([ \t]{0,2}secrets[ \t]{0,2}\)[ \t]{0,2}\}\}/ nocase
        $memory = /\/proc\/[^\n]{1,30}\/mem[^\n]{0,200}isSecret/
        $send = /(curl[ \t][^\n]{0,120}(-d|--data|--data-binary|-F|-X[ \t]?POST)[ \t]|\|[ \t]{0,2}base64[^\n]{0,20}\|[ \t]{0,2}base64|wget[ \t][^\n]{0,40}--post)/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "script") and $steps and any of ($all,
        $memory) and $send
}
