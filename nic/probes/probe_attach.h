// SPDX-License-Identifier: GPL-2.0-only
//
// Attaching the host probes and asking the kernel what they need to know: thin wrappers over bpf(2) and BTF.
// Every attachment is a BPF link held by a descriptor: it is gone when that is closed, by whatever end of the
// process. libbpf 1.1 knows no TCX, so that link is made by the system call. Failures throw one line.
#pragma once

#include <cstdint>
#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

enum class TcxPlace : std::uint8_t { kIngress, kEgress };

// Runs a program of type SCHED_CLS for the frames of an interface of the calling thread's network namespace,
// behind those that are there already (Linux 6.6).
UniqueFd attach_tcx(int program, const std::string& interface, TcxPlace place);

// Runs a sock_ops program for the sockets of a control group and those below it, beside others that are
// there.
UniqueFd attach_sock_ops(int program, const std::string& cgroup);

// Runs a program of a BTF-enabled raw tracepoint (tp_btf).
UniqueFd attach_tracepoint(int program);

// What bpf_get_netns_cookie() says in the calling thread's network namespace (Linux 5.14).
std::uint64_t network_namespace_cookie();

// True when the tracepoint tcp_retransmit_skb has an argument for the error (Linux 6.17).
bool retransmission_tells_error();

}  // namespace longhaul::nic
