// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/background_board.h"

// Fields are stored with release and loaded with acquire where the paper has fences, which ThreadSanitizer
// does not know; on x86 it is the same code.
namespace longhaul::dataplane {

void BackgroundBoard::publish(std::size_t direction, const core::Background& background, Instant simulated) {
  Record& record = records_[direction];
  const std::uint64_t sequence = record.sequence.load(std::memory_order_relaxed);
  record.sequence.store(sequence + 1, std::memory_order_relaxed);
  record.share_left.store(background.share_left, std::memory_order_release);
  record.loss.store(background.loss, std::memory_order_release);
  record.mark.store(background.mark, std::memory_order_release);
  record.wait_ps.store(background.wait.ps(), std::memory_order_release);
  record.simulated_ps.store(simulated.since_zero().ps(), std::memory_order_release);
  record.sequence.store(sequence + 2, std::memory_order_release);
}

std::optional<PublishedBackground> BackgroundBoard::read(std::size_t direction) const {
  const Record& record = records_[direction];
  const std::uint64_t before = record.sequence.load(std::memory_order_acquire);
  PublishedBackground published;
  published.background = {record.share_left.load(std::memory_order_acquire),
                          Duration::picoseconds(record.wait_ps.load(std::memory_order_acquire)),
                          record.loss.load(std::memory_order_acquire),
                          record.mark.load(std::memory_order_acquire)};
  published.simulated =
      Instant::at(Duration::picoseconds(record.simulated_ps.load(std::memory_order_acquire)));
  published.generation = before / 2;
  if (before % 2 != 0 || record.sequence.load(std::memory_order_relaxed) != before) return std::nullopt;
  return published;
}

void BackgroundBoard::tell_load(std::size_t direction, const RealLoad& load) {
  Load& told = loads_[direction];
  for (std::size_t c = 0; c < load.offered.size(); ++c)
    told.offered[c].store(load.offered[c], std::memory_order_relaxed);
  told.frames.store(load.frames, std::memory_order_relaxed);
}

RealLoad BackgroundBoard::load(std::size_t direction) const {
  RealLoad load;
  const Load& told = loads_[direction];
  for (std::size_t c = 0; c < load.offered.size(); ++c)
    load.offered[c] = told.offered[c].load(std::memory_order_relaxed);
  load.frames = told.frames.load(std::memory_order_relaxed);
  return load;
}

}  // namespace longhaul::dataplane
