// SPDX-License-Identifier: GPL-2.0-only
//
// Where an InlineNetwork gives frames back: the writing side of InlineExchange::returns, which never loses
// one; what finds the queue full waits here, in order. Frames may still be given back as gone after the
// network itself has ended, with ns-3's last events. The simulator's thread only.
#pragma once

#include <cstdint>
#include <deque>

#include "emulator/dataplane/inline_exchange.h"
#include "topologies/wide/traveller.h"

namespace longhaul::wide {

class InlineDesk : public Keeper {
 public:
  explicit InlineDesk(dataplane::InlineExchange& exchange) : exchange_(&exchange) {}

  void gone(std::uint32_t entry, std::uint64_t cookie) override;
  // One instance of a frame, by direction `exit`.
  void deliver(Traveller& traveller, std::uint32_t exit, Instant due);
  // All that was given back before is counted in it. Dropped when the data plane has not read the last ones.
  void tell(const dataplane::InlineState& state);

  void flush();
  void close() { exchange_ = nullptr; }  // what is given back from now on has nowhere to go

  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t copies() const { return copies_; }
  std::uint64_t gone() const { return gone_; }

 private:
  void write(const dataplane::InlineReturn& record);

  dataplane::InlineExchange* exchange_;
  std::deque<dataplane::InlineReturn> waiting_;
  std::uint64_t delivered_ = 0, copies_ = 0, gone_ = 0;
};

}  // namespace longhaul::wide
