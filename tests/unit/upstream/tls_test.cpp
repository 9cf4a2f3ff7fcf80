#include "client_fixture.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <tls_certificate.hpp>
#include <unistd.h>

namespace spidergate::upstream {
namespace {

using namespace std::chrono_literals;
using testing::answer_always;
using testing::scripted_server;
using testing::sized;
using testing::stay_silent;
using testing::tls_certificate;

/// A file of trusted roots, for as long as the test runs.
class ca_file {
 public:
  explicit ca_file(const std::string& pem) : path_(::testing::TempDir() + "ca-" + std::to_string(::getpid()) + ".pem") {
    std::ofstream(path_) << pem;
  }
  ~ca_file() { std::remove(path_.c_str()); }
  ca_file(const ca_file&) = delete;
  ca_file& operator=(const ca_file&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class tls_test : public client_fixture {
 protected:
  void trust(const tls_certificate& identity) {
    const ca_file roots(identity.pem());
    tls_ = load_client_tls(roots.path()).value();
  }
};

TEST_F(tls_test, refuses_a_certificate_that_nobody_signed) {
  const tls_certificate identity("IP:127.0.0.1");
  const auto context = identity.server_context();
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  EXPECT_EQ(fetch(at(server, true), {}).failure, errc::tls_failed);
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(tls_test, trusts_the_extra_roots_and_reuses_the_connection) {
  const tls_certificate identity("IP:127.0.0.1");
  trust(identity);
  const auto context = identity.server_context();
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  const auto out = fetch(at(server, true), {});
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.body, "ok");
  EXPECT_TRUE(fetch(at(server, true), {}).reused);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(tls_test, checks_the_name_in_the_certificate) {
  const tls_certificate identity("DNS:localhost,IP:192.0.2.1");
  trust(identity);
  const auto context = identity.server_context();
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  EXPECT_EQ(fetch(at(server, true), {}).failure, errc::tls_failed);
  auto named = at(server, true);
  named.host = "localhost";
  EXPECT_EQ(fetch(named, {}).body, "ok");
}

TEST_F(tls_test, names_the_host_it_wants) {
  const tls_certificate identity("DNS:localhost");
  trust(identity);
  const auto context = identity.server_context();
  static std::string wanted;
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* ssl, int*, void*) {
        const auto* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        wanted = name != nullptr ? name : "";
        return SSL_TLSEXT_ERR_OK;
      });
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  auto named = at(server, true);
  named.host = "localhost";
  EXPECT_EQ(fetch(named, {}).body, "ok");
  EXPECT_EQ(wanted, "localhost");
}

TEST_F(tls_test, resumes_sessions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const tls_certificate identity("IP:127.0.0.1");
    trust(identity);
    client_.reset();
    const auto context = identity.server_context();
    SSL_CTX_set_max_proto_version(context.get(), version);
    const auto closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    const scripted_server server(worker_, {answer_always(closing)}, context.get());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fetch(at(server, true), {}).body, "ok");
    EXPECT_EQ(server.connections(), 3);
    EXPECT_EQ(server.resumed_sessions(), 2) << version;
  }
}

TEST_F(tls_test, refuses_old_protocols) {
  const tls_certificate identity("IP:127.0.0.1");
  trust(identity);
  const auto context = identity.server_context();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  EXPECT_EQ(fetch(at(server, true), {}).failure, errc::tls_failed);
}

TEST_F(tls_test, fails_against_a_server_without_tls) {
  const scripted_server server(worker_, {[](testing::peer& client) -> awaitable<void> {
                                 co_await client.send("HTTP/1.1 400 Bad\r\n\r\n");
                                 co_await client.wait_for_close();
                               }});
  EXPECT_EQ(fetch(at(server, true), {}).failure, errc::tls_failed);
}

TEST_F(tls_test, the_tls_clock_fires) {
  const scripted_server server(worker_, {stay_silent()});
  EXPECT_EQ(fetch(at(server, true), {.limits = {.tls = 20ms}}).failure, errc::tls_timeout);
}

TEST_F(tls_test, cancel_interrupts_the_handshake) {
  const scripted_server server(worker_, {stay_silent()});
  outcome out;
  client::canceller stop;
  begin(at(server, true), {.stop = &stop}, out);
  testing::run_until(worker_, [&] { return server.connections() == 1; });
  settle();
  stop.cancel();
  finish(out);
  EXPECT_EQ(out.failure, errc::cancelled);
}

TEST_F(tls_test, a_body_without_length_needs_a_proper_end) {
  const tls_certificate identity("IP:127.0.0.1");
  trust(identity);
  const auto context = identity.server_context();
  const auto cut = [](testing::peer& client) -> awaitable<void> {
    co_await client.read_request();
    co_await client.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    // An attacker's FIN: the connection ends without the provider's close_notify.
    auto& secure = dynamic_cast<runtime::tls_stream&>(client.stream());
    SSL_set_quiet_shutdown(secure.native(), 1);
    client.close();
  };
  const scripted_server server(worker_, {cut, testing::answer_once("HTTP/1.1 200 OK\r\n\r\nwhole")}, context.get());
  EXPECT_EQ(fetch(at(server, true), {}).failure, errc::closed_early);
  const auto out = fetch(at(server, true), {});
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.body, "whole");
}

TEST_F(tls_test, trusts_the_roots_of_the_system_which_it_reads_for_the_first_connection) {
  const tls_certificate identity("IP:127.0.0.1");
  const ca_file roots(identity.pem());
  constexpr const char* variable = "SSL_CERT_FILE";
  const char* const before = std::getenv(variable);
  const std::string kept = before ? before : "";
  ASSERT_EQ(::setenv(variable, roots.path().c_str(), 1), 0);
  const auto context = identity.server_context();
  const scripted_server server(worker_, {answer_always(sized("ok"))}, context.get());
  const auto out = fetch(at(server, true), {});
  before ? ::setenv(variable, kept.c_str(), 1) : ::unsetenv(variable);
  EXPECT_FALSE(out.failure) << out.failure.message();
}

TEST(load_client_tls, says_why_the_file_cannot_be_used) {
  EXPECT_TRUE(load_client_tls("/nonexistent/ca.pem").has_error());
}

}  // namespace
}  // namespace spidergate::upstream
