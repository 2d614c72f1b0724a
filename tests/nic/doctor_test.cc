// SPDX-License-Identifier: GPL-2.0-only
#include "nic/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "nic/lab_state.h"
#include "tests/nic/fake_machine.h"

namespace longhaul::nic {
namespace {

using testing::HasSubstr;

struct Patient {
  FakeMachine machine;
  Surroundings surroundings{machine.root(), [] { return 0; }, [] { return 0; }, [] { return 0; }};
};

struct Case {
  std::string title;
  std::function<void(Patient&)> spoil;
  std::string finding;
  Level level;
  std::string found;  // a part of it
};

std::function<void(Patient&)> write(std::string file, std::string text) {
  return [=](Patient& patient) { patient.machine.write(file, text); };
}
std::function<void(Patient&)> remove(std::string file) {
  return [=](Patient& patient) { patient.machine.remove(file); };
}

const std::string kGovernor = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
const std::string kFree2m = "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages";

const std::vector<Case> kCases{
    {"no privilege at all", write("proc/self/status", "CapEff:\t0000000000000000\n"), "privileges",
     Level::kFail, "CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN"},
    {"no status file", remove("proc/self/status"), "privileges", Level::kFail, "CAP_NET_ADMIN"},
    {"no CAP_IPC_LOCK", write("proc/self/status", "CapEff:\t000001ffffffbfff\n"), "privileges", Level::kWarn,
     "missing: CAP_IPC_LOCK"},
    {"no namespaces", [](Patient& p) { p.surroundings.make_namespace = [] { return EPERM; }; }, "namespaces",
     Level::kFail, "Operation not permitted"},
    {"no AF_PACKET", [](Patient& p) { p.surroundings.open_af_packet = [] { return EPERM; }; }, "af_packet",
     Level::kFail, "Operation not permitted"},
    {"no AF_XDP", [](Patient& p) { p.surroundings.open_af_xdp = [] { return EAFNOSUPPORT; }; }, "af_xdp",
     Level::kWarn, "fall back to AF_PACKET"},
    {"no ip", remove("usr/sbin/ip"), "tools", Level::kFail, "`ip`"},
    {"no ping", remove("usr/sbin/ping"), "tools", Level::kFail, "`ping`"},
    {"no ethtool", remove("usr/sbin/ethtool"), "tools", Level::kWarn, "`ethtool`"},
    {"kernel too old", write("proc/sys/kernel/osrelease", "5.4.0-1\n"), "kernel", Level::kFail,
     "older than 5.9"},
    {"kernel old", write("proc/sys/kernel/osrelease", "5.10.0-28-amd64\n"), "kernel", Level::kWarn, "5.10.0"},
    {"kernel with two digits", write("proc/sys/kernel/osrelease", "6.18.44\n"), "kernel", Level::kOk,
     "6.18.44"},
    {"no BTF", remove("sys/kernel/btf/vmlinux"), "btf", Level::kWarn, "kernel probes"},
    {"no bpffs", write("proc/self/mounts", "proc /proc proc rw 0 0\n"), "bpffs", Level::kWarn, "not mounted"},
    {"no hugepages", write(kFree2m, "0\n"), "hugepages", Level::kWarn, "ordinary pages"},
    {"few hugepages", write(kFree2m, "10\n"), "hugepages", Level::kWarn, "too few"},
    {"no hugepage support", remove("sys/kernel/mm/hugepages"), "hugepages", Level::kWarn, "free: 0"},
    {"1 GiB pages only",
     [](Patient& p) {
       p.machine.write(kFree2m, "0\n");
       p.machine.write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
     },
     "hugepages", Level::kOk, "1 of 1 GiB"},
    {"memory short", write("proc/meminfo", "MemAvailable: 1048576 kB\n"), "memory", Level::kWarn, "1024 MiB"},
    {"memory out", write("proc/meminfo", "MemAvailable: 1024 kB\n"), "memory", Level::kFail, "1 MiB"},
    {"locked memory short, not root",
     [](Patient& p) {
       p.machine.write("proc/self/status", "CapEff:\t000001ffffffbfff\n");
       p.machine.write("proc/self/limits", "Max locked memory         8388608    8388608    bytes\n");
     },
     "locked memory", Level::kWarn, "8 MiB"},
    {"locked memory short, root",
     write("proc/self/limits", "Max locked memory   8388608   8388608   bytes\n"), "locked memory",
     Level::kOk, "not binding"},
    {"locked memory unlimited",
     write("proc/self/limits", "Max locked memory   unlimited  unlimited  bytes\n"), "locked memory",
     Level::kOk, "unlimited"},
    {"one core", write("sys/devices/system/cpu/online", "0\n"), "cores", Level::kWarn, "1 online"},
    {"no isolated core", write("sys/devices/system/cpu/isolated", "\n"), "isolation", Level::kWarn,
     "no isolated"},
    {"powersave", write(kGovernor, "powersave\n"), "governor", Level::kWarn, "powersave"},
    {"governor not exposed", remove(kGovernor), "governor", Level::kOk, "not exposed"},
    {"virtual machine", write("proc/cpuinfo", "flags : hypervisor constant_tsc nonstop_tsc\n"),
     "virtualisation", Level::kWarn, "Vendor Server 1"},
    {"TSC stops", write("proc/cpuinfo", "flags : constant_tsc\n"), "tsc", Level::kFail, "not invariant"},
    {"timer slack large", write("proc/self/timerslack_ns", "40000000\n"), "timer slack", Level::kWarn,
     "40000000"},
    {"NIC on vfio-pci", write("sys/bus/pci/drivers/vfio-pci/0000:3b:00.0/vendor", "0x8086\n"), "vfio-pci",
     Level::kOk, "bound: 0000:3b:00.0"},
    {"leftovers",
     [](Patient& p) {
       p.machine.write("run/longhaul/state.json",
                       R"({"pid":4,"run":"dead","control_socket":"","hosts":[],"resources":[]})");
     },
     "leftovers", Level::kWarn, "run dead was killed"},
    {"list of leftovers broken", write("run/longhaul/state.json", "{"), "leftovers", Level::kWarn,
     "state.json"},
};

TEST(Doctor, FindsNothingOnAGoodMachine) {
  const Patient patient;
  const auto findings = examine(patient.surroundings);
  EXPECT_EQ(findings.size(), 19U);
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.name << ": " << finding.found;
    EXPECT_EQ(finding.mend, "") << finding.name;
    EXPECT_NE(finding.found, "") << finding.name;
  }
}

class DoctorCase : public testing::TestWithParam<Case> {};

TEST_P(DoctorCase, FindsItAndSaysWhatMendsIt) {
  Patient patient;
  GetParam().spoil(patient);
  bool seen = false;
  for (const Finding& finding : examine(patient.surroundings)) {
    if (finding.name != GetParam().finding) continue;
    seen = true;
    EXPECT_EQ(to_string(finding.level), to_string(GetParam().level)) << finding.found;
    EXPECT_THAT(finding.found, HasSubstr(GetParam().found));
    EXPECT_EQ(finding.mend.empty(), finding.level == Level::kOk);
    EXPECT_EQ((finding.found + finding.mend).find('\n'), std::string::npos) << "one line each";
  }
  EXPECT_TRUE(seen);
}

INSTANTIATE_TEST_SUITE_P(Table, DoctorCase, testing::ValuesIn(kCases), [](const auto& param) {
  std::string name = param.param.title;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST(Doctor, ARunningTestbedIsNoLeftover) {
  const Patient patient;
  const LabState state("running", patient.machine.root() / "run/longhaul");
  EXPECT_EQ(examine(patient.surroundings).back().level, Level::kOk);
  EXPECT_THAT(examine(patient.surroundings).back().found, HasSubstr("run running"));
}

TEST(Doctor, ExaminesThisMachineWithoutHarm) {
  for (const Finding& finding : examine()) EXPECT_NE(finding.found, "") << finding.name;
}

}  // namespace
}  // namespace longhaul::nic
