// SPDX-License-Identifier: GPL-2.0-only
//
// The memory of a BPF object: its array maps and its global variables, made by libbpf as kernel maps and
// mapped into this process, so that bpftool and the data plane see the same bytes; or of this process alone.
// Constants are always a copy of our own: nothing that a program writes there by a cast can stop the process.
// Programs themselves are not loaded into the kernel.
//
// Control thread only. The memory lives as long as the SharedMaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct btf;

namespace longhaul::hooks {

enum class MapMemory : std::uint8_t;  // emulator/hooks/hook_program.h

struct BpfProgram {
  std::string name, section;
  std::vector<std::uint64_t> instructions;  // as in the file: not relocated
};

class SharedMaps {
 public:
  // Opens an object file in memory and makes its maps. `name` goes into the names of the maps of global
  // variables. Throws std::runtime_error with the reason alone.
  SharedMaps(std::span<const char> image, const std::string& name, MapMemory memory);
  ~SharedMaps();
  SharedMaps(const SharedMaps&) = delete;
  SharedMaps& operator=(const SharedMaps&) = delete;

  // The programs of the file, inlined functions not counted.
  const std::vector<BpfProgram>& programs() const;

  // The values of the map of this name, or all variables of the section (.data, .bss, .rodata); empty when
  // there is no such map.
  std::span<std::byte> memory(std::string_view map_or_section) const;

  // The types of the file, ours; null when it was compiled without -g.
  const btf* types() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longhaul::hooks
