// SPDX-License-Identifier: GPL-2.0-only
//
// A user's eBPF program that decides the fate of frames before they enter a link. It is read from a BPF
// object file, verified and compiled to native code by librte_bpf, and runs in the data plane, not in the
// kernel. Its global variables and array maps are kernel maps that are mapped into this process: bpftool sees
// and changes them live. The contract with the program is emulator/hooks/hook_abi.h; which frames it gets is
// the data plane's business.
//
// Threads: one lcore calls run(); construction and variable() belong to the control thread. What both touch
// are plain words of memory: a value of 8 bytes or less is read whole, larger ones may be seen half written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "emulator/hooks/hook_abi.h"

namespace longhaul::hooks {

// Copies what a program may see of a frame.
inline void set_frame(lh_hook_ctx& context, std::span<const std::byte> frame) {
  const std::size_t head = frame.size() < LH_HEAD_BYTES ? frame.size() : LH_HEAD_BYTES;
  context.frame_bytes = static_cast<std::uint32_t>(frame.size());
  context.head_bytes = static_cast<std::uint32_t>(head);
  std::memcpy(context.head, frame.data(), head);
  std::memset(context.head + head, 0, LH_HEAD_BYTES - head);
}

class HookProgram {
 public:
  // Loads the one program of section hook/ingress. Throws std::runtime_error: the file, the program, what the
  // verifier said and the usual way out, in one line. Programs with variables or maps need the right to make
  // kernel maps. A file is as trusted as the user who names it: libbpf 1.1 does not survive every damaged ELF
  // file, and DPDK 22.11 accepts some damaged code that reads where it must not.
  explicit HookProgram(const std::filesystem::path& file);
  ~HookProgram();
  HookProgram(HookProgram&& other) noexcept;
  HookProgram& operator=(HookProgram&&) = delete;

  // Runs the program on one frame; nothing is allocated and nothing throws.
  lh_verdict run(lh_hook_ctx& context) const {
    return static_cast<std::uint32_t>(code_(&context)) == LH_DROP ? LH_DROP : LH_PASS;
  }

  const std::string& name() const;  // of the program's function

  // The shared bytes of a global variable or an array map; valid as long as the program. Throws
  // std::runtime_error when there is none of that name that can change.
  std::span<std::byte> variable(std::string_view name) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::uint64_t (*code_)(void*) = nullptr;
};

}  // namespace longhaul::hooks
