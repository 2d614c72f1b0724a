# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by scripts/bench: the parts between hosts in network namespaces. All paths are taken in turns, round by round,
# and the best round of each is printed: what else runs on the machine only takes away.

rounds=2
declare -A best  # by MTU, path and measure: the figure, then what stands beside it

# keep KEY higher|lower FIGURE BESIDE...: when it is the best so far.
keep() {
  local key=$1 order=$2 known=${best[$1]:-}
  shift 2
  if [ -n "$known" ]; then
    if [ "$order" = higher ]; then below "${known%% *}" "$1" || return 0; else below "$1" "${known%% *}" || return 0; fi
  fi
  best[$key]=$*
}

# iperf LOG ARGUMENT...: from the client to the server.
iperf() {
  local log=$1 listener
  shift
  begin "$work/server" "${server[@]}" iperf3 -s -1
  listener=$began
  wait_for 10 eval '"${server[@]}" ss -Hltn "sport = :5201" | grep -q .' || fail "the iperf3 server did not start"
  run "$log" "${client[@]}" iperf3 -c "$address" -f m "$@" || fail "iperf3: $(tail -n 1 "$log")"
  finish "$listener" || true
}

measure_tcp() {  # measure_tcp KEY FLOWS
  local label="" rate retransmitted
  iperf "$work/tcp" -C cubic -t 3 -P "$2"
  [ "$2" = 1 ] || label='^\[SUM\]'
  rate=$(awk -v l="$label" '$0 ~ l && /receiver/ {for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") print $(i - 1)}' \
    "$work/tcp")
  retransmitted=$(awk -v l="$label" '$0 ~ l && /sender/ {print $(NF - 1)}' "$work/tcp")
  keep "$1" higher "$rate" "$retransmitted"
}

measure_udp() {  # measure_udp KEY: datagrams/s received, and of 1,000 sent how many did not arrive
  local listener sent received seconds
  begin "$work/server" "${server[@]}" "$udp_flood" receive
  listener=$began
  wait_for 10 eval '"${server[@]}" ss -Hlun "sport = :5301" | grep -q .' || fail "udp_flood did not start"
  run "$work/udp" "${client[@]}" "$udp_flood" send "$address" 2 || fail "$(tail -n 1 "$work/udp")"
  finish "$listener" || fail "$(tail -n 1 "$work/server")"
  read -r sent _ <"$work/udp"
  read -r received seconds <"$work/server"
  keep "$1" higher "$(divide "$received" "$seconds" %.0f)" "$(divide "$((sent - received))000" "$sent" %.1f)"
}

measure_rtt() {  # measure_rtt KEY: P50 and P99 in us, of 500 echoes
  run "$work/rtt" "${client[@]}" ping -i 0.002 -c 500 "$address" || fail "ping: $(tail -n 2 "$work/rtt")"
  # shellcheck disable=SC2046
  keep "$1" lower $(sed -n 's/.* time=\([0-9.]*\) ms$/\1/p' "$work/rtt" | sort -g |
    awk '{v[NR] = 1000 * $1} END {printf "%.0f %.0f %d", v[int((NR + 1) / 2)], v[int(NR * 0.99 + 0.5)], 500 - NR}')
}

hosts_part() {
  local round mtu path mtus=(1500)
  wanted tcp && mtus=(1500 4200 9000)
  for ((round = 0; round < rounds; round++)); do
    for mtu in "${mtus[@]}"; do
      for path in $(paths_of "$mtu"); do
        path_up "$path" "$mtu"
        wait_for 20 answers || fail "no answer from $address ($path, MTU $mtu)"
        if wanted tcp; then
          measure_tcp "$mtu $path 1" 1
          measure_tcp "$mtu $path 4" 4
        fi
        if wanted udp && [ "$mtu" = 1500 ]; then measure_udp "$mtu $path udp"; fi
        if wanted rtt && [ "$mtu" = 1500 ]; then measure_rtt "$mtu $path rtt"; fi
        clean_up
      done
    done
  done
  echo
  echo "Between two namespaces, the best of $rounds rounds. testpmd cannot drive longhaul's own AF_XDP port: it stands"
  echo "over the driver that DPDK has for the MTU. Ratios are to testpmd, then to the plain veth pair."
  if wanted tcp; then for mtu in "${mtus[@]}"; do print_tcp "$mtu"; done; fi
  if wanted udp; then print_udp 1500; fi
  if wanted rtt; then print_rtt 1500; fi
}

# ratios KEY MEASURE FIGURE
ratios() {
  echo "$(divide "$3" "${best[$1 testpmd $2]%% *}") $(divide "$3" "${best[$1 veth $2]%% *}")"
}

print_tcp() {
  local mtu=$1 path flows rate retransmitted
  printf '\nTCP (cubic, 3 s), MTU %-14s %29s   %29s\n' "$mtu" "one flow: Mbit/s, resent, ratios" "four flows"
  for path in $(paths_of "$mtu"); do
    printf '  %-34s' "$(path_title "$path" "$mtu")"
    for flows in 1 4; do
      read -r rate retransmitted <<<"${best[$mtu $path $flows]}"
      # shellcheck disable=SC2046
      printf ' %8.0f %6s   %5s %5s    ' "$rate" "$retransmitted" $(ratios "$mtu" "$flows" "$rate")
    done
    echo
  done
}

print_udp() {
  local path received lost
  printf '\n%-36s %10s %10s %8s %8s\n' "UDP, 64 B of payload, frames/s" received "lost, 0/00" ratios ""
  for path in $(paths_of "$1"); do
    read -r received lost <<<"${best[$1 $path udp]}"
    # shellcheck disable=SC2046
    printf '  %-34s %10s %10s %8s %8s\n' "$(path_title "$path" "$1")" "$received" "$lost" \
      $(ratios "$1" udp "$received")
  done
}

print_rtt() {
  local path p50 p99 unanswered
  printf '\n%-36s %10s %10s %8s %8s   %s\n' "Echo every 2 ms, us there and back" P50 P99 "P50/" "" unanswered
  for path in $(paths_of "$1"); do
    read -r p50 p99 unanswered <<<"${best[$1 $path rtt]}"
    # shellcheck disable=SC2046
    printf '  %-34s %10s %10s %8s %8s   %s\n' "$(path_title "$path" "$1")" "$p50" "$p99" $(ratios "$1" rtt "$p50") \
      "$unanswered"
  done
  echo "  longhaul's link adds 20 us to both"
}

start_part() {
  local mtu path round began_at up_at times ups rounds=3
  echo
  printf '%-36s %10s %16s\n' "Start, s, median of $rounds" "until up" "first answer"
  for mtu in 1500 9000; do
    for path in testpmd xdp; do
      times=() ups=()
      for ((round = 0; round < rounds; round++)); do
        began_at=$EPOCHREALTIME
        path_up "$path" "$mtu"
        up_at=$EPOCHREALTIME
        wait_for 20 answers || fail "no answer from $address ($path, MTU $mtu)"
        ups+=("$(awk -v a="$began_at" -v b="$up_at" 'BEGIN {printf "%.2f", b - a}')")
        times+=("$(awk -v a="$began_at" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.2f", b - a}')")
        clean_up
      done
      printf '  %-34s %10s %16s\n' "$(path_title "$path" "$mtu"), MTU $mtu" "$(median "${ups[@]}")" \
        "$(median "${times[@]}")"
    done
  done
  echo "  testpmd's time includes making the same two namespaces with ip and ethtool"
}
