# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: links that ns-3 drives.

# Two hops over links of the data plane and over the same links driven by ns-3, in turns.
inline_part() {
  local links rate hold p50 p99 delivered lost lag50 lag99 cpu
  echo
  echo "Two hops, 1400 B, 5 ms: release lateness (us), frames delivered (thousand/s), lost by the emulator, ns-3's lag (us)"
  printf '%-7s %9s %6s %9s %10s %10s %8s %9s %9s %9s\n' links offered "hold" "late P50" "late P99" delivered lost "lag P50" "lag P99" "ns-3 CPU"
  while read -r links rate hold; do
    run "$work/inline" "$build/tests/bench/inline_bench" "$links" "$rate" "$hold" ||
      fail "inline_bench $links $rate: $(tail -n 1 "$work/inline")"
    read -r p50 p99 delivered lost lag50 lag99 cpu < <(tail -n 1 "$work/inline")
    printf '%-7s %9s %6s %9s %10s %10s %8s %9s %9s %9s\n' \
      "$links" "$rate" "$hold" "$p50" "$p99" "$delivered" "$lost" "$lag50" "$lag99" "$cpu"
  done <<'CASES'
own 100000 0
inline 100000 2000
inline 100000 0
own 250000 0
inline 250000 2000
inline 250000 0
inline 400000 2000
inline 600000 2000
CASES
}

# TCP between two namespaces over two hops, 5 ms one way: ns-3's own real-time mode with FdNetDevice, the data plane
# with the links in ns-3, and the data plane with links of its own.
inline_tcp_part() {
  local round path
  for ((round = 0; round < rounds; round++)); do
    for path in stock inline own; do
      case $path in
        stock) stock_up ;;
        inline) inline_up "[one, two]" ;;
        own) inline_up "[]" ;;
      esac
      wait_for 20 "${client[@]}" ping -c 1 -W 1 "$address" || fail "$path: no answer from $address"
      measure_tcp "inline $path" 1
      clean_up
    done
  done
  echo
  echo "One TCP flow (cubic, MTU 1500) over two hops, 5 ms one way, Mbit/s and segments sent again; the best of $rounds rounds"
  printf '%-44s %9s %8s\n' "" Mbit/s again
  # shellcheck disable=SC2086
  {
    printf '%-44s %9s %8s\n' "ns-3 real-time with FdNetDevice" ${best[inline stock]}
    printf '%-44s %9s %8s\n' "longhaul, links in ns-3 (inline)" ${best[inline inline]}
    printf '%-44s %9s %8s\n' "longhaul, links of its own" ${best[inline own]}
  }
}

inline_up() {  # inline_up LINKS
  cat >"$work/inline.yaml" <<YAML
name: bench-inline
topology:
  name: two-hops
  sites: { a: {}, m: {}, b: {} }
  hosts: { bench0: { site: a }, bench1: { site: b } }
  links:
    one: { between: [a, m], rate: 10 Gbit/s, delay: 2500 us, buffer: 16 MB }
    two: { between: [m, b], rate: 10 Gbit/s, delay: 2500 us, buffer: 16 MB }
workload: { kind: allreduce, sizes: [64 KiB], iterations: 1, ranks: [bench0, bench1] }
coupling: { inline: $1, hold: 2 ms }
YAML
  begin "$work/up" "$longhaul" up "$work/inline.yaml" --cpu "$last_cpu"
  longhaul_is_up || fail "longhaul up: $(tail -n 3 "$work/up")"
  client=("$longhaul" exec bench0 --)
  server=("$longhaul" exec bench1 --)
  address=$(awk '$1 == "bench1" {print $NF}' "$work/up")
}

stock_up() {
  local index=0 name host
  for name in lhb-a lhb-b; do
    host=10.72.$((index + 1))
    ip netns add "$name"
    ip link add name "lhb-$index" type veth peer name eth0 netns "$name"
    sysctl -qw "net.ipv6.conf.lhb-$index.disable_ipv6=1" 2>/dev/null || true
    # ns-3 reads frames as they lie in the kernel: no bundles, no checksums left to a card.
    ethtool -K "lhb-$index" gro off tso off gso off tx off rx off >/dev/null
    ip netns exec "$name" ethtool -K eth0 gro off gso off rx off >/dev/null
    make_host "$name" "$host.2" 1500
    ip -n "$name" route add default via "$host.1"
    # As longhaul sets its hosts up: a window for the round trip.
    ip netns exec "$name" sysctl -qw "net.ipv4.tcp_rmem=4096 131072 67108864" "net.ipv4.tcp_wmem=4096 65536 67108864"
    ip link set dev "lhb-$index" up
    index=$((index + 1))
  done
  begin "$work/stock" "$build/tests/bench/stock_realtime" lhb-0 lhb-1
  client=(ip netns exec lhb-a)
  server=(ip netns exec lhb-b)
  address=10.72.2.2
}
