// SPDX-License-Identifier: GPL-2.0-only
//
// Lab hosts whose emulator ends are for ports of ours. EAL runs without a device, once for the process.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "nic/eal.h"
#include "tests/nic/netns_fixture.h"
#include "tests/nic/raw_peer.h"

namespace longhaul::nic {

class XdpPortTest : public NetnsTest {
 protected:
  void make_hosts(std::uint32_t mtu) {
    std::vector<LabHostSpec> specs = two_hosts();
    for (LabHostSpec& spec : specs) spec.mtu = mtu;
    state_.emplace("ports", directory_);
    lab_.emplace(*state_, specs);
  }

  void TearDown() override {
    lab_.reset();
    state_.reset();
    NetnsTest::TearDown();
  }

  const std::string& interface(std::size_t host = 0) const { return lab_->hosts()[host].emulator_interface; }
  std::string device(std::size_t host = 0) const { return "xdp,iface=" + interface(host); }
  RawPeer peer(std::size_t host = 0) const { return RawPeer(lab_->namespace_fd(host)); }

  static std::uint32_t program_on(const std::string& interface) {
    std::uint32_t id = 0;
    bpf_xdp_query_id(static_cast<int>(::if_nametoindex(interface.c_str())), 0, &id);
    return id;
  }

  // Puts a program called `stranger` on an interface, which outlives this; returns its id, 0 when it cannot.
  static std::uint32_t attach_stranger(const std::string& interface) {
    bpf_insn pass[2]{};  // return XDP_PASS;
    pass[0].code = BPF_ALU64 | 0xB0 | BPF_K;
    pass[0].imm = XDP_PASS;
    pass[1].code = BPF_JMP | BPF_EXIT;
    const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", pass, 2, nullptr));
    const auto index = static_cast<int>(::if_nametoindex(interface.c_str()));
    return program && bpf_xdp_attach(index, program.get(), 0, nullptr) == 0 ? program_on(interface) : 0;
  }
  static bool detach_stranger(const std::string& interface) {
    return bpf_xdp_detach(static_cast<int>(::if_nametoindex(interface.c_str())), 0, nullptr) == 0;
  }

  std::optional<LabState> state_;
  std::optional<LabHosts> lab_;
};

// For main(): runs the tests with EAL up, or says why they cannot run here and returns 77.
inline int run_with_eal(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (::geteuid() != 0) {
    std::cout << "skipped: needs root" << std::endl;
    return 77;
  }
  EalConfig config;
  config.memory_bytes = 600ULL << 20;
  const Eal eal(config);
  return RUN_ALL_TESTS();
}

}  // namespace longhaul::nic
