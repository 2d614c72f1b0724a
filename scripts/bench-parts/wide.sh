# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: the ns-3 side. Our link device and ns-3's own point-to-point device in turns, each in a process
# of its own, the best of some rounds; then how long a topology of a thousand sites takes to stand.

wide_bench=$build/tests/bench/wide_bench

# figure NAME FILE: what follows NAME in a line of words.
figure() { awk -v name="$1" '{for (i = 1; i < NF; i++) if ($i == name) print $(i + 1)}' "$2"; }

carry_best() {  # carry_best WHOSE HOPS: sets $best_frames and $best_events
  local frames
  run "$work/wide" "$wide_bench" carry "$1" "$2" || fail "$(tail -n 1 "$work/wide")"
  frames=$(figure frames_per_s "$work/wide")
  if below "${best_frames[$1 $2]:-0}" "$frames"; then
    best_frames[$1 $2]=$frames best_events[$1 $2]=$(figure events_per_s "$work/wide")
  fi
}

wide_part() {
  local round hops whose kind
  local -A best_frames=() best_events=() memory=()
  for ((round = 0; round < 5; round++)); do
    for hops in 1 3 5; do
      for whose in ours ns3; do carry_best "$whose" "$hops"; done
    done
  done
  echo
  echo "ns-3: 1,500 B packets through a chain, per CPU second, the best of 5 rounds each"
  printf '%-10s %16s %16s %8s %16s %16s\n' hops "ours, frames/s" "ns-3's own" ratio "ours, events/s" "ns-3's own"
  for hops in 1 3 5; do
    printf '  %-8s %16s %16s %8s %16s %16s\n' "$hops" "${best_frames[ours $hops]}" "${best_frames[ns3 $hops]}" \
      "$(divide "${best_frames[ours $hops]}" "${best_frames[ns3 $hops]}")" "${best_events[ours $hops]}" "${best_events[ns3 $hops]}"
  done
  for whose in ours ns3; do
    run "$work/wide" "$wide_bench" memory "$whose" || fail "$(tail -n 1 "$work/wide")"
    memory[$whose]=$(figure bytes_per_frame "$work/wide")
  done
  echo "  memory per frame in flight: ours ${memory[ours]} B, ns-3's own ${memory[ns3]} B"
  echo
  echo "A topology to stand in ns-3, seconds"
  printf '  %-28s %6s %6s %6s %9s %6s %6s %10s %8s\n' "" sites hosts links generate load route "in ns-3" MiB
  for kind in "torus x=32 y=32" "hub sites=1000" "fat-tree k=8"; do
    # shellcheck disable=SC2086
    run "$work/wide" "$wide_bench" build $kind || fail "$(tail -n 1 "$work/wide")"
    printf '  %-28s %6s %6s %6s %9s %6s %6s %10s %8s\n' "$kind" "$(figure sites "$work/wide")" "$(figure hosts "$work/wide")" \
      "$(figure links "$work/wide")" "$(figure generate_s "$work/wide")" "$(figure load_s "$work/wide")" \
      "$(figure route_s "$work/wide")" "$(figure build_s "$work/wide")" "$(figure MiB "$work/wide")"
  done
}
