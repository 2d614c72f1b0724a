// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/collectives/gloo.h"

#include <array>
#include <bit>
#include <vector>

namespace longhaul::scenario::collectives {
namespace {

using Indices = std::vector<std::uint32_t>;

class GlooRing {
 public:
  explicit GlooRing(const Shape& shape)
      : n_(shape.ranks), shape_(shape), builder_(shape.ranks, 1, shape.element), ranks_(shape.ranks) {}

  Schedule make() {
    if (n_ < 2) return builder_.take();
    phase(Action::kReduce, 1);
    phase(Action::kReplace, 0);
    return builder_.take();
  }

 private:
  struct Rank {
    Indices reached;                        // what was over before it came to this iteration
    std::array<Indices, 2> sent, received;  // of iteration i at [i % 2]
  };

  std::uint32_t left_of(std::uint32_t rank) const { return (rank + n_ - 1) % n_; }

  // `lead`: how many chunks ahead of its own a rank begins to send.
  void phase(Action action, std::uint32_t lead) {
    const std::uint32_t segments = 2 * n_;
    for (std::uint32_t i = 0; i < segments; ++i) {
      for (Rank& rank : ranks_) enter(rank, i);
      if (i + 2 >= segments) continue;
      std::vector<std::uint32_t> ready(n_);  // by receiver
      for (std::uint32_t r = 0; r < n_; ++r) ready[r] = builder_.signal(r, (r + 1) % n_, ranks_[r].reached);
      for (std::uint32_t r = 0; r < n_; ++r)
        send(r, (2 * (r + lead) + i) % segments, ready[left_of(r)], action, i);
    }
  }

  static void enter(Rank& rank, std::uint32_t iteration) {
    if (iteration < 2) return;
    rank.reached = rank.sent[iteration % 2];
    const Indices& received = rank.received[iteration % 2];
    rank.reached.insert(rank.reached.end(), received.begin(), received.end());
  }

  void send(std::uint32_t from, std::uint32_t segment, std::uint32_t ready, Action action, std::uint32_t i) {
    Indices after = ranks_[from].reached;
    after.push_back(ready);
    const Range range = part_of({0, shape_.size}, 2 * n_, segment, shape_.element);
    const std::uint32_t to = left_of(from);
    const std::uint32_t step = range.size() > 0
                                   ? builder_.send_whole(from, to, range, range.begin, action, after)
                                   : builder_.signal(from, to, after);
    ranks_[from].sent[i % 2] = {step};
    ranks_[to].received[i % 2] = {step};
  }

  std::uint32_t n_;
  Shape shape_;
  Builder builder_;
  std::vector<Rank> ranks_;
};

}  // namespace

Schedule gloo_ring(const Shape& shape) {
  return GlooRing(shape).make();
}

Schedule gloo_halving_doubling(const Shape& shape) {
  Builder builder(shape.ranks, 1, shape.element);
  const auto rounds = static_cast<std::uint32_t>(std::countr_zero(shape.ranks));
  std::vector<Indices> before(shape.ranks);  // by rank: what it waits for before its next message
  const auto half_of = [&](std::uint32_t rank, std::uint32_t halvings) {
    Range range{0, shape.size};
    for (std::uint32_t k = 0; k < halvings; ++k) range = part_of(range, 2, (rank >> k) & 1U, shape.element);
    return range;
  };
  const auto exchange = [&](std::uint32_t round, Action action) {
    std::vector<std::uint32_t> message(shape.ranks);
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      const std::uint32_t peer = r ^ (1U << round);
      const Range range = half_of(action == Action::kReduce ? peer : r, round + 1);
      message[r] = range.size() > 0 ? builder.send_whole(r, peer, range, range.begin, action, before[r])
                                    : builder.signal(r, peer, before[r]);
    }
    for (std::uint32_t r = 0; r < shape.ranks; ++r) {
      const std::uint32_t peer = r ^ (1U << round);
      const std::uint32_t word = builder.signal(r, peer, Indices{message[peer]});
      before[peer] = {message[r], word};
    }
  };
  for (std::uint32_t k = 0; k < rounds; ++k) exchange(k, Action::kReduce);
  for (std::uint32_t k = rounds; k-- > 0;) exchange(k, Action::kReplace);
  return builder.take();
}

}  // namespace longhaul::scenario::collectives
