// SPDX-License-Identifier: GPL-2.0-only
//
// A ready-made hook as a function of frames: what the data plane does with it, without the data plane.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/core/random.h"
#include "tests/hooks/hook_files.h"
#include "tests/hooks/library/frames.h"

namespace longhaul::hooks {

struct Meeting {
  std::uint32_t flow = 1, link = 0, direction = 0;
  std::uint64_t now_ns = 0, queue_bytes = 0;
  lh_place place = LH_INGRESS;
  std::uint16_t vlan = 0;  // of an access port
};

struct Answer {
  std::uint32_t verdict = 0, cause = 0, ecn = 0;
  bool operator==(const Answer&) const = default;
};

using Parameters = std::initializer_list<std::pair<std::string_view, std::uint64_t>>;

class TestedHook {
 public:
  explicit TestedHook(const std::string& name, Parameters parameters = {}, std::uint64_t seed = 1)
      : program_(kShipped / (name + ".bpf.o")),
        random_(core::RandomStream(seed, {0, 0}, core::Effect::kHook, LH_INGRESS)) {
    for (const auto& [variable, value] : parameters) program_.set_parameter(variable, std::to_string(value));
  }

  Answer meet(const FrameBytes& frame, const Meeting& at = {}) {
    HookCall call{};
    lh_hook_ctx& context = call.context;
    describe_frame(context, frame, at.flow);
    if (context.vlan == 0) context.vlan = at.vlan;
    context.now_ns = at.now_ns;
    context.queue_bytes = at.queue_bytes;
    context.link = at.link;
    context.direction = at.direction;
    context.place = at.place;
    call.random = &random_;
    call.counters = counted[at.place].data();
    const std::uint32_t verdict = program_.run(at.place, call);
    return {verdict, (verdict & LH_DROP) != 0 ? context.drop_cause : 0, context.set_ecn};
  }

  // One character for each frame: '.' passed, the number of the cause when it was dropped, 'm' marked.
  std::string fates(const std::vector<FrameBytes>& frames, const Meeting& at = {}) {
    std::string all;
    for (const FrameBytes& frame : frames) all += fate(frame, at);
    return all;
  }
  char fate(const FrameBytes& frame, const Meeting& at = {}) {
    const Answer answer = meet(frame, at);
    if ((answer.verdict & LH_DROP) != 0) return static_cast<char>('0' + answer.cause);
    return answer.verdict == LH_PASS ? '.' : answer.verdict == LH_MARK ? 'm' : '?';
  }

  // An entry of an array of the program, as `T` lays it out.
  template <typename T>
  const T& entry(std::string_view array, std::size_t index = 0) const {
    return shared<T>(program_, array, index);
  }
  std::size_t bytes_of(std::string_view array) const { return program_.variable(array).size(); }
  bool has(lh_place place) const { return program_.has(place); }

  std::array<std::array<std::uint64_t, LH_COUNTERS>, 2> counted{};  // by place

 private:
  HookProgram program_;
  core::WordStream random_;
};

}  // namespace longhaul::hooks
