#include "suggestions.hpp"

#include <spidergate/core/glob.hpp>
#include <spidergate/router/router.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::router {
namespace {

using catalogue::alias_entry;
using catalogue::model_entry;
using model::api_errc;
using model::make_error;

constexpr std::string_view model_param = "model";
constexpr std::string_view fallback_models_param = "spidergate_options.fallback_models";
constexpr std::string_view fallback_chain_param = "x-fallback-chain";

void append(std::vector<candidate>& chain, candidate next) {
  const auto same = [&next](const candidate& known) {
    return known.provider == next.provider && known.model == next.model;
  };
  if (std::none_of(chain.begin(), chain.end(), same)) chain.push_back(std::move(next));
}

void append(std::vector<candidate>& chain, std::vector<candidate> more) {
  for (auto& next : more) append(chain, std::move(next));
}

/// Finds what one name means. Each step of the order is a function that gives an empty chain when it has nothing to
/// say.
class resolver {
 public:
  resolver(const catalogue::catalogue& data, const brand_overrides& brand) : data_(data), brand_(brand) {}

  model::outcome<resolution> resolve(std::string_view name, std::string_view param) const {
    if (const auto* alias = find_alias(name)) return resolve_alias(*alias, param);
    if (name == "auto")
      return make_error(api_errc::model_not_found,
                        "The model 'auto' is not served yet: name a model, or a task alias like 'spideriq/chat'.",
                        std::string(param));
    for (const auto& [strategy, step] : steps)
      if (auto chain = (this->*step)(name); !chain.empty())
        return resolution{std::move(chain), std::string(strategy), {}};
    if (auto found = resolve_foreign(name); !found.chain.empty()) return found;
    return make_error(api_errc::model_not_found, not_found_message(data_, brand_, name), std::string(param));
  }

 private:
  using step = std::vector<candidate> (resolver::*)(std::string_view) const;

  candidate made(const catalogue::provider& provider, std::string_view model) const {
    return {&provider, data_.find_model(provider.id, model), std::string(model)};
  }

  candidate made(const model_entry& entry) const { return {data_.find_provider(entry.provider), &entry, entry.id}; }

  const alias_entry* find_alias(std::string_view name) const {
    for (const auto& alias : brand_.aliases)
      if (alias.name == name) return &alias;
    return data_.find_alias(name);
  }

  model::outcome<resolution> resolve_alias(const alias_entry& alias, std::string_view param) const {
    resolution found{{}, "alias", alias.name};
    std::vector<std::string_view> path;
    if (!expand(alias, path, found.chain)) {
      std::string words;
      for (const auto name : path) words.append(words.empty() ? "" : " -> ").append(name);
      return make_error(api_errc::model_not_found,
                        "The alias '" + alias.name + "' leads back to itself: " + words + ".", std::string(param));
    }
    if (found.chain.empty())
      return make_error(api_errc::model_not_found,
                        "The alias '" + alias.name + "' names no model that exists any more.", std::string(param));
    return found;
  }

  /// False when an alias is met again on its own path. An entry that names nothing is left out: a brand's alias may
  /// outlive a provider of the config file, and the rest of its chain can still serve.
  bool expand(const alias_entry& alias, std::vector<std::string_view>& path, std::vector<candidate>& chain) const {
    const bool again = std::find(path.begin(), path.end(), alias.name) != path.end();
    path.push_back(alias.name);
    if (again) return false;
    for (const auto& entry : alias.chain) {
      if (const auto* inner = find_alias(entry)) {
        if (!expand(*inner, path, chain)) return false;
      } else if (const auto exact = provider_and_model(entry); exact.provider != nullptr) {
        append(chain, exact);
      } else {
        append(chain, by_catalogue_name(entry));
      }
    }
    path.pop_back();
    return true;
  }

  /// "groq/llama-3.3-70b-versatile" taken at its word; without a provider when its first part is none.
  candidate provider_and_model(std::string_view name) const {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos || slash + 1 == name.size()) return {};
    const auto* provider = data_.find_provider(name.substr(0, slash));
    return provider == nullptr ? candidate{} : made(*provider, name.substr(slash + 1));
  }

  std::vector<candidate> listed_as(std::string_view name) const {
    std::vector<candidate> chain;
    for (const auto* entry : data_.models_named(name)) append(chain, made(*entry));
    return chain;
  }

  std::vector<candidate> explicitly(std::string_view name) const {
    auto exact = provider_and_model(name);
    if (exact.provider == nullptr) return {};
    if (exact.entry != nullptr || exact.provider->from_config) return {std::move(exact)};

    std::vector<candidate> chain;
    if (const auto target = data_.find_synonym(exact.model))
      if (auto known = provider_and_model(*target); known.provider == exact.provider) append(chain, std::move(known));
    append(chain, listed_as(name));
    append(chain, std::move(exact));
    return chain;
  }

  std::vector<candidate> by_rules(std::span<const catalogue::rule> rules, std::string_view name) const {
    for (const auto& rule : rules) {
      if (!glob_match(rule.match, name)) continue;
      if (const auto* provider = data_.find_provider(rule.provider)) return {made(*provider, name)};
    }
    return {};
  }

  std::vector<candidate> by_brand_rules(std::string_view name) const { return by_rules(brand_.rules, name); }
  std::vector<candidate> by_config_rules(std::string_view name) const { return by_rules(data_.config_rules(), name); }
  std::vector<candidate> by_patterns(std::string_view name) const { return by_rules(data_.builtin_patterns(), name); }

  std::vector<candidate> by_catalogue_name(std::string_view name) const {
    std::vector<candidate> chain;
    if (const auto target = data_.find_synonym(name))
      if (auto known = provider_and_model(*target); known.provider != nullptr) append(chain, std::move(known));
    append(chain, listed_as(name));
    return chain;
  }

  resolution resolve_foreign(std::string_view name) const {
    resolution found{{}, "priority", {}};
    for (const auto* entry : data_.models_ending_in(name)) append(found.chain, made(*entry));
    return found;
  }

  static constexpr std::array<std::pair<std::string_view, step>, 5> steps{{
      {"explicit", &resolver::explicitly},
      {"rule", &resolver::by_brand_rules},
      {"rule", &resolver::by_config_rules},
      {"catalogue", &resolver::by_catalogue_name},
      {"pattern", &resolver::by_patterns},
  }};

  const catalogue::catalogue& data_;
  const brand_overrides& brand_;
};

/// The chains of several names, one after the other.
model::outcome<std::vector<candidate>> resolve_all(const resolver& names, const std::vector<std::string>& wanted,
                                                   std::string_view param) {
  std::vector<candidate> chain;
  for (const auto& name : wanted) {
    auto found = names.resolve(name, param);
    if (!found) return std::move(found).error();
    append(chain, std::move(found->chain));
  }
  return chain;
}

model::outcome<resolution> head_resolution(const resolver& names, std::string_view model,
                                           const model::routing_options& options) {
  if (options.fallback_chain.empty()) return names.resolve(model, model_param);
  auto chain = resolve_all(names, options.fallback_chain, fallback_chain_param);
  if (!chain) return std::move(chain).error();
  return resolution{*std::move(chain), "fallback_chain", {}};
}

}  // namespace

std::string candidate::name() const {
  const std::string_view owner = provider == nullptr ? std::string_view() : provider->id;
  std::string full;
  full.reserve(owner.size() + 1 + model.size());
  full.append(owner).append("/").append(model);
  return full;
}

model::outcome<resolution> resolve(const catalogue::catalogue& data, const brand_overrides& brand,
                                   std::string_view model, const model::routing_options& options) {
  const resolver names(data, brand);
  auto found = head_resolution(names, model, options);
  if (!found || options.fallback_models.empty()) return found;

  auto fallbacks = resolve_all(names, options.fallback_models, fallback_models_param);
  if (!fallbacks) return std::move(fallbacks).error();
  std::vector<candidate> chain{found->chain.front()};
  append(chain, *std::move(fallbacks));
  append(chain, std::move(found->chain));
  found->chain = std::move(chain);
  return found;
}

}  // namespace spidergate::router
