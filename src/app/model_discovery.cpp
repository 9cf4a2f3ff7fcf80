#include "model_discovery.hpp"

#include <spidergate/engine/discovery.hpp>
#include <spidergate/telemetry/log.hpp>

#include <algorithm>

namespace spidergate::app {

namespace {

constexpr std::size_t worker_index = 0;
constexpr upstream::client_options few_connections{.max_connections_per_origin = 2, .max_idle_per_origin = 1};

/// A key for all brands, where the server wants one.
vault::lease key_for(const catalogue::provider& of, const stored_rows& rows, const vault::vault& keys) {
  for (const auto& row : rows.integrations) {
    if (row.provider != of.id || !row.brand_id.empty()) continue;
    if (auto lease = keys.open_for_test(row)) return std::move(*lease);
  }
  return {};
}

std::vector<catalogue::model_entry> entries_of(const std::string& provider,
                                               const std::vector<providers::listed_model>& listed) {
  std::vector<catalogue::model_entry> entries;
  entries.reserve(listed.size());
  for (const auto& model : listed) {
    auto& made = entries.emplace_back();
    made.provider = provider;
    made.id = model.id;
    made.context = model.context;
    made.discovered = true;
  }
  return entries;
}

}  // namespace

struct model_discovery::asking {
  std::shared_ptr<const catalogue::catalogue> data;  ///< holds `of`
  const catalogue::provider& of;
  vault::lease key;
  std::shared_ptr<const engine::options> settings;
};

model_discovery::model_discovery(store_state& into, const vault::vault& keys,
                                 const runtime::published<engine::options>& settings, runtime::blocking_pool& resolver,
                                 std::shared_ptr<upstream::client_tls> tls, const runtime::clock& time)
    : into_(into), keys_(keys), settings_(settings), resolver_(resolver), tls_(std::move(tls)), time_(time) {}

model_discovery::~model_discovery() {
  if (home_) home_->stop();
}

void model_discovery::tick() {
  const auto now = time_.steady_now();
  const auto routing = into_.routing().load();
  if (now < due_ || running_ > 0 || routing->data == nullptr) return;
  due_ = now + period;
  const auto all = routing->data->providers();
  if (!std::any_of(all.begin(), all.end(), [](const auto& p) { return p.discover; })) return;
  if (!home_) {
    home_ = std::make_unique<runtime::worker>(worker_index, time_);
    client_ = std::make_unique<upstream::client>(*home_, resolver_, tls_, few_connections);
    home_->start();
  }
  const auto rows = into_.rows();
  for (const auto& provider : all) {
    if (!provider.discover) continue;
    ++running_;
    auto whom =
        std::make_shared<asking>(asking{routing->data, provider, key_for(provider, *rows, keys_), settings_.load()});
    home_->spawn([this, whom] { return ask(whom); });
  }
}

awaitable<void> model_discovery::ask(std::shared_ptr<asking> whom) {
  const auto listed = co_await engine::list_models(*client_, time_, whom->of, whom->key, *whom->settings);
  if (listed) into_.discovered(whom->of.id, entries_of(whom->of.id, *listed));
  tell(whom->of.id, listed ? std::string() : listed.error(), listed ? listed->size() : 0);
  --running_;
}

void model_discovery::tell(const std::string& provider, const std::string& fault, std::size_t models) {
  const auto what = fault.empty() ? std::to_string(models) : fault;
  if (std::exchange(said_[provider], what) == what) return;
  if (fault.empty())
    telemetry::log::info("a server has listed its models", {{"provider", provider}, {"models", models}});
  else
    telemetry::log::warning("a server could not be asked for its models; tried again in a minute",
                            {{"provider", provider}, {"reason", fault}});
}

}  // namespace spidergate::app
