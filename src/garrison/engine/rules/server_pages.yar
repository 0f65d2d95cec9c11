// More server pages that serve a stranger: Node.js, CGI, uploads, planted administrators, mass mail.

rule JS_WebShell_Run_Request
{
    meta:
        threat = "JS.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "known"
        description = "A Node.js page that runs a visitor's commands"
        reference = "MITRE ATT&CK T1505.003"
        types = "javascript,text,script"
    strings:
        $load = /require\([ \t]{0,2}["'](node:)?child_process["'][ \t]{0,2}\)|from[ \t]{1,2}["'](node:)?child_process["']/
        $run = /\b(exec|execSync|spawn|spawnSync)[ \t]{0,2}\([ \t]{0,2}(["'](\/bin\/)?(ba)?sh["'][ \t]{0,2},[ \t]{0,2}\[[ \t]{0,2}["']-c["'][ \t]{0,2},[ \t]{0,2})?(req|request|ctx|url\.parse\([ \t]{0,2}req\.url[^\n)]{0,12}\))\.(query|body|params|headers|request)[.\[]/
    condition:
        filesize < 128KB and (object_type == "javascript" or object_type == "text" or object_type == "script")
        and $load and $run
}

rule Shell_WebShell_Cgi
{
    meta:
        threat = "Linux.WebShell.ShellCgi"
        kind = "web-shell"
        certainty = "known"
        description = "A shell script on a web server that runs a visitor's commands"
        reference = "MITRE ATT&CK T1505.003; RFC 3875"
        types = "shell,text,script"
    strings:
        $type = /(echo|printf)[ \t][^\n]{0,10}content-type:/ nocase
        $take = /\$\{?QUERY_STRING|read[ \t][^\n]{0,30}(POST|BODY|DATA|line|q)\b/
        $run = /(eval|(ba|da)?sh[ \t]{1,2}-c)[ \t]{1,3}["'$({]{0,4}(\$?\{?QUERY_STRING|\$?\{?(cmd|command|c|q|query|POST|BODY|DATA)\b|[^\n]{0,20}(urldecode|sed)[^\n]{0,60}QUERY_STRING)/
    condition:
        filesize < 32KB and (object_type == "shell" or object_type == "text" or object_type == "script") and all
        of them
}

rule ASP_WebShell_Uploader
{
    meta:
        threat = "ASP.WebShell.Uploader"
        kind = "web-shell"
        certainty = "probable"
        description = "A bare page for Microsoft's web server that stores any file a visitor sends"
        reference = "MITRE ATT&CK T1505.003"
        types = "text,html,script,data"
    strings:
        $page = /<%@[ \t]{0,3}(page|webhandler)[^%]{0,80}language[ \t]{0,2}=/ nocase
        $file = /(Request\.Files[ \t]{0,2}[\[(]|\.HasFile\b|HtmlInputFile|FileUpload[0-9]{0,2}\.(PostedFile|SaveAs))/ nocase
        $save = /\.SaveAs[ \t]{0,2}\([ \t]{0,2}(Server\.MapPath[ \t]{0,2}\([^;\n]{0,60}(\.FileName|Request)|Request(\.(Form|QueryString))?[ \t]{0,2}\[|[a-z]{1,12}[ \t]{0,2}\+[^;\n]{0,40}\.FileName)/ nocase
    condition:
        filesize < 6KB and (object_type == "text" or object_type == "html" or object_type == "script" or
        object_type == "data") and all of them
}

rule PHP_Planted_Admin
{
    meta:
        threat = "PHP.Backdoor.PlantedAdmin"
        kind = "backdoor"
        certainty = "known"
        description = "A page that makes its writer an administrator of a WordPress site"
        reference = "MITRE ATT&CK T1136, T1505.003"
        types = "php,text,script"
    strings:
        $load = /(require|include)(_once)?[ \t(]{1,3}[^\n;]{0,60}wp-(load|blog-header|config)\.php|add_action[ \t]{0,2}\([ \t]{0,2}["'](init|wp_head|wp_footer|wp_loaded)["']/
        $make = /(wp_create_user|wp_insert_user)[ \t]{0,2}\(/
        $role = /set_role[ \t]{0,2}\([ \t]{0,2}["']administrator|["']role["'][ \t]{0,2}=>[ \t]{0,2}["']administrator/
        $bare = /(["']user_pass["'][ \t]{0,2}=>[ \t]{0,2}["'][^"'\n]{3,60}["']|wp_create_user[ \t]{0,2}\([ \t]{0,2}["'][^"'\n]{2,40}["'][ \t]{0,2},[ \t]{0,2}["']|\$_(GET|REQUEST|COOKIE)[ \t]{0,2}\[)/
    condition:
        filesize < 64KB and (object_type == "php" or object_type == "text" or object_type == "script") and all
        of them
}

rule PHP_Mass_Mailer
{
    meta:
        threat = "PHP.Trojan.MassMailer"
        kind = "trojan"
        certainty = "probable"
        description = "A page with which a stranger sends mass mail from this server"
        reference = "MITRE ATT&CK T1496"
        types = "php,text,html,script"
    strings:
        $take1 = /\$_(POST|REQUEST)[ \t]{0,2}\[[ \t]{0,2}["'](email_?list|mail_?list|emails|to_list|elist|recipients?_list)/ nocase
        $take2 = /\$_(POST|REQUEST)[ \t]{0,2}\[[ \t]{0,2}["'](from_?name|real_?name|reply_?to|sender_?name|from)["']/ nocase
        $split = /(explode|split|preg_split)[ \t]{0,2}\([^\n;]{0,30}(\\n|PHP_EOL)/
        $send = /\bmail[ \t]{0,2}\([ \t]{0,2}\$[a-z_]{1,20}/ nocase
        $free = /(set_time_limit|ignore_user_abort|max_execution_time)[^\n;]{0,12}0/
    condition:
        filesize < 256KB and (object_type == "php" or object_type == "text" or object_type == "html" or
        object_type == "script") and all of them
}
