// Rootkits: what hides programs, files and connections from the machine's owner.

rule Linux_Rootkit_Kernel_Module
{
    meta:
        threat = "Linux.Rootkit.KernelModule"
        kind = "backdoor"
        certainty = "probable"
        description = "A kernel module that hides programs, files or connections"
        reference = "MITRE ATT&CK T1014, T1547.006"
        types = "elf"
    strings:
        $module = "vermagic="
        $table1 = "sys_call_table"
        $table2 = "kallsyms_lookup_name"
        $table3 = "ftrace_set_filter_ip"
        $hook1 = /(hook|hooked|orig|fake|new|hacked)_?(sys_)?getdents(64)?/
        $hook2 = /(hook|hooked|orig|fake|new|hacked)_?(tcp4_seq_show|sys_kill|kill|filldir)/
        $hide1 = /(hide|unhide)_?(pid|proc|process|module|file|port|me|self)/
        $hide2 = /(give|get|set)_?root/
        $hide3 = "module_hidden"
    condition:
        filesize < 2MB and object_type == "elf" and $module and any of ($table*) and any of ($hook*) and any of
        ($hide*)
}

rule Linux_Rootkit_Module_Source
{
    meta:
        threat = "Linux.Rootkit.ModuleSource"
        kind = "backdoor"
        certainty = "known"
        description = "The source of a kernel module that hides programs, files and itself"
        reference = "MITRE ATT&CK T1014, T1547.006"
        types = "text"
    strings:
        $module = /MODULE_LICENSE[ \t]{0,2}\(/
        $hook1 = /(sys_call_table|__sys_call_table)[ \t]{0,2}\[[ \t]{0,2}__NR_/
        $hook2 = /ftrace_set_filter_ip[ \t]{0,2}\(/
        $hook3 = /kallsyms_lookup_name[ \t]{0,2}\([ \t]{0,2}"(sys_call_table|__x64_sys_)/
        $self = /list_del(_init)?[ \t]{0,2}\([ \t]{0,2}&[ \t]{0,2}(THIS_MODULE->|__this_module\.)list/
        $work1 = /getdents(64)?/
        $work2 = /(commit_creds|prepare_creds|prepare_kernel_cred)[ \t]{0,2}\(/
        $work3 = /tcp[46]_seq_show/
    condition:
        filesize < 512KB and object_type == "text" and $module and any of ($hook*) and $self and any of ($work*)
}

rule Linux_Rootkit_Preload_Source
{
    meta:
        threat = "Linux.Rootkit.PreloadSource"
        kind = "backdoor"
        certainty = "known"
        description = "The source of a library that hides programs or files from everybody who lists them"
        reference = "MITRE ATT&CK T1014, T1574.006"
        types = "text"
    strings:
        $next = /dlsym[ \t]{0,2}\([ \t]{0,2}RTLD_NEXT[ \t]{0,2},[ \t]{0,2}"(readdir(64)?|fopen|open|stat|accept)"/
        $define = /struct[ \t]{1,3}dirent(64)?[ \t]{0,2}\*[ \t]{0,2}readdir(64)?[ \t]{0,2}\(/
        $compare = /(strcmp|strstr|strncmp)[ \t]{0,2}\([^\n;]{1,60}(->d_name|process_name|HIDE|MAGIC)/
        $skip = /\b(continue|while|goto)\b/
        $word1 = "ld.so.preload"
        $word2 = /\/proc\/(self\/fd|%s\/(stat|cmdline|comm))/
    condition:
        filesize < 256KB and object_type == "text" and $next and $define and $compare and $skip and any of
        ($word*)
}

rule Linux_Rootkit_Bpf_Source
{
    meta:
        threat = "Linux.Rootkit.BpfSource"
        kind = "backdoor"
        certainty = "known"
        description = "The source of a kernel probe that changes what programs are told about files and programs"
        reference = "MITRE ATT&CK T1014; bpf-helpers(7)"
        types = "text"
    strings:
        $bpf = /SEC[ \t]{0,2}\([ \t]{0,2}"(tp|tracepoint|kprobe|kretprobe|fexit|fentry)\//
        $write = /bpf_probe_write_user[ \t]{0,2}\(/
        $place1 = /getdents(64)?/
        $place2 = /sys_(enter|exit)_(read|openat)/
        $what1 = /(pid|name|file)s?_?to_?hide/
        $what2 = /sudoers|authorized_keys|\/etc\/(passwd|shadow)/
        $what3 = /d_reclen/
    condition:
        filesize < 256KB and object_type == "text" and $bpf and $write and any of ($place*) and any of ($what*)
}

rule Linux_Rootkit_Module_Loader
{
    meta:
        threat = "Linux.Rootkit.ModuleLoader"
        kind = "backdoor"
        certainty = "known"
        description = "A script that loads a hidden kernel module and sees that it comes back after a restart"
        reference = "MITRE ATT&CK T1547.006"
        types = "text,shell,script"
    strings:
        $load = /(insmod|modprobe)[ \t]{1,3}[^\n;]{0,20}(\/tmp|\/var\/tmp|\/dev\/shm|\/[a-z\/]{2,30}\/\.[A-Za-z0-9]{1,20})[^\n;]{0,40}|insmod[ \t]{1,3}[^\n;]{1,60}\.ko\b/
        $stay = /(>>?|tee[ \t](-a[ \t])?)[ \t]{0,2}["']?\/etc\/(modules(-load\.d\/[a-z0-9._\-]{1,30})?|rc\.local|rc\.modules)/
        $hide1 = /(dmesg[ \t]{1,3}-[cC]\b|history[ \t]{1,3}-c\b|unset[ \t]HISTFILE)/
        $hide2 = /rm[ \t]{1,3}-[rf]{1,2}[ \t]{1,3}[^\n]{0,60}(\.ko\b|\.c\b|\$\{?0\b)/
        $hide3 = /kill[ \t]{1,3}-(31|63|64|62)[ \t]{1,3}[0-9$]/
        $hide4 = /touch[ \t]{1,3}-[a-z]{0,2}r[ \t]/
    condition:
        filesize < 64KB and (object_type == "text" or object_type == "shell" or object_type == "script") and
        $load and $stay and any of ($hide*)
}
