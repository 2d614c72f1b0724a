// SPDX-License-Identifier: GPL-2.0-only
//
// Counter-based random numbers: draw i of a stream is a pure function of (seed, link, direction, effect, i),
// so the same frames meet the same fate whatever the burst size, the driver or the number of other links, and
// adding an effect does not move another one's draws. Philox4x32-10 after Salmon et al., "Parallel Random
// Numbers: As Easy as 1, 2, 3", SC'11; the tests hold the authors' known answers. Values only, no state, no
// allocation.
#pragma once

#include <array>
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
enum class Effect : std::uint32_t { kLoss = 1 };

// Which link direction a stream belongs to. Links are numbered as in the topology, directions 0 and 1.
struct StreamOwner {
  std::uint32_t link = 0;
  std::uint32_t direction = 0;
};

class RandomStream {
 public:
  constexpr RandomStream(std::uint64_t seed, StreamOwner owner, Effect effect)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        owner_((owner.link << 1) | owner.direction),
        effect_(static_cast<std::uint32_t>(effect)) {}

  // Draw `index` of this stream: 64 uniform bits.
  constexpr std::uint64_t bits(std::uint64_t index) const {
    const PhiloxBlock block = philox4x32_10(
        {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), owner_, effect_}, key_);
    return (std::uint64_t{block[1]} << 32) | block[0];
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

}  // namespace longhaul::core
