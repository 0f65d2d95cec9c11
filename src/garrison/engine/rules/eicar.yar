// The EICAR anti-malware test file: not malware, but every product answers to it.

rule EICAR_Test_File
{
    meta:
        threat = "EICAR-Test-File"
        kind = "test"
        certainty = "known"
        description = "The harmless file that everyone uses to see whether a virus scanner is awake"
        reference = "EICAR Anti-Malware Testfile definition: 68 bytes at the start, up to 128 with trailing white space"
        types = "*"
    strings:
        $body = /X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\$H\+H\*[ \t\r\n\x1a]{0,60}/
    condition:
        filesize >= 68 and filesize <= 128 and $body at 0 and !body[1] == filesize
}
