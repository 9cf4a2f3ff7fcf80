#include <spidergate/flow/meanings.hpp>
#include <spidergate/flow/serve.hpp>

#include <utility>

namespace spidergate::flow {

namespace {

std::vector<std::string> names_of(const std::vector<router::candidate>& chain) {
  std::vector<std::string> names;
  names.reserve(chain.size());
  for (const auto& one : chain) names.push_back(one.name());
  return names;
}

std::shared_ptr<const meaning> resolve(const routing_snapshot& routing, const std::string& brand_id,
                                       const std::string& name) {
  const auto& wanted = routing.preferences_of(brand_id);
  if (!wanted.fallback_enabled) return nullptr;
  const auto& brand = routing.of(brand_id);
  auto found = router::resolve(*routing.data, brand, name, {});
  if (!found) return nullptr;
  auto before = names_of(found->chain);
  router::apply_preferences(*found, wanted, *routing.data, brand);
  if (found->chain.empty()) return nullptr;
  auto made = std::make_shared<meaning>(*std::move(found));
  if (before != made->names) made->without_preferences = std::move(before);
  return made;
}

}  // namespace

meaning::meaning(router::resolution what)
    : resolved(std::move(what)), names(names_of(resolved.chain)), order(router::order_of(resolved)) {}

std::shared_ptr<const meaning> meanings::find(const std::shared_ptr<const routing_snapshot>& routing,
                                              const std::string& brand_id, const std::string& name) {
  if (name.size() > longest_name) return resolve(*routing, brand_id, name);
  if (of_ != routing) {
    kept_.clear();
    of_ = routing;
  }
  key_.assign(brand_id).append(1, '\0').append(name);
  if (const auto known = kept_.find(key_); known != kept_.end()) return known->second;
  auto found = resolve(*routing, brand_id, name);
  if (found == nullptr) return nullptr;
  if (kept_.size() >= most_kept) kept_.clear();
  kept_.emplace(key_, found);
  return found;
}

}  // namespace spidergate::flow
