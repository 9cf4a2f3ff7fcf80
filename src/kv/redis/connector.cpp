#include "connector.hpp"

#include "scripts.hpp"

#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/tcp_connections.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstring>
#include <netdb.h>
#include <span>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace spidergate::kv::redis {

namespace {

using asio::ip::tcp;
using addresses = std::vector<asio::ip::address>;

struct addrinfo_deleter {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

/// Pool thread: blocks as long as the system's resolver does.
result<addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return error_code(asio::error::host_not_found);
  const std::unique_ptr<addrinfo, addrinfo_deleter> owner(list);
  addresses found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    tcp::endpoint address;
    std::memcpy(address.data(), entry->ai_addr, entry->ai_addrlen);
    found.push_back(address.address());
  }
  if (found.empty()) return error_code(asio::error::host_not_found);
  return found;
}

awaitable<result<runtime::tcp_socket>> connect_to(runtime::worker& home, tcp::endpoint peer, steady_time deadline) {
  runtime::tcp_connecting pending(home, peer);
  co_return co_await pending.finish(deadline);
}

/// A command of words that are known while the connection is made.
struct greeting {
  std::vector<std::string_view> words;
  void operator()(std::string& out) const {
    append_head(out, words.size());
    for (const auto word : words) append_word(out, word);
  }
};

/// Answers in the order of the commands, until all are there or the connection breaks.
struct answers final : answer_sink {
  answers(runtime::worker& home, std::size_t expected) : done(home), missing(expected) {}
  void on_answer(reply&& given) noexcept override {
    all.push_back(std::move(given));
    if (--missing == 0) done.release();
  }
  void on_broken(error_code why) noexcept override {
    failure = why;
    done.release();
  }
  runtime::wait_point done;
  std::size_t missing;
  std::vector<reply> all;
  error_code failure;
};

/// Sends all at once: a connection that is made anew under load must not take a round trip for each.
awaitable<result<std::vector<reply>>> converse(runtime::worker& home, std::shared_ptr<connection> link,
                                               std::span<const greeting> commands, steady_time deadline) {
  answers said(home, commands.size());
  for (const auto& one : commands) link->send(said, one);
  const auto woken = co_await said.done.wait(deadline);
  if (said.missing > 0) {
    const auto why = said.failure ? said.failure : woken ? error_code(asio::error::operation_aborted) : woken.error();
    link->break_off(why);  // from here on it knows `said` no more
    co_return why;
  }
  co_return std::move(said.all);
}

}  // namespace

connector::connector(const secret_string& url, const std::string& extra_ca_file, runtime::blocking_pool& resolver)
    : where_(parse_url(url.reveal())),
      tls_(where_.tls ? std::make_unique<client_context>(extra_ca_file) : nullptr),
      resolver_(resolver) {}

awaitable<connector::opened> connector::open(std::shared_ptr<const connector> self, runtime::worker& home,
                                             steady_time deadline) {
  const auto at = self->where_.host + ":" + std::to_string(self->where_.port);
  auto stream = co_await self->dial(home, deadline);
  if (!stream) co_return opened{nullptr, "cannot connect to Redis at " + at + ": " + stream.error().message()};
  auto link = std::make_shared<connection>(home, std::move(*stream));
  link->start();
  auto refused = co_await self->greet(home, link, deadline);
  if (refused.empty()) co_return opened{std::move(link), {}};
  link->break_off(asio::error::access_denied);
  co_return opened{nullptr, "Redis at " + at + ": " + refused};
}

awaitable<result<addresses>> connector::resolve(runtime::worker& home, steady_time deadline) const {
  error_code not_literal;
  const auto literal = asio::ip::make_address(where_.host, not_literal);
  if (!not_literal) co_return addresses{literal};
  const auto job = [host = where_.host] { return look_up(host); };
  co_return co_await runtime::run_blocking(home, resolver_, job, deadline);
}

awaitable<result<std::unique_ptr<runtime::byte_stream>>> connector::dial(runtime::worker& home,
                                                                         steady_time deadline) const {
  const auto found = co_await resolve(home, deadline);
  if (!found) co_return found.error();
  error_code failure = asio::error::host_not_found;
  auto left = found->size();
  for (const auto& address : *found) {
    // An address that swallows packets must leave the others their share of the clock.
    const auto now = home.time().steady_now();
    const auto share = (deadline - now) / static_cast<steady_time::rep>(left--);
    const tcp::endpoint peer(address, where_.port);
    auto plain = co_await connect_to(home, peer, now + share);
    if (!plain) {
      failure = plain.error();
      continue;
    }
    if (!tls_) co_return runtime::make_tcp_stream(home, std::move(*plain), peer);
    auto ssl = tls_->session_with(where_.host);
    if (!ssl) co_return error_code(asio::error::invalid_argument);
    auto stream = runtime::make_tls_stream(home, std::move(*plain), peer, std::move(ssl), runtime::tls_side::client);
    const auto shaken = co_await stream->handshake(deadline);
    if (!shaken) co_return shaken.error();
    co_return std::unique_ptr<runtime::byte_stream>(std::move(stream));
  }
  co_return failure;
}

/// Says what Redis refused, or nothing.
awaitable<std::string> connector::greet(runtime::worker& home, std::shared_ptr<connection> link,
                                        steady_time deadline) const {
  const auto database = std::to_string(where_.database);
  std::vector<greeting> greetings;
  if (!where_.password.empty()) {
    greeting login{{"AUTH"}};
    if (!where_.user.empty()) login.words.emplace_back(where_.user);
    login.words.push_back(where_.password.reveal());
    greetings.push_back(login);
  }
  if (where_.database != 0) greetings.push_back({{"SELECT", database}});
  greetings.push_back({{"CLIENT", "SETNAME", "spidergate"}});
  greetings.push_back({{"PING"}});  // without AUTH where one is needed, this is what fails
  // A script that Redis meets for the first time would be sent twice, and its call come behind later ones.
  for (const auto* one : all_scripts()) greetings.push_back({{"SCRIPT", "LOAD", one->text}});
  const auto said = co_await converse(home, link, greetings, deadline);
  if (!said) co_return said.error().message();
  for (std::size_t i = 0; i < greetings.size(); ++i) {
    const auto what = greetings[i].words.front();
    const bool may_fail = what == "CLIENT" || what == "SCRIPT";  // some services do not allow them
    if ((*said)[i].what == reply::kind::error && !may_fail) co_return (*said)[i].text;
  }
  co_return std::string();
}

}  // namespace spidergate::kv::redis
