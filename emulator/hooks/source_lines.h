// SPDX-License-Identifier: GPL-2.0-only
//
// Which line of source an instruction comes from, read from the line information in .BTF.ext of an object
// file (Linux Documentation/bpf/btf.rst, section 4). A file without it, or with damaged one, has no lines; it
// is not an error. Values only: nothing is kept of what it was read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct btf;

namespace longhaul::hooks {

class SourceLines {
 public:
  // `extension` is the section .BTF.ext; `types`, whose strings it refers to, may be null.
  SourceLines(std::span<const std::byte> extension, const btf* types);

  // "hook.bpf.c:12" of an instruction of a section, LDDW counted as two; "instruction 7" when not known.
  std::string at(std::string_view section, std::size_t instruction) const;

 private:
  struct Line {
    std::string section, file;  // file without its directories
    std::size_t instruction = 0, number = 0;
  };
  void read(std::span<const std::byte> information, const btf* types);

  std::vector<Line> lines_;  // each section's by instruction
};

}  // namespace longhaul::hooks
