import subprocess
import sys

# In a process of its own: others share the libraries of this one.
_PROGRAM = """
import hashlib, json, re, ssl
from garrison.linux.memory import give_back

def resident():
    lines = open("/proc/self/smaps").read().splitlines()
    found, counts = 0, False
    for line in lines:
        if re.match(r"[0-9a-f]+-", line):
            counts = " r-xp " in line and ".so" in line
        elif line.startswith("Rss:") and counts:
            found += int(line.split()[1])
    return found

before = resident()
give_back()
after = resident()
assert json.loads(json.dumps([1])) == [1]
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
print(before, after)
"""


def test_code_is_given_back_and_still_runs() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", _PROGRAM], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert 0 < after < before
