// SPDX-License-Identifier: GPL-2.0-only
//
// Every file in malformed/ must give exactly the error in its first line; damaged good files must give a
// model or a ConfigError of one line, and nothing else.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/topologies/corpus.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

std::string error_of(std::string_view text, const std::string& label) {
  try {
    load_text(text, label);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

TEST(MalformedTopology, GivesExactlyTheExpectedLine) {
  const auto files = test::yaml_files(test::in_project("tests/topologies/malformed"));
  ASSERT_GE(files.size(), 80u);
  for (const auto& file : files) {
    const std::string text = test::slurp(file);
    const std::string label = file.filename().string();
    ASSERT_FALSE(test::expectation(text).empty()) << label;
    EXPECT_EQ(error_of(text, label), label + ":" + test::expectation(text));
  }
}

TEST(MalformedTopology, CharactersThatAreNotText) {
  EXPECT_EQ(error_of("name: x\n\xff\xfe", "f"), "f:2: yaml: is not UTF-8, save the file as UTF-8");
  EXPECT_EQ(error_of("name: \xed\xa0\x80", "f"),
            "f:1: yaml: is not UTF-8, save the file as UTF-8");                                   // surrogate
  EXPECT_EQ(error_of("name: \xc0\x80", "f"), "f:1: yaml: is not UTF-8, save the file as UTF-8");  // overlong
  EXPECT_EQ(error_of(std::string_view("a: b\nc: \0", 9), "f"),
            "f:2: yaml: control character 0x00, allowed: text");
  EXPECT_EQ(error_of("name: \"a\\x1b[2J\"\n", "f"),
            "f:1: name: 'a?[2J' is not a name, allowed: a-z, 0-9 and - (not first), at most 32 characters");
}

TEST(MalformedTopology, BoundsOnSizeDepthAndNumber) {
  EXPECT_EQ(error_of(std::string(kLargestFile + 1, ' '), "f"),
            "f:1: yaml: larger than 256 MiB, split the file");
  std::string deep = "a:\n";
  for (int i = 0; i < 40; ++i) deep += "- ";
  EXPECT_EQ(error_of(deep + "x", "f"), "f:2: a: nested more than 16 levels deep");
  std::string many = "a: [";
  for (int i = 0; i < 10'000; ++i) many += "x, ";
  EXPECT_EQ(error_of(many + "]", "f"), "f:1: a: more than 8192 entries");
  std::string sites = "name: x\nsites:\n";
  for (int i = 0; i < 1'025; ++i) sites += "  s" + std::to_string(i) + ": {}\n";
  EXPECT_EQ(error_of(sites + "hosts: { h: { site: s0 } }\n", "f"),
            "f:2: sites: 1025 sites are too many, allowed: up to 1024");
  std::string hosts = "name: x\nsites: { s: {} }\nhosts:\n";
  for (int i = 0; i < 4'097; ++i) hosts += "  h" + std::to_string(i) + ": { site: s }\n";
  EXPECT_EQ(error_of(hosts, "f"), "f:3: hosts: 4097 hosts are too many, allowed: up to 4096");
}

// A megabyte of what makes naive parsers quadratic or recursive; a hang shows as the time limit of the test.
TEST(MalformedTopology, LargeHostileInputIsRefused) {
  for (const char* piece : {"[",     "{",   "- ",  "? ",     "a: ",  "{a: ",         "[a, ", "\n- ", "\n ",
                            "'",     "\"",  "&a ", "*a ",    "!a ",  ": ",           ", ",   "#",    "%a\n",
                            "---\n", "a\n", "|\n", "a: b\n", "{}\n", "\xef\xbb\xbf", "\t"}) {
    constexpr std::size_t kMegabyte = std::size_t{1} << 20;
    std::string text;
    while (text.size() < kMegabyte) text += piece;
    EXPECT_NE(error_of(text, "f"), "no error") << piece;
  }
}

TEST(MalformedTopology, DamagedFilesGiveAModelOrOneLine) {
  const char* given = std::getenv("LONGHAUL_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'240'601;
  std::mt19937_64 random(seed);
  auto files = test::yaml_files(test::in_project("topologies/library"));
  for (const auto& file : test::yaml_files(test::in_project("tests/topologies/good"))) files.push_back(file);
  int loaded = 0, refused = 0;
  for (int turn = 0; turn < 6'000; ++turn) {
    const std::string text = test::damaged(test::slurp(files[random() % files.size()]), random);
    SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed) + " turn " + std::to_string(turn) + ":\n" +
                 text);
    try {
      const Topology topology = load_text(text, "f");
      ++loaded;
      ASSERT_EQ(load_text(effective_yaml(topology), "effective"), topology);
    } catch (const ConfigError& e) {
      ++refused;
      ASSERT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos);
      ASSERT_TRUE(std::string_view(e.what()).starts_with("f:")) << e.what();
    }
  }
  EXPECT_GT(loaded, 300);  // else the damage is too heavy to reach the checks
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace longhaul::topology
