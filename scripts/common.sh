# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the scripts beside it: where the project is, how to stop, how to build. Sets nothing on the machine.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
self=${0##*/}
exec </dev/null

fail() {
  echo "$self: $*" >&2
  exit 1
}

# quietly LOG COMMAND...: runs it with its output in LOG, which is shown only when it fails.
quietly() {
  local log=$1
  shift
  mkdir -p -- "$(dirname -- "$log")"
  "$@" >"$log" 2>&1 && return
  local status=$?
  tail -n 60 -- "$log" >&2
  fail "failed (exit status $status): ${*##*/}; all of its output is in $log"
}

# configure DIR OPTION...: makes a build directory; one that is there looks again for what has been installed since.
configure() {
  local directory=$1 again=()
  shift
  if [ -f "$directory/build.ninja" ]; then
    [ "$directory/build.ninja" -ot /var/lib/dpkg/status ] || return 0
    again=(--reconfigure)
  fi
  quietly "$directory/configure.log" timeout -k 10 300 meson setup "${again[@]}" "$directory" "$root" "$@"
  touch -- "$directory/build.ninja"
}

# compile DIR TARGET...: ninja, with its progress where there is a terminal to show it on.
compile() {
  local directory=$1
  shift
  if [ -t 2 ]; then
    timeout --foreground -k 10 1800 ninja -C "$directory" "$@" >&2 || fail "$directory does not build"
  else
    quietly "$directory/compile.log" timeout -k 10 1800 ninja -C "$directory" "$@"
  fi
}
