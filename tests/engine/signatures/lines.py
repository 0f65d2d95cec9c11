"""A harmless object that is listed as evil, in the forms of the lists."""

import hashlib

EVIL = b"a harmless text that stands for something evil\n"
MD5, SHA1, SHA256 = (hashlib.new(name, EVIL).hexdigest() for name in ("md5", "sha1", "sha256"))
SIZE = len(EVIL)
LINE = f"{MD5}:{SIZE}:Evil.Thing\n".encode()
