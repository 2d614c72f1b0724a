// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/inline_desk.h"

#include <algorithm>

namespace longhaul::wide {

using dataplane::InlineReturn;

void InlineDesk::gone(std::uint32_t entry, std::uint64_t cookie) {
  if (exchange_ == nullptr) return;
  ++gone_;
  InlineReturn record;
  record.kind = InlineReturn::Kind::kGone;
  record.entry = entry;
  record.cookie = cookie;
  write(record);
}

void InlineDesk::deliver(Traveller& traveller, std::uint32_t exit, Instant due) {
  InlineReturn record;
  record.is_last = traveller.passage.use_count() == 1;
  record.marked = traveller.marked;
  record.entry = traveller.passage->entry;
  record.exit = exit;
  record.cookie = traveller.passage->cookie;
  record.due = due;
  const std::vector<std::uint32_t>& bits = traveller.inverted;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (record.bit_count == InlineReturn::kBits) {
      record.kind = InlineReturn::Kind::kMoreBits;
      write(record);
      record.kind = InlineReturn::Kind::kDelivered;
      record.bit_count = 0;
    }
    record.bits[record.bit_count++] = bits[i];
  }
  write(record);
  ++(record.is_last ? delivered_ : copies_);
  if (record.is_last) traveller.passage->ends();
}

void InlineDesk::tell(const dataplane::InlineState& state) {
  if (!exchange_->states.write([&](dataplane::InlineState& slot) { slot = state; })) return;
  InlineReturn record;
  record.kind = InlineReturn::Kind::kState;
  write(record);
}

void InlineDesk::flush() {
  while (!waiting_.empty()) {
    if (!exchange_->returns.write([&](InlineReturn& slot) { slot = waiting_.front(); })) return;
    waiting_.pop_front();
  }
}

void InlineDesk::write(const InlineReturn& record) {
  flush();
  if (waiting_.empty() && exchange_->returns.write([&](InlineReturn& slot) { slot = record; })) return;
  waiting_.push_back(record);
}

}  // namespace longhaul::wide
