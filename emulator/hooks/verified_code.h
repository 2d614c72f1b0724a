// SPDX-License-Identifier: GPL-2.0-only
//
// One program of a hook file, with the addresses of its maps and helpers put in, verified and compiled to
// native code by librte_bpf. The maps must outlive it. Control thread only; what function() gives may run in
// any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct rte_bpf;

namespace longhaul::hooks {

struct BpfProgram;
struct ElfTables;
class SharedMaps;
class SourceLines;

class VerifiedCode {
 public:
  using Function = std::uint64_t (*)(void* context);

  // Throws std::runtime_error: the program, its source line, what the verifier said and the usual way out, in
  // one line.
  VerifiedCode(const BpfProgram& program, const ElfTables& tables, const SharedMaps& maps,
               const SourceLines& lines);

  const std::string& name() const { return name_; }
  Function function() const { return function_; }

 private:
  struct Destroy {
    void operator()(rte_bpf* bpf) const;
  };

  std::string name_;
  std::unique_ptr<rte_bpf, Destroy> bpf_;
  Function function_ = nullptr;
};

}  // namespace longhaul::hooks
