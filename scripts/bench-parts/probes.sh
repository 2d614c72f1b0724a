# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: what the probes at the hosts cost TCP. With and without them in turns over the same path, so
# that what else runs on the machine meets both.

probe_namespaces() {  # probe_namespaces PATH
  if [ "$1" = veth ]; then echo lhb-a lhb-b; else echo lh-bench0 lh-bench1; fi
}

measure_with_probes() {  # measure_with_probes KEY PATH
  local probes
  # shellcheck disable=SC2046
  begin "$work/probes" "$probe_hosts" $(probe_namespaces "$2")
  probes=$began
  wait_for 20 grep -q attached "$work/probes" || fail "$(tail -n 1 "$work/probes")"
  measure_tcp "$1" 1
  # Through `timeout`, which passes it on.
  kill -TERM "$probes"
  finish "$probes" || true
}

probes_part() {
  local round mtu path off on
  for ((round = 0; round < rounds; round++)); do
    for mtu in 1500 9000; do
      for path in veth xdp; do
        path_up "$path" "$mtu"
        wait_for 20 answers || fail "no answer from $address ($path, MTU $mtu)"
        measure_tcp "$mtu $path without" 1
        measure_with_probes "$mtu $path with" "$path"
        measure_tcp "$mtu $path without" 1
        measure_with_probes "$mtu $path with" "$path"
        clean_up
      done
    done
  done
  echo
  echo "Probes at both hosts, one TCP flow (cubic, 3 s), the best of $((2 * rounds)) rounds each"
  printf '%-36s %6s %18s %14s %8s\n' "" MTU "without, Mbit/s" "with" ratio
  for mtu in 1500 9000; do
    for path in veth xdp; do
      off=${best[$mtu $path without]%% *} on=${best[$mtu $path with]%% *}
      printf '  %-34s %6s %18.0f %14.0f %8s\n' "$(path_title "$path" "$mtu")" "$mtu" "$off" "$on" "$(divide "$on" "$off")"
    done
  done
}
