# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: what it measures with, and processes that end with it. Expects common.sh.

build=$root/build
longhaul=$build/scenarios/longhaul
dataplane_bench=$build/tests/bench/dataplane_bench
udp_flood=$build/tests/bench/udp_flood
probe_hosts=$build/tests/bench/probe_hosts
mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{for (c = $1; c <= $NF; c++) print c}')
first_cpu=${cpus[0]}
last_cpu=${cpus[-1]}
work=               # a directory for what the parts write
declare -A children # by process id

# begin LOG COMMAND...: in the background, with its output in LOG and its id in $began. Each has a session of its own,
# as it would have in a terminal of its own: the kernel shares the CPU out by session.
begin() {
  local log=$1
  shift
  : >"$log"  # before the child does, so that nobody reads what an earlier one wrote
  setsid timeout -k 10 120 "$@" >"$log" 2>&1 &
  began=$!
  children[$began]=1
}

# finish PROCESS: waits for it and returns its exit status.
finish() {
  local status=0
  wait "$1" || status=$?
  unset "children[$1]"
  return "$status"
}

# run LOG COMMAND...: both.
run() {
  begin "$@"
  finish "$began"
}

stop_children() {
  local pid
  for pid in "${!children[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${!children[@]}"; do wait "$pid" 2>/dev/null || true; done
  children=()
}

clean_up() {
  local name
  stop_children
  for name in lhb-a lhb-b; do ip netns del "$name" 2>/dev/null || true; done
  for name in lhb-0 lhb-1; do ip link del "$name" 2>/dev/null || true; done
}

wait_for() {  # wait_for SECONDS COMMAND...: until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.02
  done
}

divide() { awk -v a="$1" -v b="$2" -v f="${3:-%.2f}" 'BEGIN {if (b > 0) printf f, a / b; else printf "-"}'; }
below() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a < b)}'; }
lowest() { printf '%s\n' "$@" | sort -g | head -n 1; }
median() { printf '%s\n' "$@" | sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# testpmd_command MEMORY_MB BUFFER DEVICE0 DEVICE1: dpdk-testpmd that hands frames from one port to the other, on the
# CPU that longhaul's lcore would have, in $testpmd. As longhaul does it: in hugepages when enough are free, and ahead
# of other sessions for the CPU.
testpmd_command() {
  local free memory=(--no-huge --no-shconf)
  free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
  [ $((free * 2)) -gt $(($1 + 64)) ] && memory=(--in-memory)
  testpmd=(env "RUNTIME_DIRECTORY=$work" bash -c '(echo -19 >/proc/self/autogroup) 2>/dev/null; exec "$@"' first
    stdbuf -oL dpdk-testpmd "--lcores=0@$first_cpu,1@$last_cpu" --no-pci "${memory[@]}" -m "$1" --no-telemetry
    "--file-prefix=lhb-$$" "--vdev=$3" "--vdev=$4" -- --forward-mode=io --auto-start --nb-cores=1 --stats-period=1
    --total-num-mbufs=16384 "--mbuf-size=$2" --burst=64)
}
