// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/probe_attach.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace longhaul::nic {
namespace {

constexpr std::uint32_t kTcxIngress = 46, kTcxEgress = 47;  // BPF_TCX_*; older headers lack them
#ifndef SO_NETNS_COOKIE
constexpr int SO_NETNS_COOKIE = 71;
#endif

[[noreturn]] void fail(const std::string& what, int error, const char* hint = "") {
  throw std::runtime_error(fmt::format("cannot {}: {}{}", what, std::strerror(error), hint));
}

}  // namespace

UniqueFd attach_tcx(int program, const std::string& interface, TcxPlace place) {
  const std::string what = fmt::format("attach a probe to {} of {}",
                                       place == TcxPlace::kIngress ? "ingress" : "egress", interface);
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) fail(what, errno);
  bpf_attr attributes{};
  attributes.link_create.prog_fd = static_cast<std::uint32_t>(program);
  attributes.link_create.target_ifindex = index;
  attributes.link_create.attach_type = place == TcxPlace::kIngress ? kTcxIngress : kTcxEgress;
  UniqueFd link(static_cast<int>(::syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes)));
  if (!link) fail(what, errno, errno == EINVAL ? " (TCX needs Linux 6.6)" : "");
  return link;
}

UniqueFd attach_sock_ops(int program, const std::string& cgroup) {
  const std::string what = fmt::format("attach a probe to the control group {}", cgroup);
  const UniqueFd directory(::open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) fail(what, errno);
  UniqueFd link(bpf_link_create(program, directory.get(), BPF_CGROUP_SOCK_OPS, nullptr));
  if (!link) fail(what, errno);
  return link;
}

UniqueFd attach_tracepoint(int program) {
  UniqueFd link(bpf_raw_tracepoint_open(nullptr, program));
  if (!link) fail("attach a probe to the tracepoint of TCP retransmissions", errno);
  return link;
}

std::uint64_t network_namespace_cookie() {
  const std::string what = "ask for the cookie of a network namespace";
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) fail(what, errno);
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) fail(what, errno);
  return cookie;
}

bool retransmission_tells_error() {
  const std::unique_ptr<btf, void (*)(btf*)> kernel(btf__load_vmlinux_btf(), btf__free);
  if (!kernel) fail("read the kernel's BTF", errno);
  const int named = btf__find_by_name_kind(kernel.get(), "btf_trace_tcp_retransmit_skb", BTF_KIND_TYPEDEF);
  if (named < 0) fail("find the tracepoint of TCP retransmissions in the kernel's BTF", -named);
  const btf_type* pointer =
      btf__type_by_id(kernel.get(), btf__type_by_id(kernel.get(), static_cast<std::uint32_t>(named))->type);
  const btf_type* prototype = btf__type_by_id(kernel.get(), pointer->type);
  return BTF_INFO_VLEN(prototype->info) == 4;  // the first is the tracepoint's own
}

}  // namespace longhaul::nic
