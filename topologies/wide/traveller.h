// SPDX-License-Identifier: GPL-2.0-only
//
// What a frame carries through ns-3 when its bytes are elsewhere: one whose bytes the data plane keeps, or
// one of background traffic that has none. A link device reads its header fields here, and writes here what
// it would do to the bytes. One Traveller per instance of a frame; copies that links make share its Passage,
// which tells whoever keeps the bytes when the last of them is gone, wherever ns-3 dropped it. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "emulator/dataplane/label.h"

namespace longhaul::wide {

// Who keeps the bytes.
class Keeper {
 public:
  virtual ~Keeper() = default;
  // No instance of a frame is left, and none ended its way.
  virtual void gone(std::uint32_t entry, std::uint64_t cookie) = 0;
};

class Passage {
 public:
  Passage(std::shared_ptr<Keeper> keeper, std::uint32_t entered, std::uint64_t name)
      : entry(entered), cookie(name), keeper_(std::move(keeper)) {}
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  ~Passage() {
    if (keeper_ != nullptr) keeper_->gone(entry, cookie);
  }
  void ends() { keeper_ = nullptr; }  // with an instance that arrived: nothing is to be told

  const std::uint32_t entry;  // the direction that it entered
  const std::uint64_t cookie;

 private:
  std::shared_ptr<Keeper> keeper_;
};

struct Traveller {
  std::shared_ptr<Passage> passage;  // nullptr: of background traffic
  dataplane::Label label;
  // Of background traffic: the directions that it takes, and which of them it is on.
  std::shared_ptr<const std::vector<std::uint32_t>> way = nullptr;
  std::size_t leg = 0;
  bool marked = false;                       // since it entered
  std::vector<std::uint32_t> inverted = {};  // bits
};

}  // namespace longhaul::wide
