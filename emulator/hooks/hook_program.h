// SPDX-License-Identifier: GPL-2.0-only
//
// A file of users' eBPF programs that decide the fate of frames, one before they enter a link and one after
// its line. It is read from a BPF object file, verified and compiled to native code by librte_bpf, and runs
// in this process, not in the kernel. Its global variables and array maps are kernel maps that are mapped
// into this process: bpftool sees and changes them live. The contract with the programs is
// emulator/hooks/hook_abi.h; which frames they get is the caller's business, in real time or virtual.
//
// Threads: lcores call run(); construction, variable() and set_parameter() belong to the control thread. What
// both touch are plain words of memory: a value of 8 bytes or less is read whole, larger ones may be seen
// half written. Programs that several lcores run at once share their variables without any order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "emulator/hooks/hook_abi.h"
#include "emulator/hooks/hook_call.h"

namespace longhaul::hooks {

enum class MapMemory : std::uint8_t {
  kShared,   // with bpftool; needs the right to make kernel maps, if the program has variables or maps
  kPrivate,  // of this process
};

class HookProgram {
 public:
  // Loads the programs of sections hook/ingress and hook/egress; at least one must be there. Throws
  // std::runtime_error: the file, the program, its source line, what the verifier said and the usual way out,
  // in one line. A file is as trusted as the user who names it: libbpf 1.1 does not survive every damaged ELF
  // file, and DPDK 22.11 accepts some damaged code that reads where it must not.
  // Errors name it `called`, for a file that nobody knows by its path; else by that.
  explicit HookProgram(const std::filesystem::path& file, MapMemory memory = MapMemory::kShared,
                       std::string_view called = {});
  ~HookProgram();
  HookProgram(HookProgram&& other) noexcept;
  HookProgram& operator=(HookProgram&&) = delete;

  bool has(lh_place place) const { return code_[place] != nullptr; }
  // Of the program's function; empty where there is none.
  const std::string& name(lh_place place) const;

  // Runs the program of a place that has one; returns its answer: bits of lh_verdict. Nothing is allocated
  // and nothing throws.
  std::uint32_t run(lh_place place, HookCall& call) const {
    running_call = &call;
    return static_cast<std::uint32_t>(code_[place](&call.context)) & kVerdict;
  }

  // Sets a global variable of an integer type to a number, decimal or 0x hexadecimal. A program sees it from
  // its next frame on; `const volatile` variables are set this way before the first one. Throws
  // std::runtime_error in one line: the file, the variable, what is allowed, the variables that there are.
  void set_parameter(std::string_view variable, std::string_view value);

  // The shared bytes of a global variable or an array map; valid as long as the program. Throws
  // std::runtime_error when there is none of that name that can change.
  std::span<std::byte> variable(std::string_view name) const;

 private:
  static constexpr std::size_t kPlaces = 2;
  static constexpr std::uint32_t kVerdict =
      LH_DROP | LH_MARK | LH_DELAY | LH_CLASS | LH_DUPLICATE | LH_CORRUPT | LH_CAPTURE | LH_ECN;
  static_assert(LH_INGRESS == 0 && LH_EGRESS == 1);

  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::array<std::uint64_t (*)(void*), kPlaces> code_{};
};

}  // namespace longhaul::hooks
