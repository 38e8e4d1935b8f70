#!/bin/sh
# Runs a command under the restrictions of a unit that work without a running systemd: confine.sh FILES SETS FAMILIES COMMAND...
# A read-only file system, no other user's processes, no homes, no capability, no new privileges, its system calls and open files.
confine="$(dirname "$0")/confine.py"
files=$1
shift
# shellcheck disable=SC2016 -- the inner shell expands it
exec unshare --mount --pid --fork --kill-child --propagation private sh -c '
  mount -t proc -o hidepid=invisible proc /proc
  mount -o remount,bind,ro /
  mount -t tmpfs -o mode=0700,ro tmpfs /home
  files=$1; confine=$2; shift 2
  exec prlimit --nofile="$files" setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs /usr/bin/python3 "$confine" "$@"' sh "$files" "$confine" "$@"
