// SPDX-License-Identifier: GPL-2.0-only
//
// How other processes ask a standing testbed for its state: a Unix stream socket, readable by root only. Who
// connects gets one text and the end of the stream. Polled by the control thread; no thread of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::scenario {

class ControlSocket {
 public:
  // Listens at `path`, which must not exist. Throws std::runtime_error.
  explicit ControlSocket(const std::filesystem::path& path);
  ~ControlSocket();  // removes the path
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Answers everyone who waits with `text()`; returns at once when nobody does. A peer that does not read is
  // dropped, never waited for.
  void answer(const std::function<std::string()>& text);

 private:
  std::filesystem::path path_;
  nic::UniqueFd listener_;
};

// What the testbed that listens at `path` answers. Throws std::runtime_error when it does not within seconds.
std::string ask(const std::filesystem::path& path);

}  // namespace longhaul::scenario
