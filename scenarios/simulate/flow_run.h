// SPDX-License-Identifier: GPL-2.0-only
//
// A workload of flows in ns-3: each starts at its time, whatever the others do. Over when all have sent what
// they had to and the TCP flows among them are complete, or at the end of the workload's duration.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/model.h"
#include "scenarios/simulate/raw_flow.h"
#include "scenarios/simulate/tcp_flow.h"
#include "scenarios/simulate/workload.h"
#include "topologies/wide/network.h"

namespace longhaul::scenario {

class FlowRun : public SimulatedWorkload {
 public:
  // `network` and `scenario` outlive it.
  FlowRun(const Scenario& scenario, const wide::Network& network);

  void start() override;
  bool over() const override;
  const std::string& failure() const override { return failure_; }
  void give_up(const std::string& why) override;
  std::uint64_t moves() const override;
  double share_done() const override;
  std::vector<std::string> take_news() override { return {}; }
  void fill(results::RunRecord& record) const override;

 private:
  struct Running {  // one of the two
    std::unique_ptr<RawFlow> raw;
    std::unique_ptr<TcpFlow> tcp;
    bool over() const { return raw != nullptr ? raw->over() : tcp->complete(); }
  };
  Bytes window(std::size_t from, std::size_t to);
  void stop();

  const Scenario& scenario_;
  std::map<std::pair<std::size_t, std::size_t>, Bytes> windows_;  // by hosts
  TcpFlow::Events events_;
  TcpListeners listeners_;
  std::vector<Running> flows_;  // as in the scenario
  std::uint64_t moves_ = 0;
  std::string failure_;
};

}  // namespace longhaul::scenario
