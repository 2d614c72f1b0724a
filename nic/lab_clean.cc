// SPDX-License-Identifier: GPL-2.0-only
#include "nic/lab_clean.h"

#include <fmt/format.h>
#include <net/if.h>

#include <chrono>
#include <cstring>

#include "nic/command.h"
#include "nic/interface.h"
#include "nic/netns.h"

namespace longhaul::nic {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kTermGrace{500};
constexpr std::chrono::milliseconds kIpDeadline{20'000};

class Remover {
 public:
  Remover(std::span<const Resource> resources, const fs::path& directory)
      : resources_(resources), directory_(directory) {}

  RemovalOutcome run() {
    end_processes();
    std::vector<const Resource*> interfaces = present(ResourceKind::kInterface);
    std::vector<const Resource*> namespaces = present(ResourceKind::kNamespace);
    run_ip(interfaces, namespaces);
    for (const Resource* resource : interfaces)
      settle(*resource, "interface", ::if_nametoindex(resource->name.c_str()) == 0);
    for (const Resource* resource : namespaces)
      settle(*resource, "namespace", !namespace_name_taken(resource->name));
    for (const Resource& resource : resources_) {
      if (resource.kind == ResourceKind::kSetting) restore(resource);
      if (resource.kind == ResourceKind::kDirectory) remove_directory(resource);
    }
    return std::move(outcome_);
  }

 private:
  bool is_there(const Resource& resource) const {
    return resource.kind == ResourceKind::kInterface ? ::if_nametoindex(resource.name.c_str()) != 0
                                                     : namespace_name_taken(resource.name);
  }
  std::uint64_t identity_now(const Resource& resource) const {
    return resource.kind == ResourceKind::kInterface ? ::if_nametoindex(resource.name.c_str())
                                                     : namespace_identity(resource.name);
  }

  void end_processes() {
    std::vector<std::uint64_t> identities;
    for (const Resource& resource : resources_) {
      if (resource.kind != ResourceKind::kNamespace) continue;
      // Also when its name is gone: processes inside keep it alive.
      const std::uint64_t identity =
          resource.identity != 0 ? resource.identity : namespace_identity(resource.name);
      if (identity != 0) identities.push_back(identity);
    }
    if (identities.empty()) return;
    for (const NamespaceProcess& process : end_processes_in(identities, kTermGrace))
      outcome_.report.removed.push_back(fmt::format("process {} ({})", process.pid, process.program));
  }

  // Those of a kind that exist and are ours.
  std::vector<const Resource*> present(ResourceKind kind) {
    std::vector<const Resource*> found;
    for (const Resource& resource : resources_) {
      if (resource.kind != kind || !is_there(resource)) continue;
      if (resource.identity == 0 || resource.identity == identity_now(resource))
        found.push_back(&resource);
      else
        outcome_.report.kept.push_back(fmt::format("{}: not the one that the run made", resource.name));
    }
    return found;
  }

  // One process for all; it goes on after a line that fails, and what is left shows in settle().
  void run_ip(const std::vector<const Resource*>& interfaces,
              const std::vector<const Resource*>& namespaces) {
    std::string batch;
    for (const Resource* resource : interfaces) batch += fmt::format("link del dev {}\n", resource->name);
    for (const Resource* resource : namespaces) batch += fmt::format("netns del {}\n", resource->name);
    if (batch.empty()) return;
    try {
      const CommandResult result =
          run_command({.argv = {"ip", "-force", "-batch", "-"}, .input = batch}, kIpDeadline);
      ip_said_ = result.error_tail.substr(0, result.error_tail.find('\n'));
    } catch (const std::exception& error) {
      ip_said_ = error.what();
    }
  }

  void settle(const Resource& resource, std::string_view kind, bool gone) {
    if (gone) {
      outcome_.report.removed.push_back(fmt::format("{} {}", kind, resource.name));
    } else {
      fail(resource, ip_said_);
    }
  }

  void fail(const Resource& resource, std::string_view reason) {
    outcome_.report.kept.push_back(fmt::format("{}: cannot be removed: {}", resource.name, reason));
    outcome_.failed.push_back(resource);
  }

  void restore(const Resource& resource) {
    if (!resource.name.starts_with("/proc/sys/net/") || resource.name.find("..") != std::string::npos) {
      outcome_.report.kept.push_back(fmt::format("{}: not a setting of the network", resource.name));
    } else if (const int error = write_setting(resource.name, resource.previous); error != 0) {
      fail(resource, std::strerror(error));
    } else {
      outcome_.report.removed.push_back(
          fmt::format("setting {} back to `{}`", resource.name, resource.previous));
    }
  }

  void remove_directory(const Resource& resource) {
    const fs::path path(resource.name);
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (!fs::exists(status)) return;
    const bool below =
        fs::weakly_canonical(path.parent_path(), error) == fs::weakly_canonical(directory_, error) &&
        path.filename() != ".." && path.filename() != "." && !path.filename().empty();
    if (!below || !fs::is_directory(status)) {
      outcome_.report.kept.push_back(
          fmt::format("{}: not a directory below {}", resource.name, directory_.string()));
      return;
    }
    fs::remove_all(path, error);
    if (error)
      fail(resource, error.message());
    else
      outcome_.report.removed.push_back(fmt::format("directory {}", resource.name));
  }

  std::span<const Resource> resources_;
  const fs::path& directory_;
  std::string ip_said_;
  RemovalOutcome outcome_;
};

}  // namespace

RemovalOutcome remove_resources(std::span<const Resource> resources, const fs::path& directory) {
  return Remover(resources, directory).run();
}

CleanReport clean(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) return {};
  const auto lock = LabLock::try_take(directory, "clean");
  if (!lock) throw TestbedBusy(describe_owner(directory));
  auto record = read_lab_record(directory);
  fs::remove(directory / "state.json.new", ignored);
  if (!record) return {};
  RemovalOutcome outcome = remove_resources(record->resources, directory);
  record->resources = std::move(outcome.failed);
  write_lab_record(directory, *record, false);
  return std::move(outcome.report);
}

}  // namespace longhaul::nic
