// SPDX-License-Identifier: GPL-2.0-only
//
// What DPDK logs while this lives, to be told in an error instead of on standard error. DPDK has one log per
// process: control thread only, one at a time.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace longhaul::hooks {

class DpdkWords {
 public:
  DpdkWords();
  ~DpdkWords();
  DpdkWords(const DpdkWords&) = delete;
  DpdkWords& operator=(const DpdkWords&) = delete;

  // Its lines so far, joined, without the names of DPDK's functions.
  std::string one_line();

 private:
  std::FILE* previous_;
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

}  // namespace longhaul::hooks
