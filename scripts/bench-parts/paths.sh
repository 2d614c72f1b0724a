# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: ways between two hosts in network namespaces. path_up makes one, clean_up removes it.
#   veth       a veth pair, nothing between
#   testpmd    dpdk-testpmd io over DPDK's own driver for that MTU (it cannot drive longhaul's AF_XDP port)
#   xdp, af_packet, af_xdp   longhaul with that `port`, one link of 10 us and 40 Gbit/s

dpdk_driver() { if [ "$1" -le 1750 ]; then echo af_xdp; else echo af_packet; fi; }

paths_of() {  # paths_of MTU
  echo veth testpmd xdp af_packet
  if [ "$(dpdk_driver "$1")" = af_xdp ]; then echo af_xdp; fi
}

path_title() {  # path_title PATH MTU
  case $1 in
    veth) echo "a veth pair, nothing between" ;;
    testpmd) echo "testpmd io, net_$(dpdk_driver "$2")" ;;
    *) echo "longhaul, port: $1" ;;
  esac
}

# path_up PATH MTU: sets client and server, the words that run a command there, and the server's address. Returns as
# soon as the program says that it forwards.
path_up() {
  case $1 in
    veth) veth_up "$2" ;;
    testpmd) testpmd_up "$2" ;;
    *) longhaul_up "$1" "$2" ;;
  esac
}

make_host() {  # make_host NAMESPACE ADDRESS MTU: for an eth0 that exists already, as longhaul makes its hosts
  # Without this the far end sees checksums that nobody filled in, and segments larger than the MTU.
  ip netns exec "$1" ethtool -K eth0 tso off tx off >/dev/null
  ip netns exec "$1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1 2>/dev/null || true
  ip -n "$1" address add "$2/24" dev eth0
  ip -n "$1" link set dev eth0 up
  ip -n "$1" link set dev lo up
}

namespace_words() {
  client=(ip netns exec lhb-a)
  server=(ip netns exec lhb-b)
  address=10.72.0.2
}

veth_up() {
  ip netns add lhb-a
  ip netns add lhb-b
  ip -n lhb-a link add name eth0 mtu "$1" type veth peer name eth0 mtu "$1" netns lhb-b
  make_host lhb-a 10.72.0.1 "$1"
  make_host lhb-b 10.72.0.2 "$1"
  namespace_words
}

testpmd_up() {
  local mtu=$1 index=0 name cpu mask=0 buffer=2304 driver devices=()
  driver=$(dpdk_driver "$mtu")
  [ "$driver" = af_packet ] && buffer=16640
  for cpu in "${cpus[@]}"; do [ "$cpu" = "$last_cpu" ] || mask=$((mask | 1 << cpu)); done
  for name in lhb-a lhb-b; do
    ip netns add "$name"
    ip link add name "lhb-$index" mtu "$mtu" numrxqueues 1 numtxqueues 1 type veth \
      peer name eth0 mtu "$mtu" numrxqueues 1 numtxqueues 1 netns "$name"
    sysctl -qw "net.ipv6.conf.lhb-$index.disable_ipv6=1" 2>/dev/null || true
    ethtool -K "lhb-$index" gro off tso off gso off >/dev/null
    make_host "$name" "10.72.0.$((index + 1))" "$mtu"
    # The hosts' receive processing stays off the polling thread's CPU, as longhaul has it.
    [ "$mask" = 0 ] || printf '%x\n' "$mask" |
      ip netns exec "$name" tee /sys/class/net/eth0/queues/rx-0/rps_cpus >/dev/null
    ip link set dev "lhb-$index" up
    devices+=("$("$dataplane_bench" device "lhb-$index" "$mtu" "$index" "$driver")")
    index=$((index + 1))
  done
  testpmd_command 800 "$buffer" "${devices[@]}"
  begin "$work/testpmd" "${testpmd[@]}"
  wait_for 30 grep -q 'packet forwarding' "$work/testpmd" || fail "dpdk-testpmd: $(tail -n 3 "$work/testpmd")"
  namespace_words
}

longhaul_up() {
  local end=$((SECONDS + 180))
  cat >"$work/bench.yaml" <<YAML
name: bench
mtu: $2
sites: { a: {}, b: {} }
hosts:
  bench0: { site: a, port: $1 }
  bench1: { site: b, port: $1 }
links:
  wan: { between: [a, b], delay: 10 us, rate: 40 Gbit/s, buffer: 16 MiB }
YAML
  until begin "$work/up" "$longhaul" up "$work/bench.yaml" --cpu "$last_cpu"; longhaul_is_up; do
    # Another run may have the testbed; the bench waits for its turn.
    grep -q 'testbed is in use' "$work/up" && [ "$SECONDS" -lt "$end" ] ||
      fail "longhaul up: $(tail -n 3 "$work/up")"
    finish "$began" || true
    sleep 1
  done
  client=("$longhaul" exec bench0 --)
  server=("$longhaul" exec bench1 --)
  address=$(awk '$1 == "bench1" {print $NF}' "$work/up")
}

longhaul_is_up() {  # waits until it is, or has ended
  # The hosts are listed after the line that says so.
  wait_for 60 eval 'grep -q "^ *bench1 " "$work/up" || ! kill -0 "$began"'
  grep -q '^ *bench1 ' "$work/up"
}

answers() {  # a lost question for the MAC address would be asked again after a second only
  "${client[@]}" ip neighbour flush dev eth0
  "${client[@]}" ping -c 1 -W 0.2 "$address"
}
