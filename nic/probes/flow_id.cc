// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/flow_id.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

namespace longhaul::nic {
namespace {

constexpr std::uint16_t kRocePort = 4791;

std::string with_port(const IpAddress& address, std::uint16_t port) {
  return address.version == 6 ? fmt::format("[{}]:{}", address.text(), port)
                              : fmt::format("{}:{}", address.text(), port);
}

}  // namespace

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(version == 6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof buffer);
  return buffer;
}

IpAddress ip_address_of(std::uint8_t version, const std::uint8_t (&bytes)[16]) {
  IpAddress address{version, {}};
  std::copy(std::begin(bytes), std::end(bytes), address.bytes.begin());
  return address;
}

std::string FlowId::text() const {
  if (protocol == IPPROTO_UDP && destination_port == kRocePort)
    return fmt::format("roce {} > {} qp {}", source.text(), destination.text(), queue_pair);
  return fmt::format("{} {} > {}", protocol == IPPROTO_TCP ? "tcp" : "udp", with_port(source, source_port),
                     with_port(destination, destination_port));
}

FlowId flow_id_of(const probe_flow_key& key) {
  return {ip_address_of(key.ip_version, key.source),
          ip_address_of(key.ip_version, key.destination),
          key.protocol,
          key.source_port,
          key.destination_port,
          key.queue_pair};
}

}  // namespace longhaul::nic
