// SPDX-License-Identifier: GPL-2.0-only
//
// What a standing testbed can be asked over its control socket: one JSON object per line each way, described
// in docs/live.md. Requests are validated whole before anything is done; what was wrong is answered as
// {"error": "one line", "status": 2}, what could not be done with the status 1. Keeps what was changed for
// the run's record, and the captures that were asked for, each of which ends with its asker's connection. One
// thread, the control thread, of which every call takes little.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "results/run_record.h"
#include "scenarios/control_socket.h"
#include "scenarios/live_testbed.h"

namespace longhaul::scenario {

class LiveCapture;

inline constexpr int kRequestFailed = 1, kRequestIsWrong = 2;  // the status of an error

class ControlService {
 public:
  // `testbed` outlives it. `version`: of the program, for the head of captures.
  ControlService(LiveTestbed& testbed, std::string version);
  ~ControlService();  // ends all captures

  // For ControlSocket::serve().
  ControlSocket::Handler handler();

  // Writes what captures recorded. Call it at least every few milliseconds under load.
  void drain();
  // Ends all captures; the data plane must still be there.
  void end_captures();

  // The changes that were made so far.
  const results::LiveChanges& changes() const { return changes_; }

 private:
  using Json = nlohmann::ordered_json;

  std::optional<std::string> answer(PeerId peer, const std::string& line);
  std::optional<Json> obey(PeerId peer, const Json& request);
  Json show(const Json& request) const;
  std::optional<Json> change(const Json& request, bool is_event);
  Json swap_hook(const Json& request);
  Json start_capture(PeerId peer, const Json& request);
  Json capture_counts(PeerId peer, bool stop);

  LiveTestbed& testbed_;
  std::string version_;
  results::LiveChanges changes_;
  std::map<PeerId, std::unique_ptr<LiveCapture>> captures_;
};

}  // namespace longhaul::scenario
