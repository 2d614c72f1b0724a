// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/metrics_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "nic/file_descriptor.h"

namespace longhaul::scenario {
namespace {

using Clock = std::chrono::steady_clock;

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  void write(const std::string& text) const {
    EXPECT_EQ(send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // The whole answer, while `server` gets its turns; it ends with the connection.
  std::string answer(MetricsServer& server) const {
    std::string all;
    char buffer[4096];
    for (const Clock::time_point deadline = Clock::now() + std::chrono::seconds(10);
         Clock::now() < deadline;) {
      std::vector<pollfd> fds;
      server.add_to(fds);
      poll(fds.data(), fds.size(), 1);
      server.serve();
      const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) return all;
      if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
    }
    ADD_FAILURE() << "no end of " << all;
    return all;
  }

 private:
  nic::UniqueFd fd_;
};

std::string ask(MetricsServer& server, const std::string& first_line) {
  const Client client(server.port());
  client.write(first_line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  return client.answer(server);
}

TEST(MetricsServer, ServesTheTextOfTheMoment) {
  int scrapes = 0;
  MetricsServer server(0, [&] { return "# scrape " + std::to_string(++scrapes) + "\n# EOF\n"; });
  EXPECT_NE(server.port(), 0);
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()) + "/metrics");
  const std::string first = ask(server, "GET /metrics");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 ")) << first;
  EXPECT_NE(first.find("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
            std::string::npos)
      << first;
  EXPECT_TRUE(first.ends_with("\r\n\r\n# scrape 1\n# EOF\n")) << first;
  EXPECT_TRUE(ask(server, "GET /metrics").ends_with("# scrape 2\n# EOF\n"));
  const std::string head = ask(server, "HEAD /metrics");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(MetricsServer, HasNothingElse) {
  MetricsServer server(0, [] { return std::string("# EOF\n"); });
  EXPECT_TRUE(ask(server, "GET /").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask(server, "GET /metrics/x").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask(server, "DELETE /metrics").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask(server, "GET /metrics?x=y").starts_with("HTTP/1.1 200 ")) << "a scraper may add parameters";
}

TEST(MetricsServer, ALargeTextComesWholeAndASlowClientDisturbsNobody) {
  const std::string large = std::string(3'000'000, '#') + "\n# EOF\n";
  MetricsServer server(0, [&] { return large; });
  const Client slow(server.port());
  slow.write("GET /met");
  EXPECT_TRUE(ask(server, "GET /metrics").ends_with("\r\n\r\n" + large));
  slow.write("rics HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(slow.answer(server).ends_with(large));
}

TEST(MetricsServer, SaysWhenTheTextCannotBeMade) {
  MetricsServer server(0, []() -> std::string { throw std::runtime_error("no port to ask"); });
  const std::string answer = ask(server, "GET /metrics");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_TRUE(answer.ends_with("no port to ask\n")) << answer;
}

TEST(MetricsServer, ATakenPortIsSaidInOneLine) {
  const MetricsServer first(0, [] { return std::string(); });
  try {
    const MetricsServer second(first.port(), [] { return std::string(); });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "cannot serve metrics on 127.0.0.1:" + std::to_string(first.port()) +
                                             ": Address already in use; choose another with --metrics=PORT");
  }
}

}  // namespace
}  // namespace longhaul::scenario
