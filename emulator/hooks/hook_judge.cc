// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_judge.h"

#include <algorithm>

#include "emulator/hooks/hook_context.h"

namespace longhaul::hooks {
namespace {

static_assert(core::kHookCauses == LH_CAUSES);

core::HookAnswer answer_of(std::uint32_t verdict, const lh_hook_ctx& context) {
  core::HookAnswer answer;
  answer.drop = (verdict & LH_DROP) != 0;
  if (answer.drop) {
    answer.cause = static_cast<std::uint8_t>(std::min<std::uint32_t>(context.drop_cause, LH_CAUSES - 1));
    return answer;
  }
  answer.mark = (verdict & LH_MARK) != 0;
  if ((verdict & LH_ECN) != 0) answer.ecn = static_cast<core::Ecn>(context.set_ecn & 3U);
  answer.duplicate = (verdict & LH_DUPLICATE) != 0;
  answer.capture = (verdict & LH_CAPTURE) != 0;
  if ((verdict & LH_CORRUPT) != 0) answer.corrupt_bit = context.corrupt_bit;
  if ((verdict & LH_CLASS) != 0) {
    answer.traffic_class = static_cast<std::uint8_t>(std::min(context.set_class, 0xFFU));
  }
  // An hour is beyond every stage; as picoseconds, more than some months would overflow.
  constexpr std::uint64_t kMostNs = 3'600'000'000'000;
  if ((verdict & LH_DELAY) != 0) {
    answer.delay =
        Duration::nanoseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(context.delay_ns, kMostNs)));
  }
  return answer;
}

}  // namespace

HookJudge::HookJudge(const HookProgram& program, lh_place place, core::StreamOwner owner, std::uint64_t seed)
    : program_(&program),
      place_(place),
      owner_(owner),
      random_(core::RandomStream(seed, owner, core::Effect::kHook, place)) {}

core::HookAnswer HookJudge::judge(const MetFrame& frame) {
  HookCall call;
  call.random = &random_;
  call.counters = counted_.data();
  lh_hook_ctx& context = call.context;
  describe_frame(context, frame.bytes, frame.flow);
  context.frame_bytes = frame.size;
  if (context.vlan == 0) context.vlan = frame.vlan;
  context.now_ns = static_cast<std::uint64_t>(frame.at.since_zero().ns());
  context.number = met_++;
  context.queue_bytes = frame.queue_bytes;
  context.link = owner_.link;
  context.direction = owner_.direction;
  context.place = place_;
  context.traffic_class = frame.traffic_class;
  const std::uint32_t verdict = program_->run(place_, call);
  return answer_of(verdict, context);
}

}  // namespace longhaul::hooks
