// SPDX-License-Identifier: GPL-2.0-only
//
// The links of a data plane that ns-3 drives: a node for each site, a LinkDevice for each inline direction.
// Real frames enter it by description (emulator/dataplane/inline_exchange.h) at their exact times, queue
// against background packets one by one, go from link to link as far as their way is inline, and come back
// with the instant at which they are due. A site forwards as the data plane's does and takes no time; frames
// to everyone and MAC control frames come back at each site, where the data plane spreads them.
//
// Links keep all their delay but their hold, which is the data plane's, or passes between two inline links.
// Decisions are core::Link's alone, so a frame meets the fate that it would meet in the data plane. Needs a
// PacedSimulator; one thread, that one's. Not here: hooks, far ends, captures of whole frames.
#pragma once

#include <ns3/node.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/dataplane/engine.h"
#include "emulator/dataplane/inline_exchange.h"
#include "topologies/traffic/source.h"
#include "topologies/wide/link_device.h"
#include "topologies/wide/paced_simulator.h"

namespace longhaul::wide {

class InlineDesk;

class InlineNetwork {
 public:
  struct Counters {
    std::uint64_t entered = 0, delivered = 0, gone = 0;  // frames of the data plane
    std::uint64_t copies = 0;                            // of delivered: more than entered
    std::uint64_t background = 0;                        // packets sent, one for each way
  };

  // After PacedSimulator::install(). `exchange` outlives this. Throws std::runtime_error.
  InlineNetwork(const dataplane::EngineConfig& config, dataplane::InlineExchange& exchange);
  ~InlineNetwork();
  InlineNetwork(const InlineNetwork&) = delete;
  InlineNetwork& operator=(const InlineNetwork&) = delete;

  // Lets packets without bytes travel over `way`, inline directions one after another, in this traffic class
  // of each link; 0xFF: as frames without marks do.
  void add_traffic(const traffic::SourceConfig& source, core::StreamOwner owner,
                   const std::vector<std::uint32_t>& way, std::uint8_t traffic_class);
  // Writes what leaves a direction at its far end: a frame's first bytes as it entered, when the exchange
  // wants heads; background without addresses. Times are the data plane's.
  void write_pcap(std::uint32_t direction, const std::filesystem::path& file);
  // After finish(): of those files that could not be written whole, and went, the reasons.
  const std::vector<std::string>& unwritten() const { return unwritten_; }

  // For PacedSimulator::run(): takes in what entered.
  Instant poll(Instant now);
  // By how much ns-3 may lag without a frame coming back late: a part of the least hold.
  Duration may_lag() const;
  // After the data plane has stopped and run() has returned: takes the last that entered, and tells the final
  // states of all links.
  void finish();

  LinkDevice& device(std::uint32_t direction) const;
  Counters counters() const;

 private:
  struct End;
  struct Flow;

  void add_end(std::uint32_t direction);
  void join(std::uint32_t forward, std::uint32_t reverse);
  void change(const dataplane::ChangeOrder& order);
  void enter(const dataplane::InlineEntry& entry);
  void arrive(std::uint32_t direction, GhostFrame ghost);
  std::optional<std::uint32_t> next_of(std::uint32_t direction, const dataplane::Label& label) const;
  void go_on(std::uint32_t from, std::uint32_t to, GhostFrame ghost);
  void schedule(const std::shared_ptr<Flow>& flow);
  void send(Flow& flow);
  void tell_states();
  void tell_states_again();

  dataplane::EngineConfig config_;
  dataplane::InlineExchange& exchange_;
  ns3::Ptr<PacedSimulator> simulator_;
  std::shared_ptr<InlineDesk> desk_;
  std::vector<ns3::Ptr<ns3::Node>> sites_;
  std::vector<std::unique_ptr<End>> ends_;  // by direction; nullptr where it is not inline
  std::uint64_t entered_ = 0, background_ = 0;
  std::vector<std::string> unwritten_;
};

}  // namespace longhaul::wide
