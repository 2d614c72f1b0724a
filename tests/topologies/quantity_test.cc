// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/quantity.h"

#include <gtest/gtest.h>

#include <string>

namespace longhaul::topology {
namespace {

template <typename Parse>
std::string error_of(Parse parse, std::string_view text) {
  try {
    parse(text);
  } catch (const QuantityError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Quantity, TimesAreExact) {
  EXPECT_EQ(parse_duration("6.63 ms"), Duration::picoseconds(6'630'000'000));
  EXPECT_EQ(parse_duration("100us"), Duration::microseconds(100));
  EXPECT_EQ(parse_duration("100 \u00b5s"), Duration::microseconds(100));  // micro sign
  EXPECT_EQ(parse_duration("100 \u03bcs"), Duration::microseconds(100));  // Greek mu
  EXPECT_EQ(parse_duration("5 ns"), Duration::nanoseconds(5));
  EXPECT_EQ(parse_duration("  1 s "), Duration::seconds(1));
  EXPECT_EQ(parse_duration("1280 ps"), Duration::picoseconds(1'280));
  EXPECT_EQ(parse_duration(".5 us"), Duration::nanoseconds(500));
  EXPECT_EQ(parse_duration("0 s"), Duration());
  EXPECT_EQ(parse_duration("2e-3 s"), Duration::milliseconds(2));
  EXPECT_EQ(parse_duration("1.500000000000000000000000000 ms"), Duration::microseconds(1'500));
  EXPECT_EQ(parse_duration("9223372.036854775 s"), Duration::picoseconds(9'223'372'036'854'775'000));
}

TEST(Quantity, DistancesAndRates) {
  EXPECT_EQ(parse_distance("1353 km"), Distance::millimetres(1'353'000'000));
  EXPECT_EQ(parse_distance("20 m"), Distance::millimetres(20'000));
  EXPECT_EQ(parse_distance("0.001 m"), Distance::millimetres(1));
  EXPECT_EQ(parse_duration_per_km("4.9 us/km"), Duration::nanoseconds(4'900));
  EXPECT_EQ(parse_rate("1 Gbit/s"), BitRate::gigabits_per_second(1));
  EXPECT_EQ(parse_rate("400 Gb/s"), BitRate::gigabits_per_second(400));
  EXPECT_EQ(parse_rate("1.6 Tbps"), BitRate::gigabits_per_second(1'600));
  EXPECT_EQ(parse_rate("100Mbit/s"), BitRate::bits_per_second(100'000'000));
  EXPECT_EQ(parse_rate("9600 bit/s"), BitRate::bits_per_second(9'600));
}

TEST(Quantity, SizesUseBothKindsOfPrefix) {
  EXPECT_EQ(parse_size("64 MiB"), Bytes(67'108'864));
  EXPECT_EQ(parse_size("4KiB"), Bytes(4'096));
  EXPECT_EQ(parse_size("1 MB"), Bytes(1'000'000));
  EXPECT_EQ(parse_size("1500 B"), Bytes(1'500));
  EXPECT_EQ(parse_size("1.5 KiB"), Bytes(1'536));
  EXPECT_EQ(parse_size("16 GiB"), Bytes(std::uint64_t{16} << 30));
}

TEST(Quantity, BuffersResolveToBytes) {
  const BitRate rate = BitRate::gigabits_per_second(1);
  const Duration round_trip = Duration::microseconds(13'260);
  EXPECT_EQ(parse_buffer("1 bdp").resolve(rate, round_trip), Bytes(1'657'500));
  EXPECT_EQ(parse_buffer("0.5bdp").resolve(rate, round_trip), Bytes(828'750));
  EXPECT_EQ(parse_buffer("5 ms").resolve(rate, round_trip), Bytes(625'000));
  EXPECT_EQ(parse_buffer("64 KiB").resolve(rate, round_trip), Bytes(65'536));
}

TEST(Quantity, ProbabilitiesAreTheNearestDouble) {
  EXPECT_EQ(parse_probability("0"), 0.0);
  EXPECT_EQ(parse_probability("1"), 1.0);
  EXPECT_EQ(parse_probability("1e-5"), 1e-5);
  EXPECT_EQ(parse_probability("0.01 %"), 1e-4);
  EXPECT_EQ(parse_probability("100%"), 1.0);
  EXPECT_EQ(parse_probability("0.1 %"), 1e-3);
  EXPECT_EQ(parse_probability("0e-400"), 0.0);
}

TEST(Quantity, PlainNumbers) {
  EXPECT_EQ(parse_number("-84.388"), -84.388);
  EXPECT_EQ(parse_integer("18446744073709551615"), 18'446'744'073'709'551'615u);
  for (const char* bad : {"", "nan", "inf", "1e999", "0x10", "1 2", "1,5"}) {
    EXPECT_THROW(parse_number(bad), QuantityError) << bad;
  }
  for (const char* bad : {"", "-1", "+1", "1.5", "1e3", "18446744073709551616", "0x10"}) {
    EXPECT_THROW(parse_integer(bad), QuantityError) << bad;
  }
}

TEST(Quantity, ErrorsSayWhatIsAllowed) {
  EXPECT_EQ(error_of(parse_duration, "5"), "'5' has no unit, allowed: s, ms, us, ns, ps");
  EXPECT_EQ(error_of(parse_duration, "5 min"),
            "'5 min' has the unknown unit 'min', allowed: s, ms, us, ns, ps");
  EXPECT_EQ(error_of(parse_duration, "5 ms 3 us"),
            "'5 ms 3 us' has the unknown unit 'ms 3 us', allowed: s, ms, us, ns, ps");
  EXPECT_EQ(error_of(parse_duration, "-5 ms"), "'-5 ms' is negative, allowed: 0 or more");
  EXPECT_EQ(error_of(parse_duration, ""), "is empty, write for example 6.63 ms");
  EXPECT_EQ(error_of(parse_duration, "0.1 ps"), "'0.1 ps' is finer than 1 ps");
  EXPECT_EQ(error_of(parse_distance, "0.1 mm"), "'0.1 mm' has the unknown unit 'mm', allowed: km, m");
  EXPECT_EQ(error_of(parse_size, "0.5 B"), "'0.5 B' is finer than 1 B");
  EXPECT_EQ(error_of(parse_duration, "9223373 s"), "'9223373 s' is too large");
  EXPECT_EQ(error_of(parse_probability, "1.01"), "'1.01' is more than 1, allowed: 0 to 1, or 0 % to 100 %");
  EXPECT_EQ(error_of(parse_probability, "1e-999"), "'1e-999' is too small");
  EXPECT_EQ(error_of(parse_probability, "1 bdp"),
            "'1 bdp' has the unknown unit 'bdp', allowed: a number from 0 to 1, or %");
}

TEST(Quantity, RejectsWhatIsNotAQuantity) {
  for (const char* bad :
       {"nan ms", "inf s", "NaN", "ms", ".", ". ms", "e5 ms", "1e s", "1e+ s", "1..5 ms", "1.5.2 ms", "+5 ms",
        "0x5 ms", "1e99999999999999 s", "\xff ms", "5 m\xff", "1_000 ms", "5 MS"}) {
    EXPECT_THROW(parse_duration(bad), QuantityError) << bad;
  }
  EXPECT_THROW(parse_rate("1e400 bit/s"), QuantityError);
  EXPECT_THROW(parse_rate("1 mbit/s"), QuantityError);  // milli
  EXPECT_THROW(parse_size("1 KB"), QuantityError);      // 1000 or 1024?
  EXPECT_THROW(parse_buffer("1 km"), QuantityError);
  EXPECT_THROW(parse_buffer("-1 bdp"), QuantityError);
}

TEST(Quantity, TextReadsBackToTheSameValue) {
  for (const std::int64_t ps :
       {0L, 1L, 999L, 1'000L, 1'280L, 6'631'397'091L, 1'000'000'000'000L, 10'000'000'000'001L}) {
    const Duration time = Duration::picoseconds(ps);
    EXPECT_EQ(parse_duration(to_text(time)), time) << to_text(time);
  }
  for (const std::uint64_t mm : {0UL, 1UL, 1'353'000'000UL, 1'353'346'345UL}) {
    EXPECT_EQ(parse_distance(to_text(Distance::millimetres(mm))), Distance::millimetres(mm));
  }
  for (const std::uint64_t bps : {1UL, 1'000UL, 1'234'567'891UL, 1'600'000'000'000UL}) {
    EXPECT_EQ(parse_rate(to_text(BitRate::bits_per_second(bps))), BitRate::bits_per_second(bps));
  }
  for (const std::uint64_t bytes : {0UL, 1UL, 1'024UL, 1'657'500UL, 1UL << 42}) {
    EXPECT_EQ(parse_size(to_text(Bytes(bytes))), Bytes(bytes));
  }
  EXPECT_EQ(to_text(Duration::picoseconds(6'630'000'000)), "6.63 ms");
  EXPECT_EQ(to_text(BitRate::gigabits_per_second(1)), "1 Gbit/s");
  EXPECT_EQ(to_text(Bytes(67'108'864)), "64 MiB");
  EXPECT_EQ(to_text(Distance::millimetres(20'000)), "20 m");
}

TEST(Quantity, TravelTime) {
  EXPECT_EQ(travel_time(parse_distance("1353 km"), parse_duration_per_km("4.9 us/km")),
            Duration::picoseconds(6'629'700'000));
  EXPECT_EQ(travel_time(Distance::millimetres(1), Duration::nanoseconds(4'900)),
            Duration::picoseconds(5));  // 4.9
}

TEST(Quantity, QuotedTextIsOnePrintableLine) {
  EXPECT_EQ(in_quotes("a\nb\x7f"), "'a?b?'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "\u00b5more"), "'" + std::string(59, 'x') + "...'");
}

}  // namespace
}  // namespace longhaul::topology
