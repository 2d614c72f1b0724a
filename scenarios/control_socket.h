// SPDX-License-Identifier: GPL-2.0-only
//
// Where other processes talk to a standing testbed: a Unix stream socket for its owner only. Requests and
// answers are lines; what they say is control_service.h's. A peer may send several requests at once and gets
// their answers in that order; when it closes, its end is told.
//
// Driven by the control thread, of which it takes no more than its handler does: a peer is never waited for.
// One that does not finish a request or does not read its answer in time is dropped, one that asks for too
// much is told so and dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nic/file_descriptor.h"

struct pollfd;

namespace longhaul::scenario {

// A connection; never given twice.
enum class PeerId : std::uint64_t {};

class ControlSocket {
 public:
  struct Limits {
    std::size_t request_bytes = 64 * 1024;        // of a line
    std::size_t answer_bytes = 16 * 1024 * 1024;  // that wait for one peer
    std::size_t peers = 32;
    std::chrono::milliseconds patience{
        5'000};  // with a request half sent, an answer half read, a busy handler
  };
  struct Handler {
    // The answer to a request, without newlines; nothing when there is none yet: it is then asked again.
    std::function<std::optional<std::string>(PeerId, const std::string& request)> answer;
    std::function<void(PeerId)> gone = {};
    // A line that says in the protocol's words why a peer is dropped.
    std::function<std::string(const std::string& reason)> refusal = [](const std::string& why) {
      return why;
    };
  };

  // Listens at `path`, which must not exist. Throws std::runtime_error.
  ControlSocket(const std::filesystem::path& path, const Limits& limits);
  explicit ControlSocket(const std::filesystem::path& path) : ControlSocket(path, Limits()) {}
  ~ControlSocket();  // closes all connections and removes the path
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Appends what to poll before serve() has something to do.
  void add_to(std::vector<pollfd>& fds) const;
  // Whether a request waits for its answer, so that serve() is due again whatever poll() says.
  bool busy() const;

  // Accepts, reads, answers and sends what can be without waiting, then returns.
  void serve(const Handler& handler);

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    PeerId id;
    nic::UniqueFd connection;
    std::string received = {};  // not yet answered
    std::string answers = {};   // not yet sent
    bool at_end = false;        // it sends no more
    bool refused = false;       // it is to go when its answers are sent
    bool broken = false;
    Clock::time_point progress = {};  // when it last owed us nothing, or did something about it
  };

  void accept_all(const Handler& handler);
  void read_from(Peer& peer);
  void answer(Peer& peer, const Handler& handler);
  void send_to(Peer& peer);
  void refuse(Peer& peer, const Handler& handler, const std::string& reason);
  bool over(const Peer& peer) const;

  std::filesystem::path path_;
  Limits limits_;
  nic::UniqueFd listener_;
  std::vector<Peer> peers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace longhaul::scenario
