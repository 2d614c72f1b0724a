// SPDX-License-Identifier: GPL-2.0-only
//
// The other end of the control socket, for commands: asks a standing testbed and waits for its answer. What
// it can be asked is described in docs/live.md. One thread; every wait has a deadline.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::scenario {

// The testbed answered that what it was asked makes no sense; what() is its one line.
class RequestRefused : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ControlClient {
 public:
  // Connects to the testbed that listens at `path`. Throws std::runtime_error.
  explicit ControlClient(const std::filesystem::path& path);

  // The answer to one request. Throws RequestRefused when the request was wrong, std::runtime_error when the
  // testbed could not do it, does not answer within seconds or has ended.
  nlohmann::ordered_json ask(const nlohmann::ordered_json& request);

 private:
  std::string exchange(const std::string& line);

  std::filesystem::path path_;
  nic::UniqueFd connection_;
  std::string received_;  // beyond the last answer
};

}  // namespace longhaul::scenario
