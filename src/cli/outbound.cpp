#include "outbound.hpp"

#include <algorithm>
#include <future>

namespace spidergate::cli {

namespace {

constexpr std::chrono::milliseconds patience{20'000};
constexpr std::size_t resolver_threads = 4;
constexpr std::size_t resolver_queue = 1024;

engine::options clocks_of(const config::settings& values) {
  const auto& e = values.engine;
  engine::options clocks;
  clocks.timeout = std::min(e.timeout, patience);
  clocks.connect_timeout = e.connect_timeout;
  clocks.tls_timeout = e.tls_timeout;
  clocks.first_byte_timeout = std::min(e.first_byte_timeout, patience);
  clocks.first_content_timeout = std::min(e.first_content_timeout, patience);
  clocks.stream_idle_timeout = e.stream_idle_timeout;
  clocks.retry_count = 0;
  clocks.allow_private_base_urls = values.vault.allow_private_base_urls;
  return clocks;
}

std::shared_ptr<upstream::client_tls> provider_tls(const std::string& extra_ca_file) {
  auto loaded = upstream::load_client_tls(extra_ca_file);
  if (!loaded)
    throw command_error{exit_code::failed, "The certificates in engine.extra_ca_file ('" + extra_ca_file +
                                               "') cannot be used: " + loaded.error().message() + "."};
  return std::move(*loaded);
}

/// One probe under way; lives on the waiting thread's stack until `done` is set.
struct probing {
  engine::engine& with;
  const router::candidate& who;
  const vault::lease& key;
  const model::inference_request& asked;
  const engine::options& clocks;
  std::promise<std::optional<std::string>> done;
};

awaitable<void> carry_out(probing& p) {
  try {
    p.done.set_value(co_await p.with.probe(p.who, p.key, p.asked, p.clocks));
  } catch (...) {
    p.done.set_exception(std::current_exception());
  }
}

struct reaching {
  upstream::client& with;
  const upstream::parsed_url& where;
  const engine::options& clocks;
  steady_time deadline;
  std::promise<error_code> done;
};

awaitable<void> carry_out(reaching& r) {
  try {
    upstream::client::canceller stop;
    const auto target = r.where.path + "/models";
    const upstream::request what{.method = "GET", .target = target, .headers = "accept: application/json\r\n"};
    const upstream::clocks limits{.connect = r.clocks.connect_timeout,
                                  .tls = r.clocks.tls_timeout,
                                  .head = r.clocks.first_byte_timeout,
                                  .total = r.deadline};
    const auto answer = co_await r.with.start(r.where.where, what, limits, stop);
    r.done.set_value(answer ? error_code() : answer.error());
  } catch (...) {
    r.done.set_exception(std::current_exception());
  }
}

}  // namespace

outbound::outbound(context& in)
    : clocks_(clocks_of(in.config().values)),
      worker_(0, runtime::system_clock()),
      resolver_(resolver_threads, resolver_queue),
      health_({}, runtime::system_clock()),
      providers_(worker_, resolver_, provider_tls(in.config().values.engine.extra_ca_file), {}) {
  worker_.start();
}

outbound::~outbound() {
  worker_.stop();
}

std::optional<std::string> outbound::probe(vault::vault& keys, const router::candidate& who, const vault::lease& key,
                                           const model::inference_request& asked) {
  engine::engine with(worker_, providers_, keys, health_, [] { return 0.5; });
  probing call{with, who, key, asked, clocks_, {}};
  auto outcome = call.done.get_future();
  worker_.spawn([&call] { return carry_out(call); });
  return outcome.get();
}

std::vector<error_code> outbound::reach(std::span<const upstream::parsed_url> where) {
  const auto deadline = runtime::system_clock().steady_now() + patience;
  std::vector<std::unique_ptr<reaching>> calls;
  std::vector<std::future<error_code>> outcomes;
  for (const auto& one : where) {
    calls.push_back(std::unique_ptr<reaching>(new reaching{providers_, one, clocks_, deadline, {}}));
    outcomes.push_back(calls.back()->done.get_future());
    worker_.spawn([call = calls.back().get()] { return carry_out(*call); });
  }
  std::vector<error_code> errors;
  for (auto& outcome : outcomes) errors.push_back(outcome.get());
  return errors;
}

}  // namespace spidergate::cli
