// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/collectives/schedule.h"

#include <algorithm>

namespace longhaul::scenario::collectives {

Range part_of(Range range, std::uint64_t parts, std::uint64_t index, std::uint64_t element) {
  const std::uint64_t elements = range.size() / element;
  // As elements * index / parts, which might not fit.
  const auto cut = [&](std::uint64_t i) {
    return range.begin + (elements / parts * i + elements % parts * i / parts) * element;
  };
  return {cut(index), index + 1 == parts ? range.end : cut(index + 1)};
}

Builder::Builder(std::uint32_t ranks, std::uint32_t segments, std::uint64_t element)
    : segments_(std::max(segments, 1U)), element_(element), schedule_{ranks, {}}, written_(ranks) {}

void Builder::send(std::uint32_t from, std::uint32_t to, Range range, Action action) {
  for (std::uint32_t s = 0; s < segments_; ++s) {
    const Range segment = part_of(range, segments_, s, element_);
    if (segment.size() > 0) send_whole(from, to, segment, segment.begin, action);
  }
}

std::uint32_t Builder::send_whole(std::uint32_t from, std::uint32_t to, Range range, std::uint64_t target,
                                  Action action, std::span<const std::uint32_t> after) {
  const Range written{target, target + range.size()};
  const std::uint32_t index = add({from, to, range.begin, target, range.size(), action, {}}, after);
  std::vector<Written>& at_receiver = written_[to];
  if (action == Action::kReplace) {
    std::erase_if(at_receiver, [&](const Written& w) {
      return w.range.begin >= written.begin && w.range.end <= written.end;
    });
  }
  at_receiver.push_back({written, index});
  return index;
}

std::uint32_t Builder::signal(std::uint32_t from, std::uint32_t to, std::span<const std::uint32_t> after) {
  return add({from, to, 0, 0, 0, Action::kSignal, {}}, after);
}

std::uint32_t Builder::add(Step step, std::span<const std::uint32_t> after) {
  step.after.assign(after.begin(), after.end());
  const Range read{step.source, step.source + step.size};
  for (const Written& w : written_[step.from]) {
    if (w.range.begin < read.end && read.begin < w.range.end) step.after.push_back(w.step);
  }
  std::sort(step.after.begin(), step.after.end());
  step.after.erase(std::unique(step.after.begin(), step.after.end()), step.after.end());
  schedule_.steps.push_back(std::move(step));
  return static_cast<std::uint32_t>(schedule_.steps.size() - 1);
}

}  // namespace longhaul::scenario::collectives
