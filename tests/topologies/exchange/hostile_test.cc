// SPDX-License-Identifier: GPL-2.0-only
//
// Damaged files of other tools: each gives a topology that loads again, or one line that names the file.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>
#include "tests/topologies/corpus.h"
#include "topologies/config_error.h"
#include "topologies/exchange/flows.h"
#include "topologies/exchange/import.h"
#include "topologies/load.h"

namespace longhaul::topology {
namespace {

struct Sample {
  ImportFormat format;
  std::string text;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {ImportFormat::kHpcc,
       "6 2 5\n4 5\n0 4 100Gbps 0.001ms 0\n1 4 100Gbps 1us 0\n2 5 50Gbps 1000ns 0\n3 5 100Gbps 1us 0.001\n"
       "4 5 400Gbps 5ms 0.000001\nprose\n"},
      {ImportFormat::kHpcc,
       "5 2 1 2 4 H100\n2\n3 4\n0 2 900Gbps 1ns 0\n0 3 2Gbps 1us 0\n1 4 2Gbps 1us 0\n3 4 4Gbps 1us 0\n"},
      {ImportFormat::kGraphml,
       "<graphml><key attr.name=\"Latitude\" for=\"node\" id=\"a\"/><key attr.name=\"Longitude\" "
       "for=\"node\" id=\"b\"/>"
       "<key attr.name=\"LinkSpeedRaw\" for=\"edge\" id=\"c\"/>\n<graph>\n"
       "<node id=\"0\"><data key=\"a\">1.5</data><data key=\"b\">2</data></node>\n"
       "<node id=\"1\"><data key=\"a\">1.5</data><data key=\"b\">3</data></node>\n"
       "<edge source=\"0\" target=\"1\"><data key=\"c\">1000000000.0</data></edge>\n</graph></graphml>\n"},
      {ImportFormat::kContainerlab,
       "name: l\ntopology:\n  defaults: { kind: linux }\n  nodes:\n    a: { kind: srl }\n    b:\n    c: { "
       "kind: ceos }\n"
       "  links:\n    - endpoints: [\"a:e1\", \"b:e1\"]\n    - type: veth\n      endpoints:\n"
       "        - { node: a, interface: e2 }\n        - { node: c, interface: e2 }\n"}};
  return all;
}

std::mt19937_64 seeded(std::uint64_t& seed) {
  const char* given = std::getenv("LONGHAUL_TEST_SEED");
  seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'240'601;
  return std::mt19937_64(seed);
}

TEST(HostileImport, DamagedFilesGiveATopologyOrOneLine) {
  std::uint64_t seed = 0;
  std::mt19937_64 random = seeded(seed);
  int loaded = 0, refused = 0;
  for (int turn = 0; turn < 16'000; ++turn) {
    const Sample& sample = samples()[random() % samples().size()];
    const std::string text = test::damaged(sample.text, random);
    SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed) + " turn " + std::to_string(turn) + ":\n" +
                 text);
    try {
      const Import made =
          import_topology(text, "f", sample.format, {.rate = BitRate::gigabits_per_second(1)});
      ++loaded;
      ASSERT_EQ(load_text(made.yaml, "again"), made.topology);
    } catch (const ConfigError& e) {
      ++refused;
      ASSERT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos) << e.what();
      ASSERT_TRUE(std::string_view(e.what()).starts_with("f")) << e.what();
    }
  }
  EXPECT_GT(loaded, 200);  // counts that no longer hold refuse most
  EXPECT_GT(refused, 200);
}

TEST(HostileImport, DamagedFlowsGiveFlowsOrOneLine) {
  std::uint64_t seed = 0;
  std::mt19937_64 random = seeded(seed);
  const std::string good = "3\n0 1 3 100 200000000 2\n1 0 3 100 5000 2.5\n1 2 0 4791 1 3\nprose\n";
  int loaded = 0;
  for (int turn = 0; turn < 2'000; ++turn) {
    const std::string text = test::damaged(good, random);
    SCOPED_TRACE("LONGHAUL_TEST_SEED=" + std::to_string(seed) + ":\n" + text);
    try {
      const Flows made = import_flows(text, "f", {"a", "b", "c"});
      ++loaded;
      ASSERT_EQ(made.report.found("flows"), made.flows.size());
    } catch (const ConfigError& e) {
      ASSERT_TRUE(std::string_view(e.what()).starts_with("f:")) << e.what();
    }
  }
  EXPECT_GT(loaded, 100);
}

TEST(HostileImport, CountsThatNoFileHoldsTakeNoMemory) {
  for (const char* text :
       {"99999999999 1 1\n0", "100000 0 99999999\n", "100000 0 1000000\n0 1 1Gbps 1us 0"}) {
    EXPECT_THROW(import_topology(text, "f", ImportFormat::kHpcc), ConfigError) << text;
  }
  EXPECT_THROW(import_flows("9999999\n0 1 3 1 1 1", "f", {"a", "b"}), ConfigError);
}

TEST(HostileImport, DeepXmlEnds) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "<graphml>";
  EXPECT_THROW(import_topology(text, "f", ImportFormat::kGraphml), ConfigError);
}

}  // namespace
}  // namespace longhaul::topology
