// SPDX-License-Identifier: GPL-2.0-only
#include "nic/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "nic/command.h"
#include "nic/file_descriptor.h"
#include "nic/lab_state.h"
#include "nic/machine.h"

namespace longhaul::nic {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLeastMemory = 512 * kMiB;
constexpr std::uint64_t kGoodMemory = 2048 * kMiB;
constexpr std::uint64_t kGoodHugeMemory = 512 * kMiB;
constexpr std::uint64_t kGoodLockedMemory = 256 * kMiB;

Finding ok(std::string name, std::string found) {
  return {std::move(name), Level::kOk, std::move(found), ""};
}
Finding warn(std::string name, std::string found, std::string mend) {
  return {std::move(name), Level::kWarn, std::move(found), std::move(mend)};
}
Finding fail(std::string name, std::string found, std::string mend) {
  return {std::move(name), Level::kFail, std::move(found), std::move(mend)};
}

struct Capability {
  const char* name;
  unsigned bit;
};
constexpr Capability kSysAdmin{"CAP_SYS_ADMIN", 21};
constexpr Capability kIpcLock{"CAP_IPC_LOCK", 14};

std::uint64_t effective_capabilities(const fs::path& root) {
  std::uint64_t set = 0;
  std::istringstream(field_of(root / "proc/self/status", "CapEff").value_or("0")) >> std::hex >> set;
  return set;
}

bool holds(std::uint64_t set, Capability capability) {
  return (set >> capability.bit & 1) != 0;
}

Finding examine_capabilities(const fs::path& root) {
  constexpr std::array kNeeded{Capability{"CAP_NET_ADMIN", 12}, Capability{"CAP_NET_RAW", 13}, kSysAdmin};
  constexpr std::array kUseful{kIpcLock, Capability{"CAP_SYS_NICE", 23}, Capability{"CAP_PERFMON", 38},
                               Capability{"CAP_BPF", 39}};
  const std::uint64_t set = effective_capabilities(root);
  std::vector<std::string> needed, useful;
  for (const Capability& capability : kNeeded)
    if (!holds(set, capability)) needed.emplace_back(capability.name);
  for (const Capability& capability : kUseful)
    if (!holds(set, capability)) useful.emplace_back(capability.name);
  if (!needed.empty())
    return fail("privileges", fmt::format("missing: {}", fmt::join(needed, ", ")),
                "run longhaul as root, with sudo");
  if (!useful.empty())
    return warn("privileges", fmt::format("missing: {}", fmt::join(useful, ", ")),
                "run longhaul as root, with sudo");
  return ok("privileges", "all capabilities that are used");
}

Finding examine_hugepages(const Machine& machine) {
  const std::uint64_t free = machine.huge_2m_free * 2 * kMiB + machine.huge_1g_free * 1024 * kMiB;
  const std::string found =
      fmt::format("free: {} of 2 MiB, {} of 1 GiB", machine.huge_2m_free, machine.huge_1g_free);
  const std::string mend = "echo 256 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
  if (free == 0) return warn("hugepages", found + "; the data plane runs on ordinary pages", mend);
  if (free < kGoodHugeMemory) return warn("hugepages", found + "; too few for a data plane", mend);
  return ok("hugepages", found);
}

Finding examine_btf(const fs::path& root) {
  if (fs::exists(root / "sys/kernel/btf/vmlinux")) return ok("btf", "/sys/kernel/btf/vmlinux is there");
  return warn("btf", "no /sys/kernel/btf/vmlinux: kernel probes cannot be loaded",
              "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's are");
}

Finding examine_bpffs(const fs::path& root) {
  std::ifstream mounts(root / "proc/self/mounts");
  for (std::string device, place, type, rest;
       mounts >> device >> place >> type && std::getline(mounts, rest);)
    if (type == "bpf") return ok("bpffs", "mounted at " + place);
  return warn("bpffs", "not mounted: maps cannot be pinned for bpftool", "mount -t bpf bpf /sys/fs/bpf");
}

Finding examine_af_xdp(int error) {
  if (error == 0) return ok("af_xdp", "sockets can be opened");
  return warn("af_xdp", fmt::format("no sockets ({}): ports fall back to AF_PACKET", std::strerror(error)),
              "boot a kernel built with CONFIG_XDP_SOCKETS=y, and run longhaul as root");
}

Finding examine_af_packet(int error) {
  if (error == 0) return ok("af_packet", "sockets can be opened");
  return fail("af_packet", fmt::format("no sockets ({})", std::strerror(error)),
              "run longhaul as root, on a kernel with CONFIG_PACKET=y");
}

Finding examine_namespaces(int error) {
  if (error == 0) return ok("namespaces", "network namespaces can be made");
  return fail("namespaces", fmt::format("network namespaces cannot be made ({})", std::strerror(error)),
              "run longhaul as root, outside of an unprivileged container");
}

Finding examine_tools(const fs::path& root) {
  const auto missing = [&root](const char* program) { return !find_program(program, root); };
  if (missing("ip")) return fail("tools", "`ip` is not installed", "apt-get install iproute2");
  if (missing("ping")) return fail("tools", "`ping` is not installed", "apt-get install iputils-ping");
  if (missing("ethtool")) return warn("tools", "`ethtool` is not installed", "apt-get install ethtool");
  return ok("tools", "ip, ping and ethtool are installed");
}

Finding examine_cores(const Machine& machine) {
  if (machine.cores >= 2) return ok("cores", fmt::format("{} online", machine.cores));
  return warn("cores", fmt::format("{} online: hosts and data plane take turns on one core", machine.cores),
              "use a machine with 2 cores or more");
}

Finding examine_isolation(const Machine& machine) {
  if (!machine.isolated_cores.empty()) return ok("isolation", "isolated cores: " + machine.isolated_cores);
  return warn("isolation", "no isolated core: other work delays frames now and then",
              "add isolcpus=1 nohz_full=1 to the kernel's command line");
}

Finding examine_governor(const Machine& machine) {
  if (machine.governor.empty()) return ok("governor", "not exposed: the frequency is not set from here");
  if (machine.governor == "performance") return ok("governor", machine.governor);
  return warn("governor", machine.governor + ": the clock frequency moves with the load",
              "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

Finding examine_virtualisation(const Machine& machine) {
  const std::string hardware = machine.hardware.empty() ? "" : " (" + machine.hardware + ")";
  if (!machine.hypervisor) return ok("virtualisation", "none seen" + hardware);
  return warn("virtualisation", "a virtual machine" + hardware + ": its host can delay frames unseen",
              "use bare metal for figures that count, or pin the virtual CPUs");
}

Finding examine_tsc(const Machine& machine) {
  if (machine.invariant_tsc) return ok("tsc", "constant and non-stop, clock source " + machine.clock_source);
  return fail("tsc", "not invariant (constant_tsc and nonstop_tsc): the data plane has no steady clock",
              "use a CPU with an invariant TSC, or have the hypervisor expose it");
}

Finding examine_memory(const Machine& machine) {
  const std::string found = fmt::format("{} MiB available", machine.memory_available / kMiB);
  const std::string mend = "end what uses the memory, or free hugepages: sysctl vm.nr_hugepages=0";
  if (machine.memory_available < kLeastMemory)
    return fail("memory", found + ": not enough for a data plane", mend);
  if (machine.memory_available < kGoodMemory)
    return warn("memory", found + ": little for deep buffers", mend);
  return ok("memory", found);
}

Finding examine_locked_memory(const fs::path& root) {
  const std::string limit = field_of(root / "proc/self/limits", "Max locked memory").value_or("0");
  std::uint64_t bytes = 0;
  if (limit.starts_with("unlimited")) return ok("locked memory", "unlimited");
  std::istringstream(limit) >> bytes;
  const std::string found = fmt::format("{} MiB", bytes / kMiB);
  if (bytes >= kGoodLockedMemory) return ok("locked memory", found);
  if (holds(effective_capabilities(root), kIpcLock))
    return ok("locked memory", found + ", not binding for root");
  return warn("locked memory", found + ": AF_XDP may not get its packet memory", "ulimit -l unlimited");
}

Finding examine_vfio(const fs::path& root) {
  std::vector<std::string> bound;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(root / "sys/bus/pci/drivers/vfio-pci", none))
    if (entry.path().filename().string().find(':') != std::string::npos)
      bound.push_back(entry.path().filename());
  if (bound.empty()) return ok("vfio-pci", "no NIC bound; only external hosts on a PCI port need one");
  return ok("vfio-pci", fmt::format("bound: {}", fmt::join(bound, ", ")));
}

Finding examine_kernel(const Machine& machine) {
  unsigned major = 0, minor = 0;
  char dot = 0;
  std::istringstream(machine.kernel) >> major >> dot >> minor;
  const auto older_than = [&](unsigned a, unsigned b) { return major < a || (major == a && minor < b); };
  const std::string mend = "apt-get install linux-image-amd64, and boot it";
  if (older_than(5, 9)) return fail("kernel", machine.kernel + ": older than 5.9", mend);
  if (older_than(6, 1))
    return warn("kernel", machine.kernel + ": older than 6.1, the oldest that is tried", mend);
  return ok("kernel", machine.kernel);
}

Finding examine_timer_slack(const fs::path& root) {
  const auto text = first_line_of(root / "proc/self/timerslack_ns");
  if (!text) return warn("timer slack", "not exposed", "boot a kernel of 4.6 or later");
  std::uint64_t slack = 0;
  std::istringstream(*text) >> slack;
  if (slack <= 50'000)
    return ok("timer slack", fmt::format("{} ns; the data plane asks for 1 ns for itself", slack));
  return warn("timer slack", fmt::format("{} ns: sleeps of the hosts' programs end late", slack),
              "start longhaul from a shell with the usual slack of 50000 ns");
}

Finding examine_leftovers(const fs::path& root) {
  const fs::path directory = root / kStateDirectory.relative_path();
  try {
    if (const auto running = find_running(directory))
      return ok("leftovers", fmt::format("in use by pid {} (run {})", running->pid, running->run));
    if (const auto left = read_lab_record(directory))
      return warn(
          "leftovers",
          fmt::format("run {} was killed and left {} things behind", left->run, left->resources.size()),
          "longhaul clean");
  } catch (const std::exception& error) {
    return warn("leftovers", error.what(), fmt::format("rm {}", (kStateDirectory / "state.json").string()));
  }
  return ok("leftovers", "none");
}

int try_socket(int family, int type) {
  const UniqueFd socket(::socket(family, type | SOCK_CLOEXEC, 0));
  return socket ? 0 : errno;
}

int try_namespace() {
  int error = 0;
  std::thread([&error] { error = ::unshare(CLONE_NEWNET) == 0 ? 0 : errno; }).join();
  return error;
}

}  // namespace

Surroundings this_machine() {
  return {"/", [] { return try_socket(AF_XDP, SOCK_RAW); }, [] { return try_socket(AF_PACKET, SOCK_RAW); },
          try_namespace};
}

std::vector<Finding> examine(const Surroundings& surroundings) {
  const fs::path& root = surroundings.root;
  const Machine machine = examine_machine(root);
  return {examine_capabilities(root),
          examine_namespaces(surroundings.make_namespace()),
          examine_tools(root),
          examine_af_packet(surroundings.open_af_packet()),
          examine_af_xdp(surroundings.open_af_xdp()),
          examine_kernel(machine),
          examine_btf(root),
          examine_bpffs(root),
          examine_hugepages(machine),
          examine_memory(machine),
          examine_locked_memory(root),
          examine_cores(machine),
          examine_isolation(machine),
          examine_governor(machine),
          examine_virtualisation(machine),
          examine_tsc(machine),
          examine_timer_slack(root),
          examine_vfio(root),
          examine_leftovers(root)};
}

std::string to_string(Level level) {
  return level == Level::kOk ? "OK" : level == Level::kWarn ? "WARN" : "FAIL";
}

}  // namespace longhaul::nic
