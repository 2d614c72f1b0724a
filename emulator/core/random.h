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

constexpr PhiloxBlock philox_round(const PhiloxBlock& counter, const PhiloxKey& key) {
  const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
  const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
  return {
      static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
      static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
}

// Ten rounds of Philox4x32, of two counters at a time: each is a chain of multiplications, and two of them
// side by side take little longer than one. A bijection of each counter for each key.
constexpr std::array<PhiloxBlock, 2> philox4x32_10(PhiloxBlock first, PhiloxBlock second, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    first = philox_round(first, key);
    second = philox_round(second, key);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return {first, second};
}

constexpr PhiloxBlock philox4x32_10(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    counter = philox_round(counter, key);
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
  kHook = 11,  // a program's own draws; part: its place
  kBackground = 12,
  kTraffic = 13,  // arrivals of modelled traffic; part: gaps, times on and off, sizes
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
  constexpr PhiloxBlock block(std::uint64_t index) const { return philox4x32_10(counter(index), key_); }
  // Blocks `index` and `index` + 1.
  constexpr std::array<PhiloxBlock, 2> two_blocks(std::uint64_t index) const {
    return philox4x32_10(counter(index), counter(index + 1), key_);
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
  constexpr PhiloxBlock counter(std::uint64_t index) const {
    return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), owner_, effect_};
  }

  PhiloxKey key_;
  std::uint32_t owner_;
  std::uint32_t effect_;
};

// A stream read word by word, for effects that draw for every frame: word i is word i mod 4 of block i / 4.
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
  static constexpr std::size_t kWords = 8;
  void refill() {
    const auto blocks = stream_.two_blocks((next_ - 1) / 4);
    for (std::size_t i = 0; i < kWords; ++i) words_[i] = blocks[i / 4][i % 4];
  }

  RandomStream stream_;
  std::uint64_t next_ = 0;
  std::array<std::uint32_t, kWords> words_{};
};

}  // namespace longhaul::core
