// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace longhaul::nic {
namespace {

constexpr const char* kName = "longhaul_xdp";  // of the steering program too
constexpr __u32 kHasFrags = 1U << 5;           // BPF_F_XDP_HAS_FRAGS; older headers lack it

bpf_insn instruction(int code, int destination, int source, int offset, int immediate) {
  bpf_insn made{};
  made.code = static_cast<__u8>(code);
  made.dst_reg = static_cast<__u8>(destination & 0xF);
  made.src_reg = static_cast<__u8>(source & 0xF);
  made.off = static_cast<__s16>(offset);
  made.imm = immediate;
  return made;
}

// return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
std::array<bpf_insn, 6> redirect_to(int sockets) {
  constexpr int kFourBytes = BPF_W, kMove = 0xB0;  // BPF_MOV
  return {
      instruction(BPF_LDX | BPF_MEM | kFourBytes, BPF_REG_2, BPF_REG_1, offsetof(xdp_md, rx_queue_index), 0),
      instruction(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, sockets),
      instruction(0, 0, 0, 0, 0),  // the upper half of the 64-bit constant
      instruction(BPF_ALU64 | kMove | BPF_K, BPF_REG_3, 0, 0, XDP_PASS),
      instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map),
      instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
}

[[noreturn]] void fail(const std::string& interface, const std::string& why) {
  throw std::runtime_error(fmt::format("cannot attach an XDP program to {}: {}", interface, why));
}

// The XDP program that is on the interface; its name too when it can be had.
struct Attached {
  __u32 id = 0;
  std::string name;
};

Attached attached_to(int index) {
  Attached found;
  if (bpf_xdp_query_id(index, 0, &found.id) != 0 || found.id == 0) return {};
  const UniqueFd program(bpf_prog_get_fd_by_id(found.id));
  bpf_prog_info info{};
  __u32 size = sizeof info;
  if (program && bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0)
    found.name.assign(info.name, ::strnlen(info.name, sizeof info.name));
  return found;
}

// The program that takes everything, with its socket.
UniqueFd load(const std::string& interface, int socket) {
  const UniqueFd sockets(bpf_map_create(BPF_MAP_TYPE_XSKMAP, kName, 4, 4, 1, nullptr));
  if (!sockets) fail(interface, fmt::format("cannot make a map of sockets: {}", std::strerror(errno)));
  const __u32 queue = 0;
  if (bpf_map_update_elem(sockets.get(), &queue, &socket, 0) != 0)
    fail(interface, fmt::format("cannot give it the socket: {}", std::strerror(errno)));
  const std::array<bpf_insn, 6> instructions = redirect_to(sockets.get());
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_XDP;
  options.prog_flags = kHasFrags;
  UniqueFd program(
      bpf_prog_load(BPF_PROG_TYPE_XDP, kName, "GPL", instructions.data(), instructions.size(), &options));
  if (!program) fail(interface, fmt::format("the kernel refuses it: {}", std::strerror(errno)));
  return program;
}

int link_in(__u32 mode, int program, int index) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = mode;
  const int link = bpf_link_create(program, index, BPF_XDP, &options);
  return link >= 0 ? link : -errno;
}

// A link, or -errno.
int link_to(int program, int index) {
  const int link = link_in(XDP_FLAGS_DRV_MODE, program, index);
  return link == -EOPNOTSUPP ? link_in(XDP_FLAGS_SKB_MODE, program, index) : link;
}

// A port that was closed just now, or whose process was, may take a moment to let go.
UniqueFd attach(const std::string& interface, int index, int program) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (;;) {
    const int link = link_to(program, index);
    if (link >= 0) return UniqueFd(link);
    const Attached other = attached_to(index);
    const bool busy = link == -EBUSY || link == -EEXIST;
    const bool may_go = busy && (other.id == 0 || other.name == kName);
    if (!may_go || std::chrono::steady_clock::now() > deadline) {
      fail(interface, busy && other.id != 0
                          ? fmt::format("program `{}` (id {}) is there and stays", other.name, other.id)
                          : std::strerror(-link));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

XdpProgram::XdpProgram(const std::string& interface, int socket, const SteeringFilter& filter) {
  const auto index = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (index == 0) fail(interface, std::strerror(errno));
  if (filter.everything()) {
    const UniqueFd program = load(interface, socket);
    link_ = attach(interface, index, program.get());
  } else {
    steering_ = std::make_unique<SteeringProgram>(filter);
    steering_->deliver_to(socket);
    link_ = attach(interface, index, steering_->fd());
  }
}

std::vector<std::pair<std::string, std::uint64_t>> XdpProgram::steering() const {
  if (steering_ == nullptr) return {};
  return steering_->counters();
}

}  // namespace longhaul::nic
