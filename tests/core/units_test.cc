// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/units.h"

#include <gtest/gtest.h>

#include "emulator/core/link_config.h"

namespace longhaul {
namespace {

TEST(SerialisationTime, IsExactToThePicosecond) {
  const BitRate rate = BitRate::gigabits_per_second(400);
  EXPECT_EQ(serialisation_time(Bytes(64), rate).ps(), 1'280);
  EXPECT_EQ(serialisation_time(core::framed_size(Bytes(64), core::Framing::kWire), rate).ps(), 1'760);
  EXPECT_EQ(serialisation_time(Bytes(1'538), BitRate::gigabits_per_second(1)).ps(), 12'304'000);
}

TEST(SerialisationTime, RoundsUpSoThatALinkIsNeverTooFast) {
  // 88 B at 3 Gbit/s = 234,666.67 ps
  EXPECT_EQ(serialisation_time(Bytes(88), BitRate::gigabits_per_second(3)).ps(), 234'667);
  EXPECT_EQ(serialisation_time(Bytes(1), BitRate::bits_per_second(7'999'999'999'999)).ps(), 2);
}

TEST(SerialisationTime, AgreesOnBothSidesOfTheWideArithmetic) {
  // The 64-bit path ends at 1,152,921 B; both sides are multiples of 8 ps at 1 Tbit/s.
  const BitRate rate = BitRate::gigabits_per_second(1'000);
  for (const std::uint64_t size : {1'152'920ULL, 1'152'921ULL, 1'152'922ULL, 5'000'000'000ULL}) {
    EXPECT_EQ(serialisation_time(Bytes(size), rate).ps(), static_cast<std::int64_t>(size * 8)) << size;
  }
}

TEST(BytesIn, IsTheRateDelayProduct) {
  EXPECT_EQ(bytes_in(BitRate::gigabits_per_second(1), Duration::microseconds(13'260)).count(), 1'657'500u);
  // physics.md: 2.5 GB during a 50 ms outage at 400G
  EXPECT_EQ(bytes_in(BitRate::gigabits_per_second(400), Duration::milliseconds(50)).count(), 2'500'000'000u);
}

TEST(FramedSize, PadsAndAddsWhatTheWireCarries) {
  using core::framed_size, core::Framing;
  EXPECT_EQ(framed_size(Bytes(1'514), Framing::kWire).count(), 1'538u);
  EXPECT_EQ(framed_size(Bytes(42), Framing::kWire).count(), 84u);  // an unpadded ARP request
  EXPECT_EQ(framed_size(Bytes(42), Framing::kL2).count(), 42u);
}

TEST(Duration, ConvertsAndOrders) {
  EXPECT_EQ(Duration::milliseconds(1), Duration::microseconds(1'000));
  EXPECT_EQ(Duration::from_seconds(6.63e-3).ps(), 6'630'000'000);
  EXPECT_EQ(Duration::from_seconds(-1e-12).ps(), -1);
  EXPECT_LT(Instant{}, Instant::never());
  EXPECT_EQ((Instant{} + Duration::nanoseconds(3)) - Instant{}, Duration::picoseconds(3'000));
}

}  // namespace
}  // namespace longhaul
