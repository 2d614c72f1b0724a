// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/transmitter.h"

namespace longhaul::core {
namespace {

constexpr std::uint64_t kWorkPerByte = 8'000'000'000'000;  // 8 bit x 1e12

Duration time_for(std::uint64_t work, BitRate rate) {
  return Duration::picoseconds(static_cast<std::int64_t>((work + rate.bps() - 1) / rate.bps()));
}

}  // namespace

Transmitter::Transmitter(const LinkConfig& link, const QueueConfig& queues, BitRate rate,
                         std::uint32_t largest_frame)
    : framing_(link.framing),
      overhead_(link.overhead),
      rate_(rate),
      two_tier_(queues.tiers.on_chip != Bytes()),
      single_(queues.classes.size() == 1),
      classes_(queues.classes.size()) {
  for (std::size_t c = 0; c < classes_; ++c) {
    const unsigned bit = 1U << c;
    queues.classes[c].strict ? strict_ |= bit : round_robin_ |= bit;
    quantum_[c] = std::uint64_t{queues.classes[c].weight} * largest_frame;
  }
  if (single_) round_robin_ = 0;
}

void Transmitter::time_new_size(Bytes counted) {
  last_counted_ = counted;
  last_work_ = counted.count() * kWorkPerByte;
  last_duration_ = time_for(last_work_, rate_);
}

void Transmitter::wait_for_read(const WaitingRoom& room, Instant now) {
  read_ = now + room.buffer.outer_read_time(current_.frame.size());
  current_.finish = next_ = std::max(current_.finish, read_);
}

void Transmitter::set_rate(BitRate rate, Instant now) {
  if (busy_) {
    const std::uint64_t done = rate_.bps() * static_cast<std::uint64_t>((now - since_).ps());
    work_ = done < work_ ? work_ - done : 0;  // all bits may be out while the outer tier is still read
    since_ = now;
    current_.finish = rate.bps() == 0 ? Instant::never() : now + time_for(work_, rate);
    if (current_.frame.outer()) current_.finish = std::max(current_.finish, read_);
    next_ = current_.finish;
  }
  rate_ = rate;
  last_counted_ = Bytes();
}

// Deficit round robin below the strict classes. Every quantum covers the largest frame, so one round at most
// finds a class that may send.
std::size_t Transmitter::choose(const WaitingRoom& room, unsigned ready) {
  const unsigned strict = ready & strict_;
  if (strict != 0) return std::bit_width(strict) - 1;
  while (true) {
    if (((ready >> turn_) & 1U) != 0) {
      if (!turn_credited_) deficit_[turn_] += quantum_[turn_];
      turn_credited_ = true;
      if (deficit_[turn_] >= queues_[turn_].front(room.pool).size()) return turn_;
    }
    turn_ = turn_ + 1 == classes_ ? 0 : turn_ + 1;
    turn_credited_ = false;
  }
}

// Of the ready classes those whose head has been written to the outer tier, if it went there.
unsigned Transmitter::written(const WaitingRoom& room, unsigned ready, Instant now) {
  unsigned result = 0;
  for (unsigned rest = ready; rest != 0; rest &= rest - 1) {
    const auto c = static_cast<std::size_t>(std::countr_zero(rest));
    const Instant written = queues_[c].front(room.pool).ready;
    if (written <= now) {
      result |= 1U << c;
    } else {
      next_ = std::min(next_, written);
    }
  }
  return result;
}

}  // namespace longhaul::core
