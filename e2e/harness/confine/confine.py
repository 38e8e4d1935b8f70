"""Restricts the system calls of a command to those of a unit, as systemd does: confine.py SETS FAMILIES COMMAND...

SETS is the unit's SystemCallFilter ("@system-service ~@privileged @resources"), FAMILIES its RestrictAddressFamilies.
"""

import os
import socket
import subprocess
import sys

import seccomp


def calls_of(name):
    """Returns the system calls of a set, as systemd-analyze knows it."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
    members = [line.strip() for line in lines.splitlines()[1:]]
    return set().union(*(calls_of(member) for member in members if member and not member.startswith("#")))


def main():
    sets, families, *command = sys.argv[1:]
    allowed, removes = set(), False
    for name in sets.split():
        removes = removes or name.startswith("~")
        calls = calls_of(name.removeprefix("~"))
        allowed = allowed - calls if removes else allowed | calls
    # As SystemCallErrorNumber=EPERM.
    rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(1))
    for call in sorted(allowed - {"socket"}):
        try:
            rules.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # This architecture does not have it.
    for family in families.split():
        rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, getattr(socket, family)))
    rules.load()
    os.execvp(command[0], command)


main()
