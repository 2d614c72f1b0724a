// SPDX-License-Identifier: GPL-2.0-only
//
// Variables of a hook that are set by name before it runs and while it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "tests/hooks/hook_files.h"

namespace longhaul::hooks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Parameters : public ::testing::Test {
 protected:
  std::string failure(std::string_view variable, std::string_view value) {
    try {
      program_.set_parameter(variable, value);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  std::uint32_t answer(std::size_t frame_bytes) {
    HookCall call = call_of(frame_of(frame_bytes));
    return program_.run(LH_EGRESS, call);
  }
  // The value as the program has it.
  template <typename T>
  T value(std::string_view variable) {
    T read{};
    const std::span<std::byte> bytes = program_.variable(variable);
    EXPECT_EQ(bytes.size(), sizeof read);
    std::memcpy(&read, bytes.data(), std::min(bytes.size(), sizeof read));
    return read;
  }

  HookProgram program_{kForTests / "parameters.bpf.o"};
};

TEST_F(Parameters, TakeWhatTheirTypeHolds) {
  struct Row {
    std::string variable, least, most, below, above;
  };
  for (const Row& row : {
           Row{"small_one", "0", "255", "-1", "256"},
           Row{"small_signed", "-128", "127", "-129", "128"},
           Row{"port", "0", "0xffff", "-1", "65536"},
           Row{"medium_signed", "-32768", "0x7FFF", "-32769", "0x8000"},
           Row{"wide", "0", "4294967295", "-1", "4294967296"},
           Row{"wide_signed", "-2147483648", "2147483647", "-2147483649", "2147483648"},
           Row{"large", "0", "18446744073709551615", "-1", "18446744073709551616"},
           Row{"large_signed", "-9223372036854775808", "9223372036854775807", "-9223372036854775809",
               "9223372036854775808"},
           Row{"flag", "0", "1", "-1", "2"},
           Row{"mode", "0", "4294967295", "-1", "4294967296"},
       }) {
    for (const std::string& good : {row.least, row.most}) {
      EXPECT_EQ(failure(row.variable, good), "accepted") << row.variable << "=" << good;
    }
    for (const std::string& bad : {row.below, row.above}) {
      EXPECT_THAT(failure(row.variable, bad), HasSubstr("not a whole number from "))
          << row.variable << "=" << bad;
    }
  }
  EXPECT_EQ(value<std::uint8_t>("small_one"), 255);
  EXPECT_EQ(value<std::int8_t>("small_signed"), 127);
  EXPECT_EQ(value<std::uint16_t>("port"), 0xFFFF);
  EXPECT_EQ(value<std::int64_t>("large_signed"), 9'223'372'036'854'775'807);
  program_.set_parameter("large_signed", "-0x10");
  EXPECT_EQ(value<std::int64_t>("large_signed"), -16);
  program_.set_parameter("wide_signed", "-1");
  EXPECT_EQ(value<std::int32_t>("wide_signed"), -1);
  EXPECT_EQ(value<std::uint32_t>("wide"), 0xFFFF'FFFFu) << "its neighbours stay as they were";
}

TEST_F(Parameters, ConstantsThatAreVolatileAndStaticVariablesReachTheProgram) {
  EXPECT_EQ(answer(11), LH_PASS);
  EXPECT_EQ(answer(12), LH_DROP) << "limit 5 and hidden 6 as compiled";
  program_.set_parameter("limit", "100");
  EXPECT_EQ(answer(106), LH_PASS);
  EXPECT_EQ(answer(107), LH_DROP);
  program_.set_parameter("hidden", "0");
  EXPECT_EQ(answer(101), LH_DROP);
}

TEST_F(Parameters, RefuseInOneLineAndChangeNothing) {
  const std::string file = (kForTests / "parameters.bpf.o").string();
  for (const std::string value : {"", "-", "0x", "five", "5 ", " 5", "5.0", "+5", "1e3", "0x1g", "--1"}) {
    EXPECT_THAT(failure("port", value),
                AllOf(HasSubstr("hook " + file + ": parameter port=" + value +
                                ": not a whole number from 0 to 65535, decimal or 0x hexadecimal"),
                      HasSubstr("small_one (uint8_t)"), Not(HasSubstr("\n"))));
  }
  EXPECT_EQ(value<std::uint16_t>("port"), 4791);
  for (const std::string variable : {"nothing", "", "table", "pointer", "fixed", "parameters"}) {
    EXPECT_THAT(
        failure(variable, "1"),
        AllOf(HasSubstr("hook " + file + ": parameter " + variable + "=1: there is no such variable"),
              HasSubstr("small_one (uint8_t)"), HasSubstr("port (port_number)"), HasSubstr("mode (mode)"),
              HasSubstr("flag (_Bool)"), HasSubstr("limit (uint32_t)"), HasSubstr("hidden (uint32_t)"),
              Not(HasSubstr("table (")), Not(HasSubstr("fixed (")), Not(HasSubstr("\n"))));
  }
}

TEST(ParametersWithoutTypes, TakeWhatTheSizeHolds) {
  HookProgram program(kForTests / "parameters_without_types.bpf.o");
  program.set_parameter("small_one", "255");
  program.set_parameter("small_one", "-128");
  EXPECT_EQ(shared<std::int8_t>(program, "small_one"), -128);
  EXPECT_THROW(program.set_parameter("small_one", "256"), std::runtime_error);
  EXPECT_THROW(program.set_parameter("small_one", "-129"), std::runtime_error);
  EXPECT_THROW(program.set_parameter("table", "1"), std::runtime_error) << "32 bytes";
}

TEST(ParametersOfNothing, SaysThatThereAreNone) {
  HookProgram program(kShipped / "pass.bpf.o");
  EXPECT_THAT(
      [&] { program.set_parameter("period", "1"); },
      ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("it has no variables that take a number")));
}

}  // namespace
}  // namespace longhaul::hooks
