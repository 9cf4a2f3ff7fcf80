#include "resolver.hpp"

#include "attempt.hpp"

#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <utility>

namespace spidergate::upstream {
namespace {

using addresses = std::vector<asio::ip::address>;

constexpr std::size_t max_cached_names = 1024;

struct addrinfo_deleter {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

asio::ip::address address_of(const addrinfo& entry) {
  asio::ip::tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), entry.ai_addr, entry.ai_addrlen);
  return endpoint.address();
}

/// Pool thread: blocks as long as the system's resolver does.
result<addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return error_code(errc::resolve_failed);
  const std::unique_ptr<addrinfo, addrinfo_deleter> owner(list);
  addresses found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) found.push_back(address_of(*entry));
  }
  if (found.empty()) return error_code(errc::resolve_failed);
  return found;
}

}  // namespace

resolver::resolver(runtime::worker& home, runtime::blocking_pool& pool, std::chrono::milliseconds ttl)
    : home_(home), pool_(pool), ttl_(ttl) {}

awaitable<result<addresses>> resolver::resolve(std::string host, attempt& on_behalf, steady_time deadline) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return addresses{literal};
  const auto cached = cache_.find(host);
  if (cached != cache_.end() && home_.time().steady_now() < cached->second.expires) co_return cached->second.addresses;

  const auto job = [host]() { return look_up(host); };
  const auto call = runtime::start_blocking(home_, pool_, job);
  if (!call) co_return error_code(errc::resolve_failed);
  const interruptible while_waiting(on_behalf, call->finished());
  const auto finished = co_await call->finished().wait(deadline);
  if (!finished) co_return on_behalf.blame(finished.error(), errc::connect_timeout, errc::resolve_failed);
  auto found = call->take();
  if (!found) co_return error_code(errc::resolve_failed);
  remember(host, *found);
  co_return found;
}

void resolver::remember(const std::string& host, const addresses& found) {
  const auto now = home_.time().steady_now();
  if (cache_.size() >= max_cached_names)
    std::erase_if(cache_, [now](const auto& e) { return e.second.expires <= now; });
  if (cache_.size() < max_cached_names) cache_[host] = {found, now + ttl_};
}

void resolver::forget(const std::string& host) {
  cache_.erase(host);
}

}  // namespace spidergate::upstream
