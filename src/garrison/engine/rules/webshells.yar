// Web shells: pages left on a web or file server that run what a visitor sends.

private rule Page_For_Web_Shells
{
    condition:
        filesize < 2MB and (object_type == "php" or object_type == "html" or object_type == "xml" or
        object_type == "text" or object_type == "script" or object_type == "data")
}

private rule Cgi_For_Web_Shells
{
    condition:
        filesize < 256KB and (object_type == "python" or object_type == "perl" or object_type == "text" or
        object_type == "script")
}

rule PHP_WebShell_Run_Request
{
    meta:
        threat = "PHP.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "known"
        description = "A PHP page that runs whatever a visitor sends to it"
        reference = "MITRE ATT&CK T1505.003; PHP manual, program execution functions"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $run = /[^A-Za-z0-9_>:](eval|assert|system|passthru|shell_exec|exec|popen|pcntl_exec|proc_open)[ \t]{0,3}\([ \t"'@(]{0,6}((stripslashes|base64_decode|trim|urldecode|rawurldecode|gzinflate|str_rot13|strrev|hex2bin)[ \t]{0,3}\([ \t@]{0,3}){0,3}[{(]?\$\{?_(POST|GET|REQUEST|COOKIE|SERVER\[[ \t]?["']HTTP_[A-Z])/ nocase
        $tick = /[=(;.][ \t]{0,3}`\{?\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[[^`\n]{1,40}`/
        $named = /[^A-Za-z0-9_>]\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[[ \t]{0,2}["']?[A-Za-z0-9_]{1,20}["']?[ \t]{0,2}\][ \t]{0,2}\([ \t]{0,2}@?(base64_decode\()?\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/
    condition:
        Page_For_Web_Shells and $open and for any of ($run, $tick, $named) : (@ > @open[1])
}

rule PHP_WebShell_Run_Variable
{
    meta:
        threat = "PHP.WebShell.RunVariable"
        kind = "web-shell"
        certainty = "probable"
        description = "A small PHP page that takes a command from the visitor and shows what it printed"
        reference = "MITRE ATT&CK T1505.003"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $take = /\$(cmd|command|c|exec|x|run|code|ev|komut|perintah)[ \t]{0,3}=[ \t]{0,3}(\(?[ \t]?isset[^;\n]{1,60}\?[ \t]{0,3})?(stripslashes|trim|base64_decode)?\(?[ \t]{0,2}\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/
        $run = /[^A-Za-z0-9_>:](system|passthru|shell_exec|exec|popen|eval|assert)[ \t]{0,3}\([ \t]{0,3}["']?\$(cmd|command|c|exec|x|run|code|ev|komut|perintah)\b/
        $show = /(echo|print)[ \t(]{1,3}["'][^"'\n]{0,40}<(\/?pre|\/?textarea|\/?xmp)/ nocase
        $form = /<(pre|textarea|xmp)[ >]/ nocase
    condition:
        Page_For_Web_Shells and filesize < 24KB and $open and $take and
        $run in (@take[1]..@take[1] + 600) and any of ($show, $form)
}

rule PHP_WebShell_Callback
{
    meta:
        threat = "PHP.WebShell.Callback"
        kind = "web-shell"
        certainty = "known"
        description = "A PHP page that hands a visitor's text to a dangerous function by a detour"
        reference = "MITRE ATT&CK T1505.003; PHP manual, callbacks, create_function and the e modifier"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $map = /[^A-Za-z0-9_>:](array_map|array_filter|array_walk|array_reduce|call_user_func|call_user_func_array|usort|uasort|uksort|array_udiff|register_shutdown_function|register_tick_function)[ \t]{0,3}\([ \t]{0,3}((array[ \t]{0,2}\(|\[)?[ \t]{0,2}@?\$_(POST|GET|REQUEST|COOKIE)[^;\n]{1,60},[ \t]{0,3})?["'](assert|system|passthru|exec|shell_exec|eval|popen|proc_open|create_function)["'][^;\n]{0,60}/ nocase
        $make = /[^A-Za-z0-9_>:]create_function[ \t]{0,3}\([ \t]{0,3}["'][^"'\n]{0,40}["'][ \t]{0,3},[ \t]{0,3}[^\n]{0,60}\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/ nocase
        $e = /[^A-Za-z0-9_>:]m?b?_?(preg|ereg)_replace[ \t]{0,3}\([ \t]{0,3}["'][^"'\n]{1,40}[\/#~|][a-z]{0,4}e[a-z]{0,4}["'][ \t]{0,3},[ \t]{0,3}[^;\n]{0,40}\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/ nocase
        $ask = /\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}[\[{]/
    condition:
        Page_For_Web_Shells and filesize < 128KB and $open and
        ($make or $e or ($map and $ask in (@map[1]..@map[1] + 160)))
}

rule PHP_WebShell_File_Writer
{
    meta:
        threat = "PHP.WebShell.FileWriter"
        kind = "web-shell"
        certainty = "known"
        description = "A PHP page that writes any text a visitor sends into any file the visitor names"
        reference = "MITRE ATT&CK T1505.003, T1105"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $put = /[^A-Za-z0-9_>:]file_put_contents[ \t]{0,3}\([ \t]{0,3}@?((base64_decode|trim|urldecode|hex2bin)[ \t]{0,2}\([ \t]{0,2})?\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[[^\]\n]{1,30}\][ \t)]{0,4},[ \t]{0,3}@?((base64_decode|trim|urldecode|hex2bin|stripslashes)[ \t]{0,2}\([ \t]{0,2}){0,2}\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/ nocase
        $write = /[^A-Za-z0-9_>:]f(write|puts)[ \t]{0,3}\([ \t]{0,3}@?fopen[ \t]{0,2}\([ \t]{0,3}@?\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[[^\n;]{1,60}\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[/ nocase
    condition:
        Page_For_Web_Shells and filesize < 128KB and $open and any of ($put, $write)
}

rule PHP_WebShell_Packed
{
    meta:
        threat = "PHP.WebShell.Packed"
        kind = "web-shell"
        certainty = "probable"
        description = "A PHP page that unpacks a hidden program from a long text and runs it"
        reference = "MITRE ATT&CK T1505.003, T1027.013"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $run = /[^A-Za-z0-9_>:](eval|assert)[ \t]{0,3}\([ \t"'.?>]{0,6}@?((gzinflate|gzuncompress|gzdecode|base64_decode|str_rot13|strrev|rawurldecode|convert_uudecode|hex2bin|zlib_decode)[ \t]{0,3}\([ \t@]{0,3}){2,6}["'$]/ nocase
        $plain = /[^A-Za-z0-9_>:](eval|assert)[ \t]{0,3}\([ \t"'.?>]{0,6}@?base64_decode[ \t]{0,3}\([ \t]{0,3}["'][A-Za-z0-9+\/=]{120}/ nocase
        $blob = /["'][A-Za-z0-9+\/=\\]{120}/
    condition:
        Page_For_Web_Shells and $open and (($run and $blob) or $plain)
}

rule PHP_WebShell_Hidden_Call
{
    meta:
        threat = "PHP.WebShell.HiddenCall"
        kind = "web-shell"
        certainty = "known"
        description = "A PHP page that hides the name of a dangerous function and calls it with a visitor's text"
        reference = "MITRE ATT&CK T1505.003, T1027; PHP manual, variable functions"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $name1 = /\$[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}=[ \t]{0,3}(strrev|str_rot13|base64_decode|hex2bin|pack|chr)[ \t]{0,2}\([ \t]{0,2}["']?[A-Za-z0-9+\/=, "*]{2,40}["']?[ \t]{0,2}\)[ \t]{0,3}[;.]/
        $name2 = /\$[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}=[ \t]{0,3}["'][a-z_]{1,8}["'][ \t]{0,3}\.[ \t]{0,3}["'][a-z_]{1,8}["']([ \t]{0,3}\.[ \t]{0,3}["'][a-z_0-9]{1,8}["']){0,8}[ \t]{0,3};/
        $name3 = /\$[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}=[ \t]{0,3}str_replace[ \t]{0,2}\([ \t]{0,2}["'][A-Za-z0-9]{1,8}["'][ \t]{0,2},[ \t]{0,2}["']{2}[ \t]{0,2},[ \t]{0,2}["'][A-Za-z0-9_]{4,60}["']/
        $call = /\$[A-Za-z_][A-Za-z0-9_]{0,30}[ \t]{0,3}\([ \t]{0,2}("["'], |["']{2}[ \t]{0,2},[ \t]{0,2})?@?\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}[\[{]/
    condition:
        Page_For_Web_Shells and filesize < 64KB and $open and $call and
        for any of ($name*) : (@[1] < @call[1] and @call[1] - @[1] < 500)
}

rule PHP_WebShell_File_Manager
{
    meta:
        threat = "PHP.WebShell.FileManager"
        kind = "web-shell"
        certainty = "probable"
        description = "A PHP page that gives a visitor a command line, an upload form and the server's files"
        reference = "MITRE ATT&CK T1505.003, T1083, T1082"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $run1 = /[^A-Za-z0-9_>:]shell_exec[ \t]{0,2}\([ \t]{0,2}\$/
        $run2 = /[^A-Za-z0-9_>:]passthru[ \t]{0,2}\([ \t]{0,2}\$/
        $run3 = /[^A-Za-z0-9_>:]system[ \t]{0,2}\([ \t]{0,2}\$/
        $run4 = /[^A-Za-z0-9_>:]popen[ \t]{0,2}\([ \t]{0,2}\$/
        $run5 = /[^A-Za-z0-9_>:]proc_open[ \t]{0,2}\([ \t]{0,2}\$/
        $run6 = /[^A-Za-z0-9_>:]eval[ \t]{0,2}\([ \t]{0,2}\$/
        $know1 = /php_uname[ \t]{0,2}\(/
        $know2 = "disable_functions"
        $know3 = /posix_getpwuid[ \t]{0,2}\([ \t]{0,2}(@?fileowner|posix_ge)/
        $know4 = /["']safe_mode["']/
        $know5 = "/etc/passwd"
        $know6 = /disk_(free|total)_space[ \t]{0,2}\(/
        $file1 = /move_uploaded_file[ \t]{0,2}\(|[^A-Za-z0-9_]copy[ \t]{0,2}\([ \t]{0,2}\$_FILES/
        $file2 = /[^A-Za-z0-9_>]chmod[ \t]{0,2}\([ \t]{0,2}\$/
        $file3 = /[^A-Za-z0-9_>]unlink[ \t]{0,2}\([ \t]{0,2}\$/
        $file4 = /[^A-Za-z0-9_>](opendir|scandir|glob)[ \t]{0,2}\([ \t]{0,2}\$/
        $ask = /\$_(POST|GET|REQUEST|COOKIE)[ \t]{0,2}\[[ \t]{0,2}["'](cmd|c|command|exec|execute|shell|ev|code|komut|act|p1|a|dir|d)["']/
    condition:
        Page_For_Web_Shells and $open in (0..2048) and $ask and
        3 of ($run*) and 3 of ($know*) and 3 of ($file*)
}

rule PHP_WebShell_Uploader
{
    meta:
        threat = "PHP.WebShell.Uploader"
        kind = "web-shell"
        certainty = "probable"
        description = "A bare PHP page that stores any file a visitor sends, under the visitor's own name for it"
        reference = "MITRE ATT&CK T1505.003, T1105"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /(^|[^"'`A-Za-z0-9\\])<\?(php|=)/ nocase
        $store = /(move_uploaded_file|copy)[ \t]{0,2}\([ \t]{0,2}\$_FILES[ \t]{0,2}\[[^\]\n]{1,30}\][ \t]{0,2}\[[ \t]{0,2}["']?tmp_name["']?[ \t]{0,2}\][ \t]{0,2},[^;\n]{0,60}\$_FILES[ \t]{0,2}\[[^\]\n]{1,30}\][ \t]{0,2}\[[ \t]{0,2}["']?name/
        $form = /enctype[ \t]{0,2}=[ \t]{0,2}\\?["']?multipart\/form-data/ nocase
        $show1 = /php_uname[ \t]{0,2}\(/
        $show2 = /(echo|print|\.)[ \t(]{0,3}@?getcwd[ \t]{0,2}\(/
        $show3 = /error_reporting[ \t]{0,2}\([ \t]{0,2}0[ \t]{0,2}\)/
        $show4 = /\$_SERVER[ \t]{0,2}\[[ \t]{0,2}["']?(DOCUMENT_ROOT|SERVER_SOFTWARE|SERVER_ADDR)/
    condition:
        Page_For_Web_Shells and filesize < 6KB and $open and $store and $form and any of ($show*)
}

rule PHP_WebShell_In_Picture
{
    meta:
        threat = "PHP.WebShell.InPicture"
        kind = "web-shell"
        certainty = "known"
        description = "A picture with a PHP program hidden in it"
        reference = "MITRE ATT&CK T1505.003, T1027.009"
        types = "png,jpeg,gif"
    strings:
        $open = /<\?(php|=)[ \t\r\n@$(]/ nocase
        $run = /[^A-Za-z0-9_>:](eval|assert|system|passthru|shell_exec|exec|include|require|create_function|file_put_contents)[ \t]{0,3}[(@$]/
        $ask = /\$_(POST|GET|REQUEST|COOKIE|FILES|SERVER)[ \t]{0,2}\[/
    condition:
        (object_type == "png" or object_type == "jpeg" or object_type == "gif") and filesize < 10MB and $open and
        $run in (@open[1]..@open[1] + 2000) and $ask in (@open[1]..@open[1] + 2000)
}

rule Config_WebShell_Handler
{
    meta:
        threat = "Config.WebShell.PictureHandler"
        kind = "web-shell"
        certainty = "probable"
        description = "A web server setting that makes pictures or texts run as programs"
        reference = "MITRE ATT&CK T1505.003; Apache mod_mime and PHP auto_prepend_file documentation"
        types = "text"
    strings:
        $handler = /(^|[\r\n])[ \t]{0,8}(AddType|AddHandler)[ \t]{1,4}["']?(application\/x-httpd-php[0-9]?|php[0-9]?-script|x-httpd-php[0-9]?|proxy:fcgi[^\s]{1,60})["']?[ \t]{1,4}[^\r\n#]{0,40}\.?(jpe?g|png|gif|ico|txt|bmp|svg|pdf|css)\b/ nocase
        $set = /<FilesMatch[ \t]{1,4}["'][^"'\r\n>]{0,60}(jpe?g|png|gif|ico|txt|bmp|svg|pdf|css)[^"'\r\n>]{0,20}["']?[ \t]{0,2}>[ \t\r\n]{1,20}SetHandler[ \t]{1,4}["']?(application\/x-httpd-php|php[0-9]?-script|proxy:fcgi)/ nocase
        $prepend = /(^|[\r\n])[ \t]{0,8}(php_value[ \t]{1,4})?auto_(prepend|append)_file[ \t=]{1,6}["']?[^\s"']{0,80}\.(jpe?g|png|gif|ico|txt|bmp|svg|pdf|css|log)\b/ nocase
    condition:
        object_type == "text" and filesize < 8KB and any of them
}

rule JSP_WebShell_Run_Request
{
    meta:
        threat = "JSP.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "known"
        description = "A Java server page that runs a visitor's commands"
        reference = "MITRE ATT&CK T1505.003"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /<%[@!= \r\n\t]/
        $tag = "<jsp:scriptlet>"
        $runtime = /getRuntime[ \t]{0,2}\([ \t]{0,2}\)[ \t\r\n]{0,6}\.[ \t]{0,2}exec[ \t]{0,2}\(/
        $builder = /new[ \t]{1,3}(java\.lang\.)?ProcessBuilder[ \t]{0,2}\(/
        $ask = /request[ \t]{0,2}\.[ \t]{0,2}(getParameter|getHeader|getReader)[ \t]{0,2}\(/
        $shell = /["'](\/bin\/(ba)?sh|cmd(\.exe)?|sh|bash)["'][ \t]{0,2},[ \t]{0,2}["'](-c|\/c)["']/
        $read = /\.[ \t]{0,2}getInputStream[ \t]{0,2}\([ \t]{0,2}\)/
        $direct = /\.[ \t]{0,2}exec[ \t]{0,2}\([ \t]{0,2}request[ \t]{0,2}\.[ \t]{0,2}getParameter/
    condition:
        Page_For_Web_Shells and filesize < 128KB and any of ($open, $tag) and $ask and $read and
        ((($runtime or $builder) and $shell) or $direct or (filesize < 3KB and $runtime))
}

rule JSP_WebShell_Class_Loader
{
    meta:
        threat = "JSP.WebShell.ClassLoader"
        kind = "web-shell"
        certainty = "known"
        description = "A Java server page that receives a hidden program, decrypts it and loads it"
        reference = "MITRE ATT&CK T1505.003, T1620"
        types = "php,html,xml,text,script,data"
    strings:
        $open = /<%[@!= \r\n\t]/
        $loader = /extends[ \t]{1,3}(java\.lang\.)?ClassLoader\b/
        $define = /(super|this|\w)\.?[ \t]{0,2}defineClass[ \t]{0,2}\(/
        $cipher = /(Cipher\.getInstance|new[ \t]{1,3}(javax\.crypto\.spec\.)?SecretKeySpec|BASE64Decoder|Base64\.getDecoder)/
        $ask = /request[ \t]{0,2}\.[ \t]{0,2}(getParameter|getReader|getInputStream|getHeader)[ \t]{0,2}\(/
        $make = /\.newInstance[ \t]{0,2}\([ \t]{0,2}\)/
    condition:
        Page_For_Web_Shells and filesize < 64KB and $open in (0..1024) and all of them
}

rule ASP_WebShell_Run_Request
{
    meta:
        threat = "ASP.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "known"
        description = "A page for Microsoft's web server that runs what a visitor sends"
        reference = "MITRE ATT&CK T1505.003"
        types = "php,html,xml,text,script,data"
    strings:
        $eval = /<%[^%]{0,200}\b(eval|execute|executeglobal)[ \t]{0,3}\(?[ \t]{0,3}(System\.Text\.[^;%]{0,60}\()?request(\.(item|form|querystring|cookies|headers))?[ \t]{0,2}[\[(][ \t]{0,2}["'][^"'\r\n]{1,40}["']/ nocase
        $page = /<%@[ \t]{0,3}(page|webhandler|webservice)[^%]{0,80}language[ \t]{0,2}=[ \t]{0,2}["']?(c#|vb|jscript)/ nocase
        $process = /(ProcessStartInfo|Process\.Start|Diagnostics\.Process)\b/ nocase
        $cmd = /["'@](cmd(\.exe)?|powershell(\.exe)?|\/bin\/(ba)?sh)["']/ nocase
        $args = /["'](\/c|-c)[ "']/ nocase
        $ask = /request(\.(item|form|querystring|params|headers))?[ \t]{0,2}[\[(][ \t]{0,2}["']|txt[A-Za-z_]{0,20}\.Text|TextBox/ nocase
        $output = /(StandardOutput|RedirectStandardOutput)/ nocase
    condition:
        Page_For_Web_Shells and filesize < 128KB and
        ($eval or ($page in (0..1024) and $process and $cmd and $args and $ask and $output))
}

rule Python_WebShell_Run_Request
{
    meta:
        threat = "Python.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "probable"
        description = "A Python web page that runs a visitor's commands"
        reference = "MITRE ATT&CK T1505.003, T1059.006"
        types = "python,perl,text,script"
    strings:
        $direct = /(os\.(popen|system)|subprocess\.(getoutput|getstatusoutput|check_output|run|Popen|call)|eval|exec)\([ \t]{0,3}(flask\.)?(request\.(args|form|values|json|headers|query|forms|params|data|cookies)|[A-Za-z_]{1,12}(\.getvalue\(|\.getfirst\()|(form|fs|query|params|fields)\[["'])/
        $take = /\b(cmd|command|c|code|payload|exe|shell)[ \t]{0,3}=[ \t]{0,3}(flask\.)?((request\.(args|form|values|json|headers|query|forms|params)|self\.headers)(\.get\(|\[)|(form|fs|query|params|fields)(\.getvalue\(|\.getfirst\(|\[["']))/
        $run = /(os\.popen\([ \t]{0,2}(cmd|command|c|code|payload|exe|shell)\b|subprocess\.(getoutput|getstatusoutput|check_output|run|Popen|call)\([ \t]{0,2}(cmd|command|c|code|payload|exe|shell)[ \t]{0,2},[^\n]{0,60}shell[ \t]{0,2}=[ \t]{0,2}True|subprocess\.(getoutput|getstatusoutput)\([ \t]{0,2}(cmd|command|c|code|payload|exe|shell)\b)/
        $web1 = /(cgi|wsgi)\.FieldStorage\(/
        $web2 = /@[a-z_]{1,20}\.(route|get|post)\([ \t]{0,2}["']/
        $web3 = /print\([ \t]{0,2}["']Content-type:/ nocase
        $web4 = "BaseHTTPRequestHandler"
    condition:
        Cgi_For_Web_Shells and filesize < 48KB and any of ($web*) and
        ($direct or ($take and $run in (@take[1]..@take[1] + 400)))
}

rule Perl_WebShell_Run_Request
{
    meta:
        threat = "Perl.WebShell.RunRequest"
        kind = "web-shell"
        certainty = "probable"
        description = "A Perl web page that runs a visitor's commands"
        reference = "MITRE ATT&CK T1505.003, T1059"
        types = "python,perl,text,script"
    strings:
        $web = /Content-type:[ \t]{0,3}text\/(html|plain)/ nocase
        $take_cmd = /\$cmd[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $take_command = /\$command[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $take_c = /\$c[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $take_in = /\$in[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $take_run = /\$run[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $take_exec = /\$exec[ \t]{0,3}=[ \t]{0,3}((\$[a-z]{1,6}->)?param[ \t]{0,2}\(|\$(in|form|FORM|query|QUERY|params?)\{[ \t]{0,2}["']?[A-Za-z_]{1,20}|\$ENV\{[ \t]{0,2}["']?(QUERY_|PATH_INFO|HTTP_|REQUEST_|REMOTE_))/
        $run_cmd_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$cmd\b/
        $run_cmd_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$cmd\b|\$cmd\b[^"'\n]{0,20}\|)/
        $run_command_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$command\b/
        $run_command_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$command\b|\$command\b[^"'\n]{0,20}\|)/
        $run_c_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$c\b/
        $run_c_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$c\b|\$c\b[^"'\n]{0,20}\|)/
        $run_in_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$in\b/
        $run_in_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$in\b|\$in\b[^"'\n]{0,20}\|)/
        $run_run_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$run\b/
        $run_run_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$run\b|\$run\b[^"'\n]{0,20}\|)/
        $run_exec_1 = /(=[ \t]{0,3}`|qx[ \t]{0,2}[{(\/|]|(system|exec)[ \t]{0,3}\(?[ \t]{0,3}["']?)[ \t]{0,3}\$exec\b/
        $run_exec_2 = /open[ \t]{0,3}\(?[ \t]{0,3}[A-Za-z$_ ]{1,30},[ \t]{0,3}["'](-\|[^\n;]{0,60}\$exec\b|\$exec\b[^"'\n]{0,20}\|)/
    condition:
        Cgi_For_Web_Shells and filesize < 128KB and $web and (
            for any of ($run_cmd_*) : (@[1] > @take_cmd[1] and @[1] - @take_cmd[1] < 800) or
            for any of ($run_command_*) : (@[1] > @take_command[1] and @[1] - @take_command[1] < 800) or
            for any of ($run_c_*) : (@[1] > @take_c[1] and @[1] - @take_c[1] < 800) or
            for any of ($run_in_*) : (@[1] > @take_in[1] and @[1] - @take_in[1] < 800) or
            for any of ($run_run_*) : (@[1] > @take_run[1] and @[1] - @take_run[1] < 800) or
            for any of ($run_exec_*) : (@[1] > @take_exec[1] and @[1] - @take_exec[1] < 800)
        )
}
