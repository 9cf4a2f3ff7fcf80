#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/upstream/errc.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::runtime {
class worker;
class blocking_pool;
}  // namespace spidergate::runtime

namespace spidergate::upstream {

/// Where to connect. Connections are pooled per origin.
struct origin {
  bool tls = true;
  std::string host;  ///< name or literal address, no brackets
  std::uint16_t port = 443;
  bool allow_private =
      false;  ///< may resolve to loopback, private, link-local, CGNAT, multicast or metadata addresses (spec 11)

  friend bool operator==(const origin&, const origin&) = default;
  /// "https://api.example.com:8443", without the port where it is the scheme's own.
  [[nodiscard]] std::string to_string() const;
};

/// scheme://host[:port][/path]; nothing when malformed. The path comes without a trailing slash.
struct parsed_url {
  origin where;
  std::string path;
};
[[nodiscard]] std::optional<parsed_url> parse_url(std::string_view url);

/// True for addresses that spec 11 forbids as targets of API-given URLs, IPv4-mapped and -compatible forms included.
[[nodiscard]] bool is_private_address(std::string_view literal_address) noexcept;

/// One request, in pieces that must live until the response head has come (a stale pooled connection is retried with
/// them).
struct request {
  std::string_view method;
  std::string_view target;  ///< path and query
  std::string_view
      headers;  ///< "name: value\r\n" each; Host, Content-Length and, where needed, Connection are added here
  std::span<const std::string_view> body;
  std::string_view content_type = {};  ///< of the body; empty: nothing is said of it
};

/// The clocks that this room keeps. The others (first content, idle, total) are deadlines given to read_some().
struct clocks {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds tls{5'000};
  std::chrono::milliseconds head{60'000};  ///< from the request being written to the response head
  steady_time total = steady_time::max();  ///< nothing waits beyond this
};

struct response_head {
  int status = 0;
  std::vector<std::pair<std::string_view, std::string_view>> fields;  ///< views, valid while the call lives
  std::optional<std::uint64_t> content_length;
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept;  ///< case-insensitive; empty when absent
};

/// One exchange in progress: the head has come, the body is read piece by piece.
/// Destroying it early closes the connection; after the body's end the connection goes back to its pool.
class call {
 public:
  virtual ~call() = default;
  [[nodiscard]] virtual const response_head& head() const noexcept = 0;
  /// The next bytes of the body, with the chunked framing removed; an empty view is the end of the body. Valid until
  /// the caller next waits for anything: see runtime::landing_buffer. Fails with errc::read_timeout at the deadline,
  /// closed_early, bad_response, cancelled.
  virtual awaitable<result<std::string_view>> read_some(steady_time deadline) = 0;
  /// Interrupts a pending read_some. Worker thread only.
  virtual void cancel() noexcept = 0;
  /// True when an idle connection from the pool carried this call.
  [[nodiscard]] virtual bool reused_connection() const noexcept = 0;
};

/// What happened while connecting, for Server-Timing and the route trace.
struct timing {
  std::chrono::microseconds connect{0};  ///< DNS, TCP and TLS; 0 on a reused connection
};

/// TLS to providers: verification always on, the system's roots plus an optional file, session resumption. Shared by
/// all workers, thread-safe.
class client_tls;
[[nodiscard]] result<std::shared_ptr<client_tls>> load_client_tls(const std::string& extra_ca_file);

struct client_options {
  std::size_t max_connections_per_origin =
      256;  ///< per worker, busy and idle together; further calls wait for a free one, first come first served
  std::size_t max_idle_per_origin = 64;
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds dns_ttl{30'000};
  std::size_t max_head_bytes = 65'536;
};

struct attempt;

/// One worker's connections to providers: keep-alive pools per origin. Worker thread only.
class client {
 public:
  client(runtime::worker& home, runtime::blocking_pool& resolver, std::shared_ptr<client_tls> tls,
         client_options options);
  ~client();

  /// A handle to interrupt a start() that is under way.
  class canceller {
   public:
    void cancel() noexcept;

   private:
    friend struct attempt;
    attempt* pending_ = nullptr;
    bool cancelled_ = false;
  };

  /// Connects (or takes an idle connection), writes the request and reads the response head. 1xx responses are skipped.
  /// When a reused connection proves stale before any byte of the response, the request is sent once more on a fresh
  /// one, silently.
  awaitable<result<std::unique_ptr<call>>> start(const origin& where, const request& what, const clocks& limits,
                                                 canceller& stop, timing* took = nullptr);

  [[nodiscard]] std::size_t idle_connections() const noexcept;
  [[nodiscard]] std::size_t open_connections() const noexcept;
  /// Closes idle connections and makes the others close after use.
  void drain();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace spidergate::upstream
