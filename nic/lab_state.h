// SPDX-License-Identifier: GPL-2.0-only
//
// Who owns the testbed of this machine, and what it made: one owner at a time, and a write-ahead list in
// /run/longhaul/state.json, so that whatever ends the owner, lab_clean.h can remove exactly what it made.
//   lock        held (an open file description lock) while the owner lives; contains "PID RUN"
//   state.json  owner, hosts, control socket and every resource; on disk BEFORE the resource is made,
//   replaced whole
// It does not make or remove namespaces and interfaces itself, only directories below its own.
// A LabState belongs to one thread at a time. Everything here works the same with another directory (tests).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

inline const std::filesystem::path kStateDirectory = "/run/longhaul";

// Another run owns the testbed.
class TestbedBusy : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// No run owns the testbed, but one that was killed left things behind.
class LeftoversFound : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class ResourceKind : std::uint8_t {
  kNamespace,  // name: as iproute2 has it
  kInterface,  // name: in the root namespace
  kDirectory,  // name: full path, below the state directory
  kSetting,    // name: full path below /proc/sys/net/; `previous` is put back
};

struct Resource {
  ResourceKind kind = ResourceKind::kNamespace;
  std::string name;
  // namespace_identity() or index of the interface, known once it was made. When what bears the name later
  // is another one, it is not ours. 0: not known.
  std::uint64_t identity = 0;
  std::string previous = {};
};

struct HostEntry {
  std::string name, network_namespace;
  std::string address;  // without the prefix length
};

// The content of state.json.
struct LabRecord {
  pid_t pid = 0;
  std::string run;
  std::string control_socket;  // empty when there is none
  std::vector<HostEntry> hosts;
  std::vector<Resource> resources;
};

// The exclusive right to the testbed; ends with the process at the latest. Removes its file, and the
// directory when nothing else is in it.
class LabLock {
 public:
  // Takes the lock, or returns nothing while another owner lives; throws when the directory cannot be used.
  static std::optional<LabLock> try_take(const std::filesystem::path& directory, const std::string& run);
  LabLock(LabLock&&) noexcept = default;
  LabLock& operator=(LabLock&&) = delete;
  ~LabLock();

 private:
  LabLock(std::filesystem::path directory, UniqueFd file);
  std::filesystem::path directory_;
  UniqueFd file_;
};

class LabState {
 public:
  // Becomes the owner. Throws TestbedBusy while another one lives, LeftoversFound when `longhaul clean` is
  // due.
  explicit LabState(std::string run, std::filesystem::path directory = kStateDirectory);
  LabState(const LabState&) = delete;
  LabState& operator=(const LabState&) = delete;
  // Removes the directories it made; state.json stays only if something else is still listed.
  ~LabState();

  // Lists resources that are about to be made: returns when that is safely on disk.
  void record(std::span<const Resource> about_to_be_made);
  // Adds the identities of resources that were made. Entries are found by kind and name.
  void confirm(std::span<const Resource> made);
  // Takes resources off the list that are gone.
  void forget(std::span<const Resource> gone);
  // Makes a directory `name` below the state directory, listed first, and returns its full path.
  std::filesystem::path make_directory(const std::string& name);

  // For find_running(): which hosts stand, and where the owner listens.
  void publish_hosts(std::vector<HostEntry> hosts);
  void publish_control_socket(const std::filesystem::path& socket);

  const LabRecord& content() const { return record_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  void save() const;

  std::filesystem::path directory_;
  LabLock lock_;
  LabRecord record_;
};

// The owner that lives and what it published; nothing when nobody owns the testbed. Needs no privilege.
std::optional<LabRecord> find_running(const std::filesystem::path& directory = kStateDirectory);

// What state.json says whether or not its owner lives; nothing when there is none, throws when it is not
// readable.
std::optional<LabRecord> read_lab_record(const std::filesystem::path& directory = kStateDirectory);

// Replaces state.json, or removes it when `record` lists no resources and `owner_lives` is false.
void write_lab_record(const std::filesystem::path& directory, const LabRecord& record, bool owner_lives);

// The one line for a user who has to wait: who owns the testbed and what to do about it.
std::string describe_owner(const std::filesystem::path& directory = kStateDirectory);

}  // namespace longhaul::nic
