// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/scenarios/fake_testbed.h"

namespace longhaul::scenario {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr PeerId kPeer{1}, kOther{2};

class ControlServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "longhaul-service-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Json ask(const std::string& line, PeerId peer = kPeer) {
    const std::optional<std::string> answer = service_.handler().answer(peer, line);
    EXPECT_TRUE(answer.has_value()) << line;
    EXPECT_EQ(answer.value_or("").find('\n'), std::string::npos) << *answer;
    return Json::parse(answer.value_or("null"));
  }
  Json ask(const Json& request, PeerId peer = kPeer) { return ask(request.dump(), peer); }
  // An error that says so, on one line, and changes nothing.
  void expect_wrong(const Json& answer, const std::string& part, int status = kRequestIsWrong) {
    ASSERT_TRUE(answer.contains("error")) << answer;
    EXPECT_EQ(answer["status"], status) << answer;
    EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr(part));
    EXPECT_EQ(answer["error"].get<std::string>().find('\n'), std::string::npos);
    EXPECT_TRUE(testbed_.changes.empty());
    EXPECT_EQ(service_.changes().count, 0U);
  }
  Json capture_request(const std::string& link) const {
    return {{"command", "capture_start"}, {"link", link}, {"file", (directory_ / "c.pcapng").string()}};
  }

  std::filesystem::path directory_;
  test::FakeTestbed testbed_;
  ControlService service_{testbed_, "1.2"};
};

TEST_F(ControlServiceTest, WhatIsNoRequestIsRefused) {
  for (const char* line :
       {"", "{", "[]", "7", "\"show\"", "nul", "{\"command\": \"show\"} x", "\xff\xfe{}"}) {
    expect_wrong(ask(std::string(line)), "a request is a JSON object on one line");
  }
  expect_wrong(ask(std::string("{}")), "`command` has to be a text");
  expect_wrong(ask({{"command", 7}}), "`command` has to be a text");
  expect_wrong(ask({{"command", "fly"}}), "no command `fly`, allowed: show, set, event");
  expect_wrong(ask(std::string(60'000, '[')), "a request is a JSON object");
  expect_wrong(ask(std::string("{\"command\": \"a\\nb\"}")), "no command `a b`");
}

TEST_F(ControlServiceTest, ShowsAllOrOneLinkOrOneDirection) {
  const Json all = ask({{"command", "show"}});
  EXPECT_EQ(all["run"], "t");
  EXPECT_EQ(all["directions"].size(), 4U);
  EXPECT_EQ(all["directions"][0]["settings"], (Json{{"rate_bps", 1'000'000'000},
                                                    {"delay_ms", 5.0},
                                                    {"loss", 0.25},
                                                    {"buffer_bytes", 1'250'000},
                                                    {"up", true},
                                                    {"blackhole", false}}));
  EXPECT_EQ(all["directions"][0]["background"],
            (Json{{"share_left", 1.0}, {"wait_us", 0.0}, {"loss", 0.0}, {"mark", 0.0}}));
  EXPECT_EQ(all["lcores"][0]["turns"], 1'000);
  const Json one = ask({{"command", "show"}, {"link", "lan"}});
  ASSERT_EQ(one["directions"].size(), 2U);
  EXPECT_EQ(one["directions"][1]["link"], "lan");
  EXPECT_EQ(one["directions"][1]["from"], "c");
  const Json back = ask({{"command", "show"}, {"link", "lan:reverse"}});
  ASSERT_EQ(back["directions"].size(), 1U);
  EXPECT_EQ(back["directions"][0], one["directions"][1]);
  expect_wrong(ask({{"command", "show"}, {"link", "wam"}}), "wan");
}

TEST_F(ControlServiceTest, ASettingSaysWhenItCounts) {
  const Json done = ask({{"command", "set"}, {"link", "wan"}, {"words", {"rate=100 Mbit/s", "delay=20 ms"}}});
  EXPECT_EQ(done,
            (Json{{"text", "wan: rate 100 Mbit/s, delay 20 ms from t = 1.505000 s"}, {"from_s", 1.505}}));
  ASSERT_EQ(testbed_.changes.size(), 1U);
  ASSERT_EQ(testbed_.changes[0].size(), 2U);
  EXPECT_EQ(testbed_.changes[0][1].direction, topology::kReverse);
  EXPECT_EQ(testbed_.changes[0][1].change.delay, Duration::milliseconds(20));
  const Json half = ask({{"command", "set"}, {"link", "wan:reverse"}, {"words", {"loss=1 %"}}});
  EXPECT_EQ(half["text"], "wan reverse: loss 0.01 from t = 1.505000 s");
  EXPECT_EQ(service_.changes().count, 2U);
  EXPECT_EQ(service_.changes().first[1].text, "wan reverse: loss 0.01");
  EXPECT_EQ(service_.changes().first[1].at_s, 1.505);
  EXPECT_EQ(ask({{"command", "show"}})["live_changes"], 2);
}

TEST_F(ControlServiceTest, AnEventToldInShort) {
  const Json cut = ask({{"command", "event"}, {"link", "wan"}, {"words", {"outage=50 ms"}}});
  EXPECT_EQ(cut["text"], "wan: dark, light 50 ms later from t = 1.505000 s");
  const Json burst = ask({{"command", "event"}, {"link", "lan:forward"}, {"words", {"burst=3"}}});
  EXPECT_EQ(burst["text"], "lan forward: the next 3 frames lost from t = 1.505000 s");
  const Json flap = ask(
      {{"command", "event"}, {"link", "lan"}, {"words", {"flap={ period: 2 ms, down: 1 ms, times: 10 }"}}});
  ASSERT_TRUE(flap.contains("text")) << flap;
  EXPECT_THAT(flap["text"].get<std::string>(), HasSubstr(" and 16 more from t = "));
}

TEST_F(ControlServiceTest, WhatIsWrongChangesNothing) {
  const auto set = [&](Json words) {
    return ask({{"command", "set"}, {"link", "wan"}, {"words", std::move(words)}});
  };
  expect_wrong(set({"rate=100 Mbit/s", "delay=-1 ms"}), "links.wan.delay");
  expect_wrong(set({"delay=20001 us"}), "reserve");
  expect_wrong(set({"colour=red"}), "colour");
  expect_wrong(set(Json::array()), "nothing changes");
  expect_wrong(set({7}), "`words` has to be a list of texts");
  expect_wrong(set("rate=1 bit/s"), "`words` has to be a list of texts");
  expect_wrong(ask({{"command", "set"}, {"words", {"up=false"}}}), "`link` has to be a text");
  expect_wrong(ask({{"command", "set"}, {"link", "wan:up"}, {"words", {"up=false"}}}), "direction");
  expect_wrong(ask({{"command", "event"}, {"link", "wan"}, {"words", {"party=1"}}}), "party");
}

TEST_F(ControlServiceTest, ABusyDataPlaneIsAskedAgain) {
  testbed_.busy = 2;
  const std::string request = Json{{"command", "set"}, {"link", "wan"}, {"words", {"up=false"}}}.dump();
  const ControlSocket::Handler handler = service_.handler();
  EXPECT_FALSE(handler.answer(kPeer, request).has_value());
  EXPECT_FALSE(handler.answer(kPeer, request).has_value());
  EXPECT_EQ(service_.changes().count, 0U);
  EXPECT_TRUE(handler.answer(kPeer, request).has_value());
  EXPECT_EQ(service_.changes().count, 1U);
}

TEST_F(ControlServiceTest, ACaptureLastsUntilItsPeerEndsIt) {
  const Json started = ask(capture_request("wan"));
  EXPECT_EQ(started["captured"], 0) << started;
  EXPECT_EQ(testbed_.captured, (std::set<std::size_t>{0, 1}));
  constexpr std::array<std::byte, 64> kFrame{};
  const std::uint32_t number = testbed_.taps[0]->offered(kFrame, testbed_.now());
  testbed_.taps[0]->released(number, kFrame, testbed_.now() + Duration::milliseconds(5));
  service_.drain();
  EXPECT_EQ(ask({{"command", "capture_counts"}})["records"], 2);
  const Json counts = ask({{"command", "capture_stop"}});
  EXPECT_EQ(counts["seen"], 1);
  EXPECT_EQ(counts["captured"], 1);
  EXPECT_EQ(counts["releases"], 1);
  EXPECT_EQ(counts["dropped_by_capture"], 0);
  EXPECT_EQ(counts["failure"], "");
  EXPECT_TRUE(testbed_.captured.empty());
  EXPECT_EQ(std::filesystem::file_size(directory_ / "c.pcapng"), counts["bytes"].get<std::uint64_t>());
  expect_wrong(ask({{"command", "capture_stop"}}), "captures nothing");
}

TEST_F(ControlServiceTest, ACaptureEndsWithItsConnection) {
  ask(capture_request("wan"));
  service_.handler().gone(kOther);
  EXPECT_EQ(testbed_.captured.size(), 2U);
  service_.handler().gone(kPeer);
  EXPECT_TRUE(testbed_.captured.empty());
}

TEST_F(ControlServiceTest, TwoCapturesOnTwoDirectionsButNotOnOne) {
  EXPECT_FALSE(ask(capture_request("wan:forward")).contains("error"));
  expect_wrong(ask(capture_request("lan")), "captures already");
  expect_wrong(ask(capture_request("wan"), kOther), "wan forward is being captured already", kRequestFailed);
  EXPECT_FALSE(ask(capture_request("wan:reverse"), kOther).contains("error"));
  EXPECT_EQ(testbed_.captured, (std::set<std::size_t>{0, 1}));
}

TEST_F(ControlServiceTest, WrongCapturesStartNothing) {
  Json request = capture_request("wan");
  request["filter"] = "tcp prot 5201";
  expect_wrong(ask(request), "tcp prot 5201");
  request = capture_request("wan");
  request["snap"] = 0;
  expect_wrong(ask(request), "`snap` 0: allowed are 1 to ");
  request["snap"] = -3;
  expect_wrong(ask(request), "`snap` has to be a whole number");
  request = capture_request("wan");
  request["file"] = "relative.pcapng";
  expect_wrong(ask(request), "absolute");
  request["file"] = "/nonexistent/c.pcapng";
  expect_wrong(ask(request), "/nonexistent/c.pcapng", kRequestFailed);
  request = capture_request("wan");
  request["limit_bytes"] = 10;
  expect_wrong(ask(request), "c.pcapng", kRequestFailed);
  EXPECT_TRUE(testbed_.captured.empty());
}

TEST_F(ControlServiceTest, AHookIsSwapped) {
  const Json done = ask({{"command", "hook_swap"},
                         {"link", "wan:reverse"},
                         {"file", "/tmp/x.bpf.o"},
                         {"program", "x"},
                         {"place", "egress"},
                         {"parameters", {{"every", "10"}}}});
  EXPECT_EQ(done, (Json{{"text", "wan:reverse: hook x since t = 1.500000 s"}}));
  ASSERT_EQ(testbed_.swapped.size(), 1U);
  const auto& [directions, hook] = testbed_.swapped[0];
  EXPECT_EQ(directions, std::vector<std::size_t>{1});
  EXPECT_EQ(hook, (dataplane::HookConfig{.file = "/tmp/x.bpf.o",
                                         .program = "x",
                                         .at_ingress = false,
                                         .at_egress = true,
                                         .parameters = {{"every", "10"}}}));
  EXPECT_EQ(service_.changes().count, 1U);
}

TEST_F(ControlServiceTest, AHookThatCannotBeSwappedIsRefused) {
  Json request{{"command", "hook_swap"}, {"link", "wan"}, {"file", "/tmp/x.bpf.o"}, {"program", "x"}};
  testbed_.hook_failure = "cannot load hook /tmp/x.bpf.o: a loop";
  expect_wrong(ask(request), "a loop", kRequestFailed);
  testbed_.hook_failure.clear();
  request["place"] = "both";
  expect_wrong(ask(request), "`place` is ingress or egress");
  request.erase("place");
  request["parameters"] = {{"every", 10}};
  expect_wrong(ask(request), "`parameters` has to be an object of texts");
  request.erase("parameters");
  request["link"] = "moon";
  expect_wrong(ask(request), "moon");
  EXPECT_TRUE(testbed_.swapped.empty());
}

}  // namespace
}  // namespace longhaul::scenario
