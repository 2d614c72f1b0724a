// SPDX-License-Identifier: GPL-2.0-only
//
// A tree of /proc and /sys files of a machine on which the doctor finds nothing to complain about; tests
// spoil it.
#pragma once

#include <sys/stat.h>

#include "tests/nic/temporary_directory.h"

namespace longhaul::nic {

class FakeMachine {
 public:
  FakeMachine() {
    write("proc/self/status", "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n");
    write("proc/self/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max locked memory         1073741824           1073741824           bytes     \n");
    write("proc/self/timerslack_ns", "50000\n");
    write("proc/self/mounts", "proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n");
    write("proc/meminfo",
          "MemTotal:       24682416 kB\nMemFree:         1000 kB\nMemAvailable:   16777216 kB\n");
    write(
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Test CPU 9000\nflags\t\t: fpu tsc constant_tsc nonstop_tsc sse2\n\n");
    write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    write("sys/devices/system/cpu/online", "0-3,8\n");
    write("sys/devices/system/cpu/isolated", "2-3\n");
    write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    write("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    write("sys/class/dmi/id/sys_vendor", "Vendor\n");
    write("sys/class/dmi/id/product_name", "Server 1\n");
    write("sys/kernel/btf/vmlinux", "");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "300\n");
    write("sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1\n");
    write("sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
    for (const char* tool : {"usr/sbin/ip", "usr/sbin/ethtool", "usr/sbin/ping"}) {
      write(tool, "");
      ::chmod((root() / tool).c_str(), 0755);
    }
  }

  void write(const std::string& file, const std::string& text) const { tree_.write(file, text); }
  void remove(const std::string& file) const { std::filesystem::remove_all(root() / file); }
  const std::filesystem::path& root() const { return tree_.path(); }

 private:
  TemporaryDirectory tree_;
};

}  // namespace longhaul::nic
