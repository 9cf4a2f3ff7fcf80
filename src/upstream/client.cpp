#include "attempt.hpp"
#include "dialer.hpp"
#include "pool.hpp"

#include <spidergate/runtime/worker.hpp>
#include <spidergate/upstream/client.hpp>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace spidergate::upstream {
namespace {

/// Beyond this many origins, those without connections are forgotten.
constexpr std::size_t max_quiet_origins = 256;

struct origin_hash {
  std::size_t operator()(const origin& o) const noexcept {
    const auto flags = static_cast<std::size_t>(o.port) << 2U | (o.tls ? 2U : 0U) | (o.allow_private ? 1U : 0U);
    return std::hash<std::string>{}(o.host) * 31 + flags;
  }
};

/// The value of the Host field: the port only where it is not the scheme's own.
std::string host_field(const origin& where) {
  const auto text = where.to_string();
  return text.substr(text.find("://") + 3);
}

bool peer_failed(const error_code& failure) {
  return failure != asio::error::timed_out && failure != asio::error::operation_aborted &&
         failure != errc::bad_response;
}

awaitable<result<std::string_view>> refuse_cancelled() {
  co_return error_code(errc::cancelled);
}

class http1_call final : public call {
 public:
  http1_call(lease held, bool reused) : lease_(std::move(held)), connection_(*lease_.held()), reused_(reused) {}
  ~http1_call() override {
    if (!cancelled_ && connection_.reusable()) lease_.keep();
  }
  http1_call(const http1_call&) = delete;
  http1_call& operator=(const http1_call&) = delete;

  [[nodiscard]] const response_head& head() const noexcept override { return connection_.head(); }
  awaitable<result<std::string_view>> read_some(steady_time deadline) override {
    return cancelled_ ? refuse_cancelled() : connection_.read_body(deadline);
  }
  void cancel() noexcept override {
    cancelled_ = true;
    connection_.stream().cancel();
  }
  [[nodiscard]] bool reused_connection() const noexcept override { return reused_; }

 private:
  lease lease_;
  connection& connection_;
  bool reused_;
  bool cancelled_ = false;
};

}  // namespace

void attempt::interrupt() noexcept {
  if (waiting_at != nullptr) waiting_at->release(asio::error::operation_aborted);
  if (stream != nullptr) stream->cancel();
}

void client::canceller::cancel() noexcept {
  cancelled_ = true;
  if (pending_ != nullptr) pending_->interrupt();
}

struct client::impl {
  struct known_origin {
    std::shared_ptr<origin_pool> pool;
    std::string host;
  };

  impl(runtime::worker& on, runtime::blocking_pool& pool, std::shared_ptr<client_tls> tls, client_options o)
      : home(on), options(o), connector(on, pool, std::move(tls), o.dns_ttl) {}

  known_origin& known(const origin& where) {
    const auto found = origins.find(where);
    if (found != origins.end()) return found->second;
    if (origins.size() >= max_quiet_origins) {
      std::erase_if(
          origins, [](const auto& entry) { return entry.second.pool.use_count() == 1 && entry.second.pool->unused(); });
    }
    return origins.emplace(where, known_origin{std::make_shared<origin_pool>(home, options), host_field(where)})
        .first->second;
  }

  /// Sends and reads the head. The failure is the caller's answer unless the connection was stale.
  awaitable<error_code> exchange(connection& on, std::string_view host, bool close_after, const request& what,
                                 const clocks& limits, attempt& on_behalf);
  awaitable<error_code> open(lease& held, const origin& where, const clocks& limits, attempt& on_behalf, timing* took);

  runtime::worker& home;
  const client_options options;
  dialer connector;
  std::unordered_map<origin, known_origin, origin_hash> origins;
};

awaitable<error_code> client::impl::open(lease& held, const origin& where, const clocks& limits, attempt& on_behalf,
                                         timing* took) {
  const auto began = home.time().steady_now();
  auto stream = co_await connector.dial(where, limits, on_behalf);
  if (!stream) co_return stream.error();
  held.replace(std::make_unique<connection>(std::move(*stream), options.max_head_bytes));
  if (took != nullptr) {
    took->connect = std::chrono::duration_cast<std::chrono::microseconds>(home.time().steady_now() - began);
  }
  co_return error_code();
}

awaitable<error_code> client::impl::exchange(connection& on, std::string_view host, bool close_after,
                                             const request& what, const clocks& limits, attempt& on_behalf) {
  if (on_behalf.cancelled()) co_return errc::cancelled;
  on_behalf.stream = &on.stream();
  const auto write_by = std::min(home.time().steady_now() + limits.head, limits.total);
  const auto sent = co_await on.send(host, what, close_after, write_by);
  if (!sent && !peer_failed(sent.error())) {
    on_behalf.stream = nullptr;
    co_return on_behalf.blame(sent.error(), errc::write_timeout, errc::write_failed);
  }
  // A provider that refuses a request early closes its side; its answer may be there nevertheless.
  const auto head_by = std::min(home.time().steady_now() + limits.head, limits.total);
  const auto answered = co_await on.read_head(head_by);
  on_behalf.stream = nullptr;
  if (answered) co_return error_code();
  if (answered.error() == errc::bad_response) co_return on_behalf.blame(errc::bad_response);
  co_return on_behalf.blame(answered.error(), errc::head_timeout, sent ? errc::closed_early : errc::write_failed);
}

client::client(runtime::worker& home, runtime::blocking_pool& resolver, std::shared_ptr<client_tls> tls,
               client_options options)
    : impl_(std::make_shared<impl>(home, resolver, std::move(tls), options)) {}

client::~client() {
  drain();
}

awaitable<result<std::unique_ptr<call>>> client::start(const origin& where, const request& what, const clocks& limits,
                                                       canceller& stop, timing* took) {
  const auto self = impl_;
  attempt current(stop);
  if (current.cancelled()) co_return error_code(errc::cancelled);
  const auto& known = self->known(where);
  const auto pool = known.pool;
  const std::string_view host = known.host;  // the pool that we hold keeps it
  const auto wait_by = std::min(self->home.time().steady_now() + limits.connect, limits.total);
  auto held = co_await pool->acquire(current, wait_by);
  if (!held) co_return held.error();

  for (bool reused = held->held() != nullptr;; reused = false) {
    if (!reused) {
      const auto failure = co_await self->open(*held, where, limits, current, took);
      if (failure) co_return failure;
    }
    auto& connection = *held->held();
    const auto failure = co_await self->exchange(connection, host, pool->draining(), what, limits, current);
    if (!failure) co_return std::make_unique<http1_call>(std::move(*held), reused);
    // The peer closed an idle connection just as it was taken: nothing was answered, so nothing is lost by asking
    // again.
    const bool stale = failure == errc::write_failed || failure == errc::closed_early;
    if (!reused || !stale || connection.answer_begun()) co_return failure;
    held->replace(nullptr);
  }
}

std::size_t client::idle_connections() const noexcept {
  std::size_t count = 0;
  for (const auto& [where, known] : impl_->origins) count += known.pool->idle();
  return count;
}

std::size_t client::open_connections() const noexcept {
  std::size_t count = 0;
  for (const auto& [where, known] : impl_->origins) count += known.pool->open();
  return count;
}

void client::drain() {
  for (const auto& [where, known] : impl_->origins) known.pool->drain();
}

}  // namespace spidergate::upstream
