// SPDX-License-Identifier: GPL-2.0-only
#include "nic/lab_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

namespace longhaul::nic {

namespace fs = std::filesystem;

NLOHMANN_JSON_SERIALIZE_ENUM(ResourceKind, {{ResourceKind::kNamespace, "namespace"},
                                            {ResourceKind::kInterface, "interface"},
                                            {ResourceKind::kDirectory, "directory"},
                                            {ResourceKind::kSetting, "setting"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Resource, kind, name, identity, previous)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HostEntry, name, network_namespace, address)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LabRecord, pid, run, control_socket, hosts, resources)

namespace {

constexpr int kLockAttempts = 100;

[[noreturn]] void throw_errno(std::string_view attempted, const fs::path& path) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", attempted, path.string(), std::strerror(errno)));
}

struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

// Nothing to see also when there is no lock file at all.
bool somebody_holds(const fs::path& lock) {
  const UniqueFd file(::open(lock.c_str(), O_RDONLY | O_CLOEXEC));
  struct flock range = whole_file();
  return file && ::fcntl(file.get(), F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

bool same_file(int fd, const fs::path& path) {
  struct stat opened {
  }, named{};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

void write_all(int fd, const std::string& text, const fs::path& path) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0) throw_errno("write", path);
    done += static_cast<std::size_t>(count);
  }
}

LabLock take_or_explain(const fs::path& directory, const std::string& run) {
  if (auto lock = LabLock::try_take(directory, run)) return std::move(*lock);
  throw TestbedBusy(describe_owner(directory));
}

auto matching(const Resource& wanted) {
  return [&wanted](const Resource& r) { return r.kind == wanted.kind && r.name == wanted.name; };
}

}  // namespace

LabLock::LabLock(fs::path directory, UniqueFd file)
    : directory_(std::move(directory)), file_(std::move(file)) {}

std::optional<LabLock> LabLock::try_take(const fs::path& directory, const std::string& run) {
  const fs::path path = directory / "lock";
  // The owner before us removes the file and the directory as it goes: what we opened may be gone by the time
  // we hold it, so try again.
  for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error)
      throw std::runtime_error(fmt::format("cannot make {}: {}", directory.string(), error.message()));
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file && errno == ENOENT) continue;
    if (!file) throw_errno("open", path);
    struct flock range = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &range) != 0) {
      if (errno == EAGAIN || errno == EACCES) return std::nullopt;
      throw_errno("lock", path);
    }
    if (!same_file(file.get(), path)) continue;
    if (::ftruncate(file.get(), 0) != 0) throw_errno("write", path);
    write_all(file.get(), fmt::format("{} {}\n", ::getpid(), run), path);
    return LabLock(directory, std::move(file));
  }
  throw std::runtime_error(fmt::format("cannot lock {}: it keeps vanishing", path.string()));
}

LabLock::~LabLock() {
  if (!file_) return;
  ::unlink((directory_ / "lock").c_str());
  ::rmdir(directory_.c_str());  // fails, as it should, when something is left in it
}

LabState::LabState(std::string run, fs::path directory)
    : directory_(std::move(directory)), lock_(take_or_explain(directory_, run)) {
  if (const auto left = read_lab_record(directory_))
    throw LeftoversFound(
        fmt::format("run {} (pid {}) was killed and left its testbed behind; remove it with "
                    "`longhaul clean`",
                    left->run, left->pid));
  record_.pid = ::getpid();
  record_.run = std::move(run);
  save();
}

LabState::~LabState() {
  std::error_code ignored;
  const auto is_directory = [](const Resource& r) { return r.kind == ResourceKind::kDirectory; };
  for (const Resource& resource : record_.resources)
    if (is_directory(resource)) fs::remove_all(resource.name, ignored);
  std::erase_if(record_.resources,
                [&](const Resource& r) { return is_directory(r) && !fs::exists(r.name, ignored); });
  try {
    write_lab_record(directory_, record_, false);
  } catch (const std::exception&) {  // the file that is there lists more, not less: clean can work with it
  }
}

void LabState::save() const {
  write_lab_record(directory_, record_, true);
}

void LabState::record(std::span<const Resource> about_to_be_made) {
  record_.resources.insert(record_.resources.end(), about_to_be_made.begin(), about_to_be_made.end());
  save();
}

void LabState::confirm(std::span<const Resource> made) {
  for (const Resource& resource : made) {
    const auto entry = std::find_if(record_.resources.begin(), record_.resources.end(), matching(resource));
    if (entry == record_.resources.end())
      throw std::logic_error(fmt::format("{} was made without being recorded", resource.name));
    entry->identity = resource.identity;
  }
  save();
}

void LabState::forget(std::span<const Resource> gone) {
  for (const Resource& resource : gone) std::erase_if(record_.resources, matching(resource));
  save();
}

fs::path LabState::make_directory(const std::string& name) {
  const fs::path path = directory_ / name;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw std::invalid_argument(fmt::format("cannot make directory `{}`: a plain name is needed", name));
  if (fs::exists(fs::symlink_status(path)))
    throw std::runtime_error(fmt::format("cannot make {}: it exists", path.string()));
  const Resource resource{ResourceKind::kDirectory, path.string()};
  record({&resource, 1});
  if (::mkdir(path.c_str(), 0755) != 0) {
    const int error = errno;
    forget({&resource, 1});
    errno = error;
    throw_errno("make", path);
  }
  return path;
}

void LabState::publish_hosts(std::vector<HostEntry> hosts) {
  record_.hosts = std::move(hosts);
  save();
}

void LabState::publish_control_socket(const fs::path& socket) {
  record_.control_socket = socket.string();
  save();
}

std::optional<LabRecord> read_lab_record(const fs::path& directory) {
  const fs::path path = directory / "state.json";
  std::ifstream file(path);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_errno("read", path);
  }
  try {
    return nlohmann::json::parse(file).get<LabRecord>();
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(
        fmt::format("cannot read {}: not a list of ours: {}", path.string(), error.what()));
  }
}

void write_lab_record(const fs::path& directory, const LabRecord& record, bool owner_lives) {
  const fs::path path = directory / "state.json";
  if (!owner_lives && record.resources.empty()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("remove", path);
    return;
  }
  const fs::path next = directory / "state.json.new";
  const UniqueFd file(::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) throw_errno("write", next);
  write_all(file.get(), nlohmann::json(record).dump(2) + "\n", next);
  if (::fsync(file.get()) != 0) throw_errno("write", next);
  if (::rename(next.c_str(), path.c_str()) != 0) throw_errno("replace", path);
  const UniqueFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) throw_errno("write", directory);
}

std::optional<LabRecord> find_running(const fs::path& directory) {
  const fs::path lock = directory / "lock";
  if (!somebody_holds(lock)) return std::nullopt;
  auto record = read_lab_record(directory);
  // An owner that has only just started has nothing to tell yet, and `clean` owns a record that is not its
  // own.
  pid_t owner = 0;
  std::ifstream(lock) >> owner;
  return record && record->pid == owner ? record : std::nullopt;
}

std::string describe_owner(const fs::path& directory) {
  std::ifstream file(directory / "lock");
  pid_t pid = 0;
  std::string run;
  if (!(file >> pid) || !std::getline(file >> std::ws, run))
    return "the testbed is in use by a run that is just starting; wait";
  return fmt::format("the testbed is in use by pid {} (run {}); stop it with Ctrl-C or `kill {}`, or wait",
                     pid, run, pid);
}

}  // namespace longhaul::nic
