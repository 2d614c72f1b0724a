// SPDX-License-Identifier: GPL-2.0-only
//
// ns-3's event loop, kept to a clock: the simulator implementation for simulations that real traffic takes
// part in. run() lets virtual time follow a clock that is given as a function; what comes from outside is put
// in by a callback, each at its own time stamp, in its exact place among the events. Run() is ns-3's own: as
// fast as it can, without a clock, in the order of ns3::DefaultSimulatorImpl (by time, then as scheduled).
//
// Virtual time never passes the instant that the callback answers, so nothing from outside ever comes too
// late as long as that answer is kept; it may be behind the clock, which is the lag that is recorded. Time:
// picoseconds. One thread, which makes it, runs it and is the only one to schedule; no real-time priority.
// A removed event leaves the heap when its time comes. Schedulers that others choose (SetScheduler) are not
// used.
#pragma once

#include <ns3/event-id.h>
#include <ns3/nstime.h>
#include <ns3/ptr.h>
#include <ns3/simulator-impl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <vector>

#include "emulator/core/units.h"
#include "results/histogram.h"

namespace longhaul::wide {

class PacedSimulator : public ns3::SimulatorImpl {
 public:
  static ns3::TypeId GetTypeId();
  PacedSimulator() = default;

  // Makes ns-3 use one, with picoseconds, until ns3::Simulator::Destroy(); before anything else touches
  // ns-3's simulator. Throws std::runtime_error when another one is in use.
  static ns3::Ptr<PacedSimulator> install();

  using Clock = std::function<Instant()>;
  // Called with the clock's time, at least once per turn and between events when many are due: puts in what
  // came from outside, after advance_to() its time stamp, and answers the instant up to which everything that
  // will ever come is in. That is `now` where nothing comes from outside.
  using Poll = std::function<Instant(Instant now)>;

  // Turns until `stop` is set or someone calls ns3::Simulator::Stop(): all events up to what `poll` answers,
  // then virtual time is that. It spins, and naps only when nothing is due for longer than a nap takes; where
  // what is due or comes may be `late` by more than that, it sleeps between its turns, for a quarter of that
  // at least, and leaves the CPU to others.
  void run(const std::atomic<bool>& stop, const Clock& clock, const Poll& poll, Duration late = {});

  // Runs the events up to `at`, those at it too; then it is `at`. Does nothing when that is past.
  void advance_to(Instant at);
  Instant time() const { return Instant::at(Duration::picoseconds(static_cast<std::int64_t>(now_))); }

  // By how much events ran behind the clock in run().
  const results::LatenessHistogram& lag() const { return lag_; }
  std::uint64_t naps() const { return naps_; }

  void Destroy() override;
  bool IsFinished() const override { return events_.empty() || stopped_; }
  void Stop() override { stopped_ = true; }
  void Stop(const ns3::Time& delay) override;
  ns3::EventId Schedule(const ns3::Time& delay, ns3::EventImpl* event) override;
  void ScheduleWithContext(std::uint32_t context, const ns3::Time& delay, ns3::EventImpl* event) override;
  ns3::EventId ScheduleNow(ns3::EventImpl* event) override { return Schedule(ns3::TimeStep(0), event); }
  ns3::EventId ScheduleDestroy(ns3::EventImpl* event) override;
  void Remove(const ns3::EventId& id) override;
  void Cancel(const ns3::EventId& id) override;
  bool IsExpired(const ns3::EventId& id) const override;
  void Run() override;
  ns3::Time Now() const override { return ns3::TimeStep(now_); }
  ns3::Time GetDelayLeft(const ns3::EventId& id) const override;
  ns3::Time GetMaximumSimulationTime() const override;
  void SetScheduler(ns3::ObjectFactory) override {}
  std::uint32_t GetSystemId() const override { return 0; }
  std::uint32_t GetContext() const override { return context_; }
  std::uint64_t GetEventCount() const override { return count_; }

 private:
  struct Event {
    std::uint64_t at;     // ps
    std::uint64_t order;  // of scheduling; its low half is the uid that ns-3 sees
    std::uint32_t context;
    ns3::EventImpl* what;  // one reference is ours
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  static constexpr std::uint32_t kNoContext = 0xFFFF'FFFF;  // ns3::Simulator::NO_CONTEXT

  void DoDispose() override;
  std::uint32_t push(std::uint32_t context, std::uint64_t at, ns3::EventImpl* event);
  std::uint64_t after(const ns3::Time& delay) const;
  bool is_due(std::uint64_t until) const { return !events_.empty() && events_.front().at <= until; }
  void run_next();
  bool run_due(std::uint64_t until, const Clock& clock);
  void rest(Instant now, bool was_busy, Duration late);
  void sleep(Duration time);

  std::vector<Event> events_;  // a heap, the next one first
  std::list<ns3::EventId> at_the_end_;
  std::uint64_t next_order_ = ns3::EventId::VALID;
  std::uint64_t now_ = 0;
  std::uint32_t context_ = kNoContext;
  std::uint32_t current_uid_ = 0;
  std::uint64_t count_ = 0;
  bool stopped_ = false;
  Instant clock_now_;  // as last read in run()
  unsigned idle_turns_ = 0;
  std::uint64_t naps_ = 0;
  results::LatenessHistogram lag_;
};

}  // namespace longhaul::wide
