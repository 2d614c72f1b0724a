// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/link.h"

namespace longhaul::core {
namespace {

constexpr Bytes kSmallestInBuffer{60};  // Ethernet's minimum without FCS
constexpr Bytes kSmallestOnLine{
    14};  // hosts on virtual interfaces do not pad; framed_size() does where the wire would

}  // namespace

Transmitter::Transmitter(BitRate rate, Framing framing, Bytes buffer)
    : rate_(rate),
      framing_(framing),
      buffer_bytes_(buffer.count()),
      max_frames_(static_cast<std::size_t>(buffer.count() / kSmallestInBuffer.count())),
      waiting_(max_frames_ + 1) {}

LinkCapacity capacity_of(const LinkConfig& config, Bytes largest_frame) {
  // A frame is on the line from its first bit sent to its last bit received.
  const Duration stay =
      config.delay + serialisation_time(framed_size(largest_frame, config.framing), config.rate);
  const Duration spacing = serialisation_time(framed_size(kSmallestOnLine, config.framing), config.rate);
  const auto on_line = static_cast<std::uint64_t>(stay.ps() / spacing.ps()) + 2;
  const std::uint64_t waiting = config.buffer.count() / kSmallestInBuffer.count() + 1;
  const Bytes travelling = bytes_in(config.rate, stay);
  return {waiting + on_line, config.buffer.count() + travelling.count() + 2 * largest_frame.count()};
}

Link::Link(const LinkConfig& config, Bytes largest_frame, StreamOwner owner, std::uint64_t seed)
    : transmitter_(config.rate, config.framing, config.buffer),
      loss_(std::get<loss::Bernoulli>(config.loss.model).probability,
            RandomStream(seed, owner, Effect::kLoss)),
      // One long step may start all that wait before the first of them arrives, so the line has room for
      // both.
      line_(config.delay, static_cast<std::size_t>(capacity_of(config, largest_frame).frames)) {}

}  // namespace longhaul::core
