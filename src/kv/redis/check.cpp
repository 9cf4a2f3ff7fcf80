#include "connector.hpp"

#include <spidergate/kv/redis_counters.hpp>
#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/worker.hpp>

#include <charconv>
#include <future>
#include <stdexcept>

namespace spidergate::kv {

namespace {

using redis::connector;

constexpr int oldest_version = 6;

int version_in(std::string_view info) {
  constexpr std::string_view label = "redis_version:";
  const auto at = info.find(label);
  int major = 0;
  if (at == std::string_view::npos) return major;
  const auto text = info.substr(at + label.size());
  std::from_chars(text.data(), text.data() + text.size(), major);
  return major;
}

awaitable<std::string> look(std::shared_ptr<const connector> dialer, runtime::worker& home,
                            std::chrono::milliseconds timeout) {
  const auto deadline = home.time().steady_now() + timeout;
  const auto made = co_await connector::open(dialer, home, deadline);
  if (made.link == nullptr) co_return made.failure;
  const auto info = co_await made.link->ask(
      [](std::string& out) {
        redis::append_head(out, 2);
        redis::append_word(out, "INFO");
        redis::append_word(out, "server");
      },
      deadline);
  made.link->break_off(asio::error::operation_aborted);
  if (!info) co_return "Redis does not answer: " + info.error().message();
  if (info->what == redis::reply::kind::error) co_return "Redis refuses INFO: " + info->text;
  const auto version = version_in(info->text);
  if (version >= oldest_version) co_return std::string();
  co_return "Redis is version " + std::to_string(version) + "; " + std::to_string(oldest_version) +
      " or later is needed";
}

awaitable<void> tell(std::promise<std::string>& said, std::shared_ptr<const connector> dialer, runtime::worker& home,
                     std::chrono::milliseconds timeout) {
  said.set_value(co_await look(dialer, home, timeout));
}

}  // namespace

std::string check_redis(const redis_options& options) {
  runtime::worker home(0, runtime::system_clock());
  runtime::blocking_pool resolver(1, 1);
  std::shared_ptr<const connector> dialer;
  try {
    dialer = std::make_shared<connector>(options.url, options.extra_ca_file, resolver);
  } catch (const std::runtime_error& fault) {
    return fault.what();
  }
  std::promise<std::string> said;
  auto later = said.get_future();
  home.spawn([&] { return tell(said, dialer, home, options.connect_timeout); });
  home.start();
  auto found = later.get();
  home.stop();
  return found;
}

}  // namespace spidergate::kv
