// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/coupled_model.h"

#include <ns3/simulator.h>
#include <sched.h>
#include <time.h>

#include <fmt/format.h>
#include <atomic>
#include <exception>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "nic/priority.h"
#include "topologies/wide/inline_network.h"
#include "topologies/wide/paced_simulator.h"
#include "topologies/wide/shadow.h"

namespace longhaul::scenario {
namespace {

struct Results {
  std::optional<results::BackgroundResult> background;
  std::optional<results::InlineResult> inline_links;
  std::vector<std::string> unwritten;  // as in results::RunRecord
};

void stay_on(const std::vector<unsigned>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &set);
  if (!cpus.empty()) ::sched_setaffinity(0, sizeof set, &set);
}

double thread_cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

results::Delays delays_of(const results::LatenessHistogram& histogram) {
  const results::Lateness lateness = results::lateness_of(histogram);
  return {lateness.frames, lateness.p50_ns, lateness.p99_ns, lateness.max_ns};
}

results::BackgroundDirection direction_of(const wide::ShadowDirection& seen,
                                          const topology::Topology& topology) {
  const topology::Link& link = topology.links[seen.hop.link];
  results::BackgroundDirection direction;
  direction.link = link.name;
  direction.from = topology.sites[link.between[seen.hop.direction]].name;
  direction.to = topology.sites[link.between[1 - seen.hop.direction]].name;
  direction.in_frames = seen.counters.in.frames;
  direction.out_frames = seen.counters.out.frames;
  direction.dropped_frames = seen.counters.dropped_in_all().frames;
  direction.held_frames = seen.counters.held.frames;
  for (const core::Tally& cause : seen.counters.marked) direction.marked_frames += cause.frames;
  direction.carried = seen.mean.carried;
  direction.real_load = seen.mean.real;
  direction.mean_share_left = seen.mean.left.share_left;
  direction.least_share_left = seen.least_share_left;
  direction.mean_wait_us = seen.mean.left.wait.to_seconds() * 1e6;
  direction.most_wait_us = seen.longest_wait.to_seconds() * 1e6;
  direction.loss = seen.mean.left.loss;
  direction.mark = seen.mean.left.mark;
  return direction;
}

results::BackgroundResult result_of(const wide::ShadowStatistics& seen, const CoupledModel::Plan& plan) {
  results::BackgroundResult result;
  result.slow_down = seen.slow_down;
  result.interval_ms = plan.coupling.interval.to_seconds() * 1e3;
  for (const wide::ShadowDirection& direction : seen.directions)
    result.directions.push_back(direction_of(direction, plan.topology));
  return result;
}

// What its thread makes, runs and destroys, in this order and the reverse.
class Work {
 public:
  Work(const CoupledModel::Plan& plan, const dataplane::EngineConfig& config)
      : plan_(plan), simulator_(wide::PacedSimulator::install()) {
    const Coupled parts(plan.topology, plan.background, plan.coupling);
    if (!parts.shadowed.empty()) {
      shadow_.emplace(plan.topology, parts.shadowed,
                      wide::ShadowOptions{plan.coupling.interval, plan.coupling.slow_down,
                                          plan.coupling.real_flows, plan.seed},
                      *config.background);
    }
    if (!plan.coupling.inline_links.empty()) add_inline(parts.simulated, config);
  }
  ~Work() {
    inline_.reset();
    shadow_.reset();
    simulator_ = nullptr;
    ns3::Simulator::Destroy();
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void run(const std::atomic<bool>& ended, const CoupledModel::Clock& clock) {
    // A tick of the shadow may come late, a real frame by a part of its hold.
    constexpr Duration kLateTick = Duration::microseconds(200);
    const double before = thread_cpu_s();
    if (inline_) {
      simulator_->run(
          ended, clock, [this](Instant now) { return inline_->poll(now); }, inline_->may_lag());
      inline_->finish();
    } else {
      simulator_->run(
          ended, clock, [](Instant now) { return now; }, kLateTick);
    }
    cpu_s_ = thread_cpu_s() - before;
  }

  void fill(Results& results) const {
    const double simulated_s = simulator_->time().since_zero().to_seconds();
    const results::Delays lag = delays_of(simulator_->lag());
    if (shadow_) {
      results.background = result_of(shadow_->statistics(), plan_);
      results.background->cpu_s = cpu_s_;
      results.background->simulated_s = simulated_s;
      results.background->lag = lag;
      results.background->events = simulator_->GetEventCount();
    }
    if (!inline_) return;
    results.unwritten = inline_->unwritten();
    std::error_code not_empty;  // or not there: no file was asked for
    std::filesystem::remove(plan_.traces, not_empty);
    const wide::InlineNetwork::Counters seen = inline_->counters();
    results::InlineResult& result = results.inline_links.emplace();
    for (const std::size_t link : plan_.coupling.inline_links)
      result.links.push_back(plan_.topology.links[link].name);
    result.hold_ms = plan_.coupling.hold.to_seconds() * 1e3;
    result.entered = seen.entered;
    result.delivered = seen.delivered;
    result.copies = seen.copies;
    result.gone = seen.gone;
    result.background = seen.background;
    result.events = simulator_->GetEventCount();
    result.cpu_s = cpu_s_;
    result.simulated_s = simulated_s;
    result.lag = lag;
  }

 private:
  void add_inline(const std::vector<traffic::Background>& background, const dataplane::EngineConfig& config) {
    inline_.emplace(config, *config.inline_exchange);
    for (std::uint32_t b = 0; b < background.size(); ++b) {
      const traffic::Background& one = background[b];
      std::vector<std::uint32_t> way;
      for (const topology::Hop& hop : traffic::way_of(plan_.topology, one.name, one.from, one.to))
        way.push_back(static_cast<std::uint32_t>(2 * hop.link + hop.direction));
      inline_->add_traffic(one.source, {b, 0}, way, one.traffic_class);
    }
    if (!plan_.coupling.pcap || plan_.traces.empty()) return;
    std::filesystem::create_directories(plan_.traces);
    for (const std::size_t link : plan_.coupling.inline_links) {
      for (const std::size_t d : {topology::kForward, topology::kReverse}) {
        inline_->write_pcap(static_cast<std::uint32_t>(2 * link + d),
                            plan_.traces / fmt::format("{}-{}.pcap", plan_.topology.links[link].name,
                                                       d == topology::kForward ? "forward" : "reverse"));
      }
    }
  }

  CoupledModel::Plan plan_;
  ns3::Ptr<wide::PacedSimulator> simulator_;
  std::optional<wide::Shadow> shadow_;
  std::optional<wide::InlineNetwork> inline_;
  double cpu_s_ = 0;
};

}  // namespace

struct CoupledModel::Parts {
  std::promise<void> built;
  std::promise<Clock> start;  // without a clock: never mind
  std::promise<Results> done;
  std::atomic<bool> ended{false};
  bool is_started = false;
  std::optional<Results> results;
  std::thread thread;

  void work(const Plan& plan, const dataplane::EngineConfig& config) {
    bool is_built = false;
    try {
      stay_on(plan.cpus);
      nic::prepare_polling_thread();
      Work work(plan, config);
      is_built = true;
      built.set_value();
      Results seen;
      if (const Clock clock = start.get_future().get()) {
        work.run(ended, clock);
        work.fill(seen);
      }
      done.set_value(std::move(seen));
    } catch (...) {
      ns3::Simulator::Destroy();
      is_built ? done.set_exception(std::current_exception()) : built.set_exception(std::current_exception());
    }
  }
};

CoupledModel::CoupledModel(const Plan& plan, const dataplane::EngineConfig& config)
    : parts_(std::make_unique<Parts>()) {
  std::future<void> built = parts_->built.get_future();
  parts_->thread = std::thread([parts = parts_.get(), plan, config] { parts->work(plan, config); });
  try {
    built.get();
  } catch (...) {
    parts_->thread.join();
    throw;
  }
}

CoupledModel::~CoupledModel() {
  if (!parts_->thread.joinable()) return;
  if (!parts_->is_started) parts_->start.set_value({});
  parts_->ended = true;
  parts_->thread.join();
}

void CoupledModel::start(Clock clock) {
  parts_->is_started = true;
  parts_->start.set_value(std::move(clock));
}

void CoupledModel::stop() {
  if (!parts_->thread.joinable()) return;
  if (!std::exchange(parts_->is_started, true)) parts_->start.set_value({});
  parts_->ended = true;
  parts_->thread.join();
  parts_->results = parts_->done.get_future().get();
}

void CoupledModel::fill(results::RunRecord& record, const results::LatenessHistogram& age) const {
  record.background = parts_->results->background;
  if (record.background) record.background->age = delays_of(age);
  record.inline_links = parts_->results->inline_links;
  record.unwritten.insert(record.unwritten.end(), parts_->results->unwritten.begin(),
                          parts_->results->unwritten.end());
}

}  // namespace longhaul::scenario
