// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/paced_simulator.h"

#include <ns3/event-impl.h>
#include <ns3/simulator.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "topologies/wide/link_device.h"

namespace longhaul::wide {
namespace {

NS_OBJECT_ENSURE_REGISTERED(PacedSimulator);

constexpr Duration kNap = Duration::microseconds(20);
constexpr Duration kWakeUp = Duration::microseconds(60);  // a timer may fire this late on a virtual machine
constexpr int kBetweenPolls = 64;                         // events

std::uint64_t ticks(Instant at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(at.ps(), 0));
}

Instant instant_of(std::uint64_t tick) {
  return Instant::at(Duration::picoseconds(static_cast<std::int64_t>(tick)));
}

void request_stop() {
  ns3::Simulator::Stop();
}

}  // namespace

ns3::TypeId PacedSimulator::GetTypeId() {
  static const ns3::TypeId kId = ns3::TypeId("longhaul::wide::PacedSimulator")
                                     .SetParent<ns3::SimulatorImpl>()
                                     .SetGroupName("longhaul")
                                     .AddConstructor<PacedSimulator>();
  return kId;
}

ns3::Ptr<PacedSimulator> PacedSimulator::install() {
  use_picoseconds();
  const auto made = ns3::CreateObject<PacedSimulator>();
  ns3::Simulator::SetImplementation(made);
  return made;
}

void PacedSimulator::run(const std::atomic<bool>& stop, const Clock& clock, const Poll& poll,
                         const Duration late) {
  stopped_ = false;
  while (!stop.load(std::memory_order_relaxed) && !stopped_) {
    // Read before what came is looked for, so that nothing of before this time can still be on its way.
    clock_now_ = clock();
    const std::uint64_t before = count_;
    const Instant until = poll(clock_now_);
    if (!run_due(ticks(until), clock)) continue;
    now_ = std::max(now_, ticks(until));
    rest(clock_now_, count_ != before, late);
  }
}

// Whether nothing is due any more.
bool PacedSimulator::run_due(std::uint64_t until, const Clock& clock) {
  for (int n = 0; n < kBetweenPolls; ++n) {
    if (!is_due(until) || stopped_) return !stopped_;
    lag_.record(clock_now_ - instant_of(events_.front().at));
    run_next();
  }
  clock_now_ = clock();
  return !is_due(until);
}

void PacedSimulator::advance_to(Instant at) {
  const std::uint64_t until = ticks(at);
  while (is_due(until) && !stopped_) {
    lag_.record(clock_now_ - instant_of(events_.front().at));
    run_next();
  }
  if (!stopped_) now_ = std::max(now_, until);
}

void PacedSimulator::Run() {
  stopped_ = false;
  while (!events_.empty() && !stopped_) run_next();
}

void PacedSimulator::run_next() {
  std::pop_heap(events_.begin(), events_.end(), std::greater<>());
  const Event next = events_.back();
  events_.pop_back();
  now_ = std::max(now_, next.at);
  context_ = next.context;
  current_uid_ = static_cast<std::uint32_t>(next.order);
  ++count_;
  next.what->Invoke();
  next.what->Unref();
}

// With leave to be late it works in batches; without it is quick while there is work, and yields.
void PacedSimulator::rest(Instant now, bool was_busy, const Duration late) {
  constexpr unsigned kPatience = 16;
  if (late > kWakeUp) {
    const Instant next = events_.empty() ? Instant::never() : instant_of(events_.front().at);
    return sleep(next == Instant::never() ? late : std::clamp(next - now, late / 4, late));
  }
  idle_turns_ = was_busy ? 0 : idle_turns_ + 1;
  if (was_busy) return;
  if (idle_turns_ < kPatience || is_due(ticks(now + kNap + kWakeUp))) {
    sched_yield();
  } else {
    sleep(kNap);
  }
}

void PacedSimulator::sleep(Duration time) {
  ++naps_;
  const timespec nap{0, time.ns()};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
}

std::uint64_t PacedSimulator::after(const ns3::Time& delay) const {
  return now_ + static_cast<std::uint64_t>(std::max<std::int64_t>(delay.GetTimeStep(), 0));
}

std::uint32_t PacedSimulator::push(std::uint32_t context, std::uint64_t at, ns3::EventImpl* event) {
  // Low halves below VALID mean something else to ns-3.
  if (static_cast<std::uint32_t>(next_order_) < ns3::EventId::VALID) next_order_ += ns3::EventId::VALID;
  events_.push_back({at, next_order_, context, event});
  std::push_heap(events_.begin(), events_.end(), std::greater<>());
  return static_cast<std::uint32_t>(next_order_++);
}

ns3::EventId PacedSimulator::Schedule(const ns3::Time& delay, ns3::EventImpl* event) {
  const std::uint64_t at = after(delay);
  const std::uint32_t uid = push(context_, at, event);
  return {ns3::Ptr<ns3::EventImpl>(event), at, context_, uid};
}

void PacedSimulator::ScheduleWithContext(std::uint32_t context, const ns3::Time& delay,
                                         ns3::EventImpl* event) {
  push(context, after(delay), event);
}

ns3::EventId PacedSimulator::ScheduleDestroy(ns3::EventImpl* event) {
  const ns3::EventId id(ns3::Ptr<ns3::EventImpl>(event, false), now_, kNoContext, ns3::EventId::DESTROY);
  at_the_end_.push_back(id);
  return id;
}

void PacedSimulator::Stop(const ns3::Time& delay) {
  ns3::Simulator::Schedule(delay, &request_stop);
}

void PacedSimulator::Remove(const ns3::EventId& id) {
  if (id.GetUid() == ns3::EventId::DESTROY) {
    at_the_end_.remove(id);
  } else {
    Cancel(id);
  }
}

void PacedSimulator::Cancel(const ns3::EventId& id) {
  if (!IsExpired(id)) id.PeekEventImpl()->Cancel();
}

bool PacedSimulator::IsExpired(const ns3::EventId& id) const {
  if (id.PeekEventImpl() == nullptr || id.PeekEventImpl()->IsCancelled()) return true;
  if (id.GetUid() == ns3::EventId::DESTROY)
    return std::find(at_the_end_.begin(), at_the_end_.end(), id) == at_the_end_.end();
  // The numbers go round; those of one instant lie within half of them.
  return id.GetTs() < now_ ||
         (id.GetTs() == now_ && static_cast<std::int32_t>(id.GetUid() - current_uid_) <= 0);
}

ns3::Time PacedSimulator::GetDelayLeft(const ns3::EventId& id) const {
  return ns3::TimeStep(IsExpired(id) ? 0 : id.GetTs() - now_);
}

ns3::Time PacedSimulator::GetMaximumSimulationTime() const {
  return ns3::TimeStep(static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

void PacedSimulator::Destroy() {
  while (!at_the_end_.empty()) {
    const ns3::EventId id = at_the_end_.front();
    at_the_end_.pop_front();
    if (!id.PeekEventImpl()->IsCancelled()) id.PeekEventImpl()->Invoke();
  }
}

void PacedSimulator::DoDispose() {
  for (const Event& event : events_) event.what->Unref();
  events_.clear();
  at_the_end_.clear();
  ns3::SimulatorImpl::DoDispose();
}

}  // namespace longhaul::wide
