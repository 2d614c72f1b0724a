// SPDX-License-Identifier: GPL-2.0-only
//
// Counter-based random numbers: draw i of a stream is a pure function of (seed, link, direction, effect, i),
// so the same frames meet the same fate whatever the burst size, the driver or the number of other links, and
// adding an effect does not move another one's draws. Philox4x32-10 after Salmon et al., "Parallel Random
// Numbers: As Easy as 1, 2, 3", SC'11; the tests hold the authors' known answers. Values only, no state, no
// allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace longhaul::core {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

// Ten rounds of Philox4x32: a bijection of `counter` for each `key`.
constexpr PhiloxBlock philox4x32_10(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// The effects that draw, one stream each. Values are part of what a seed means: never renumber.
enum class Effect : std::uint32_t {
  kLoss = 1,
  kBitErrors = 2,
  kCorrupt = 3,
  kCorruptBits = 4,
  kDuplicate = 5,
  kJitter = 6,
  kReorder = 7,
  kRed = 8,
  kPie = 9,
  kPauseLoss = 10,
};

// Which link direction a stream belongs to. Links are numbered as in the topology, directions 0 and 1.
struct StreamOwner {
  std::uint32_t link = 0;
  std::uint32_t direction = 0;
};

class RandomStream {
 public:
  // `part` tells streams of one effect apart: the wave or the traffic class.
  constexpr RandomStream(std::uint64_t seed, StreamOwner owner, Effect effect, std::uint32_t part = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        owner_((owner.link << 1) | owner.direction),
        effect_(static_cast<std::uint32_t>(effect) | (part << 16)) {}

  // Block `index` of this stream: four words of 32 uniform bits.
  constexpr PhiloxBlock block(std::uint64_t index) const {
    return philox4x32_10(
        {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), owner_, effect_}, key_);
  }

  // Draw `index` of this stream: 64 uniform bits.
  constexpr std::uint64_t bits(std::uint64_t index) const {
    const PhiloxBlock words = block(index);
    return (std::uint64_t{words[1]} << 32) | words[0];
  }

  // Draw `index` as a number in (0, 1]: never zero, so its logarithm is finite. Steps of 2^-64 near zero,
  // which is what makes tails of rare events right; rounded to a double's 53 bits elsewhere.
  constexpr double uniform(std::uint64_t index) const {
    return (static_cast<double>(bits(index)) + 1.0) * 0x1p-64;
  }

 private:
  PhiloxKey key_;
  std::uint32_t owner_;
  std::uint32_t effect_;
};

// A stream read word by word, for effects that draw for every frame: word i is word i mod 4 of block i / 4.
// Four blocks are made at a time, so that their rounds overlap in the processor.
class WordStream {
 public:
  explicit WordStream(RandomStream stream) : stream_(stream) {}

  std::uint32_t next() {
    const std::size_t at = next_++ % kWords;
    if (at == 0) refill();
    return words_[at];
  }
  // In (0, 1], in steps of 2^-32.
  double uniform() { return (static_cast<double>(next()) + 1.0) * 0x1p-32; }

 private:
  static constexpr std::size_t kBlocks = 4, kWords = 4 * kBlocks;
  void refill() {
    const std::uint64_t first = (next_ - 1) / 4;
    for (std::size_t b = 0; b < kBlocks; ++b) {
      const PhiloxBlock words = stream_.block(first + b);
      for (std::size_t w = 0; w < 4; ++w) words_[4 * b + w] = words[w];
    }
  }

  RandomStream stream_;
  std::uint64_t next_ = 0;
  std::array<std::uint32_t, kWords> words_{};
};

}  // namespace longhaul::core
