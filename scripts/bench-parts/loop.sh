# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: the parts without an operating system's network below them.

core_part() {
  echo
  run "$work/core" "$build/tests/bench/core_bench" || fail "core_bench failed: $(tail -n 1 "$work/core")"
  grep -v '^\*\*\*WARNING' "$work/core"
}

# Each shipped hook: the program alone, and with the description of the frame and the carrying out of the answer.
hooks_part() {
  echo
  run "$work/hooks" "$build/tests/bench/hook_bench" || fail "hook_bench failed: $(tail -n 1 "$work/hooks")"
  grep -v '^\*\*\*WARNING' "$work/hooks"
}

# What modelled background costs.
shadow_part() {
  echo
  run "$work/shadow" "$build/tests/bench/shadow_bench" || fail "shadow_bench failed: $(tail -n 1 "$work/shadow")"
  echo "shadow, 40 links of 10 Gbit/s at 60 %, slowed down by k"
  cat "$work/shadow"
}

# Million frames per second that testpmd io moves over two null ports, per second that its forwarding thread had the
# CPU: others on the machine take time away from it, but not from this. In $figure.
testpmd_rate() {
  local size=$1 tid="" process task time="" now frames
  # DPDK lets no buffer cross a page: on 4 KiB pages smaller ones start at the same place in each, and share so few
  # sets of the first cache that testpmd runs at half its speed.
  testpmd_command 400 8320 "net_null0,size=$size,copy=0" "net_null1,size=$size,copy=0"
  begin "$work/testpmd" timeout -s INT -k 5 4 "${testpmd[@]}"
  # The last reading counts: the thread stops when its frames are counted, and goes when the process ends.
  while kill -0 "$began" 2>/dev/null; do
    if [ -z "$tid" ]; then
      for process in $(descendants "$began"); do
        for task in /proc/"$process"/task/*; do
          [[ $(cat "$task/comm" 2>/dev/null) != rte-worker-1 ]] || tid=$task
        done
      done
    elif now=$(cut -d' ' -f1 "$tid/schedstat" 2>/dev/null) && [ -n "$now" ]; then
      time=$now
    fi
    sleep 0.02
  done
  finish "$began" || true
  frames=$(awk '/Accumulated/ {a = 1} a && /TX-packets:/ {print $2; exit}' "$work/testpmd")
  [ -n "$time" ] && [ "${frames:-0}" -gt 0 ] || fail "dpdk-testpmd forwarded nothing: $(tail -n 3 "$work/testpmd")"
  figure=$(divide "${frames}000" "$time" %.2f)
}

descendants() {
  local child
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
    echo "$child"
    descendants "$child"
  done
}

link_part() {
  local size chain delay figure held dropped lost by_link by_emulator before limit
  local delays=(10 1000 5000 15000) notes=()
  local -A row
  echo
  echo "One WAN link, both directions on one lcore, million frames/s of its CPU time; in brackets the ratio to testpmd"
  echo "io, which hands the same frames over with no link between. Held: how many of the frames stayed where they lay;"
  echo "the others were copied into the frame store and out again."
  printf '%6s  %-5s %10s %14s %14s %14s %14s   %s\n' \
    frame chain "testpmd io" "10 us" "1 ms" "5 ms" "15 ms" "held, by delay"
  for size in 64 1500 4174; do
    testpmd_rate "$size"
    before=$figure
    for chain in fixed whole; do
      by_link="" by_emulator=""
      for delay in "${delays[@]}"; do
        run "$work/link" "$dataplane_bench" link "$size" "$delay" "$chain" ||
          fail "dataplane_bench link $size $delay $chain: $(tail -n 1 "$work/link")"
        read -r figure held dropped lost < <(tail -n 1 "$work/link")
        row[$chain,$delay]="$figure $held"
        by_link+=" $dropped" by_emulator+=" $lost"
      done
      [[ ! $by_link$by_emulator =~ [1-9] ]] ||
        notes+=("$size B, $chain chain:$by_link by the link;$by_emulator by the emulator")
    done
    testpmd_rate "$size"
    limit=$(divide "$(awk -v a="$before" -v b="$figure" 'BEGIN {print a + b}')" 2)
    for chain in fixed whole; do
      printf '%4s B  %-5s %10s' "$size" "$chain" "$limit"
      for delay in "${delays[@]}"; do
        read -r figure held <<<"${row[$chain,$delay]}"
        printf ' %14s' "$(printf '%.2f (%s)' "$figure" "$(divide "$figure" "$limit" %.3f)")"
      done
      printf '  '
      for delay in "${delays[@]}"; do printf ' %s' "${row[$chain,$delay]#* }"; done
      echo
    done
  done
  [ ${#notes[@]} -eq 0 ] && return
  echo "Frames lost in 2 s, by delay (losing 1 in 10,000 is part of the whole chain):"
  printf '  %s\n' "${notes[@]}"
}

overload_part() {
  local round size load rate output delay=1000 rounds=3
  local -A seen
  local -a loads=()
  for ((round = 0; round < rounds; round++)); do
    for size in 64 1500; do
      run "$work/overload" "$dataplane_bench" overload "$size" "$delay" whole ||
        fail "dataplane_bench overload $size: $(tail -n 1 "$work/overload")"
      loads=()
      while read -r load rate; do
        loads+=("$load")
        seen[$size,$load]+=" $rate"
      done < <(grep -E '^[0-9.]+ [0-9.]+$' "$work/overload")
    done
  done
  echo
  echo "Offered load as a multiple of what one link carries (whole chain, 1 ms), and output as part of its peak"
  printf '%-16s' "load"
  printf ' %6s' "${loads[@]}"
  for size in 64 1500; do
    for output in median lowest; do
      printf '\n%5s B, %-8s' "$size" "$output"
      # shellcheck disable=SC2086
      for load in "${loads[@]}"; do printf ' %6s' "$("$output" ${seen[$size,$load]})"; done
    done
  done
  printf '\n%s\n' "Median and lowest of $rounds runs, by CPU time."
}

lateness_part() {
  local round what p50 p99 p999 rounds=3 per_second=100000
  local -A seen
  for ((round = 0; round < rounds; round++)); do
    run "$work/lateness" "$dataplane_bench" lateness "$per_second" ||
      fail "dataplane_bench lateness: $(tail -n 1 "$work/lateness")"
    while read -r what p50 p99 p999; do
      seen[$what,50]+=" $p50" seen[$what,99]+=" $p99" seen[$what,999]+=" $p999"
    done < <(grep -E '^(empty_loop|data_plane) ' "$work/lateness")
  done
  echo
  echo "Lateness in us at $per_second frames/s over a 5 ms link, median of $rounds runs of 3 s each, taken in turns"
  printf '%-36s %9s %9s %9s\n' "" P50 P99 P99.9
  for what in empty_loop data_plane; do
    # shellcheck disable=SC2086
    printf '%-36s %9s %9s %9s\n' "$([ $what = empty_loop ] && echo "a loop that only reads the clock" || echo longhaul)" \
      "$(median ${seen[$what,50]})" "$(median ${seen[$what,99]})" "$(median ${seen[$what,999]})"
  done
}
