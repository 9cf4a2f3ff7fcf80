#include "overlay.hpp"

#include "price_parts.hpp"

#include <spidergate/catalogue/price_overrides.hpp>
#include <spidergate/core/nearest.hpp>

#include <algorithm>
#include <array>

namespace spidergate::catalogue {
namespace {

using fault = std::optional<std::string>;

/// An operator who lists a model of a server means that server.
constexpr int priority_of_configured = 110;

constexpr money most_an_hour{1'000'000'000'000'000};

/// Wire formats that no built-in provider speaks by default.
constexpr std::array further_dialects{std::string_view{"ollama"}};

std::string hint(std::string_view wanted, const std::vector<std::string_view>& names) {
  const auto nearest = nearest_names(wanted, names, 1);
  return nearest.empty() ? std::string{} : " (did you mean '" + nearest.front() + "'?)";
}

std::vector<std::string_view> dialects_of(const tables& data) {
  std::vector<std::string_view> dialects(further_dialects.begin(), further_dialects.end());
  for (const auto& known : data.providers) {
    dialects.push_back(known.dialect);
    for (const auto& variant : known.variants) dialects.push_back(variant.dialect);
  }
  std::sort(dialects.begin(), dialects.end());
  dialects.erase(std::unique(dialects.begin(), dialects.end()), dialects.end());
  return dialects;
}

fault check_id(std::string_view id) {
  for (const char c : id) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!fine) return "a provider's name is made of a-z, 0-9, '-', '_' and '.'";
  }
  if (id.empty()) return "a provider's name is empty";
  return std::nullopt;
}

bool is_url(std::string_view url, std::string_view forbidden) {
  const auto rest = url.starts_with("https://") ? url.substr(8) : url.starts_with("http://") ? url.substr(7) : "";
  const bool odd = std::any_of(url.begin(), url.end(), [forbidden](char c) {
    return c <= ' ' || c == '\x7f' || forbidden.find(c) != std::string_view::npos;
  });
  return !rest.empty() && rest.front() != '/' && !odd;
}

fault set_base_url(provider& target, std::string_view url) {
  if (!is_url(url, "?#"))
    return ".base_url: '" + std::string(url) + "' is not a URL like https://host/v1 (no query, no fragment)";
  while (url.ends_with('/')) url.remove_suffix(1);
  target.base_url = url;
  target.from_config = true;
  return std::nullopt;
}

fault set_token_url(provider& target, std::string_view url) {
  if (!is_url(url, "#")) return ".token_url: '" + std::string(url) + "' is not a URL like https://host/token";
  target.token_url = url;
  return std::nullopt;
}

fault check_dialect(const std::string& dialect, const tables& data) {
  const auto known = dialects_of(data);
  if (!std::binary_search(known.begin(), known.end(), std::string_view{dialect}))
    return ".dialect: there is no dialect '" + dialect + "'" + hint(dialect, known);
  return std::nullopt;
}

fault set_dialect(provider& target, const std::string& dialect, const tables& data) {
  if (auto wrong = check_dialect(dialect, data)) return wrong;
  target.dialect = dialect;
  return std::nullopt;
}

fault set_auth(provider& target, const std::string& auth) {
  auto parsed = parse_auth(auth);
  if (!parsed)
    return ".auth: '" + auth +
           "' is not one of bearer, header:NAME, query:NAME, scheme:WORD, none, sigv4, oci-signature, oauth2";
  std::tie(target.auth, target.auth_name) = *std::move(parsed);
  return std::nullopt;
}

fault set_on_disconnect(provider& target, std::string_view what) {
  if (what != "cancel" && what != "drain")
    return ".on_disconnect: '" + std::string(what) + "' is neither cancel nor drain";
  target.disconnect = what == "drain" ? on_disconnect::drain : on_disconnect::cancel;
  return std::nullopt;
}

/// What was changed of a provider holds for its other dialects as well: who puts a server in front of it means all of
/// it.
void change_variants(provider& of, const overlay::provider_change& change) {
  for (auto& variant : of.variants) {
    auto made = of;
    made.variants.clear();
    made.dialect = variant.dialect;
    if (!change.base_url) made.base_url = variant.base_url;
    if (!change.auth) made.auth = variant.auth, made.auth_name = variant.auth_name;
    variant = std::move(made);
  }
}

fault change_provider(provider& target, const overlay::provider_change& change, const tables& data) {
  if (change.name) target.name = *change.name;
  if (change.key_env) target.key_env = *change.key_env;
  if (change.priority) target.priority = *change.priority;
  if (change.dialect)
    if (auto wrong = set_dialect(target, *change.dialect, data)) return wrong;
  if (change.base_url)
    if (auto wrong = set_base_url(target, *change.base_url)) return wrong;
  if (change.auth)
    if (auto wrong = set_auth(target, *change.auth)) return wrong;
  if (change.token_url)
    if (auto wrong = set_token_url(target, *change.token_url)) return wrong;
  if (change.gpu_hour_usd) {
    target.gpu_hour = money::from_usd(*change.gpu_hour_usd);
    if (!target.gpu_hour || *target.gpu_hour < money{} || *target.gpu_hour > most_an_hour)
      return ".gpu_hour_usd: '" + *change.gpu_hour_usd + "' is not an amount of dollars for an hour, like 2.49";
  }
  if (change.on_disconnect)
    if (auto wrong = set_on_disconnect(target, *change.on_disconnect)) return wrong;
  change_variants(target, change);
  return std::nullopt;
}

/// In the order of the first of price_parts.
constexpr std::array changed_prices{
    &overlay::model_change::input_per_mtok_usd,        &overlay::model_change::output_per_mtok_usd,
    &overlay::model_change::cache_read_per_mtok_usd,   &overlay::model_change::cache_write_per_mtok_usd,
    &overlay::model_change::reasoning_per_mtok_usd,    &overlay::model_change::audio_input_per_mtok_usd,
    &overlay::model_change::audio_output_per_mtok_usd, &overlay::model_change::image_usd,
    &overlay::model_change::per_request_usd,
};

fault change_prices(shared_price& target, const overlay::model_change& change) {
  price_change wanted;
  const auto set = [&wanted](const price_part& part, std::string_view usd) -> fault {
    auto wrong = set_part(wanted.parts, part, usd);
    return wrong ? '.' + std::string(part.name) + ": " + *wrong : wrong;
  };
  for (std::size_t i = 0; i < changed_prices.size(); ++i) {
    const auto& usd = change.*changed_prices.at(i);
    if (!usd) continue;
    if (auto wrong = set(price_parts.at(i), *usd)) return wrong;
  }
  for (const auto& [name, usd] : change.further_prices) {
    const auto part =
        std::find_if(price_parts.begin(), price_parts.end(), [&](const price_part& p) { return p.name == name; });
    if (part == price_parts.end()) return '.' + name + ": is not a part of a price";
    if (auto wrong = set(*part, usd)) return wrong;
  }
  auto made = wanted.over(*target);
  // The operator's price is the price: built-in tiers would bring the old one back for long prompts.
  if (wanted.parts.input || wanted.parts.output) made.tiers.clear();
  target = std::move(made);
  return std::nullopt;
}

fault change_model(model_entry& target, const overlay::model_change& change, const tables& data) {
  if (change.dialect) {
    if (auto wrong = check_dialect(*change.dialect, data)) return wrong;
    target.dialect = *change.dialect;
  }
  if (auto wrong = change_prices(target.price, change)) return wrong;
  if (change.context.value_or(0) < 0 || change.max_output.value_or(0) < 0)
    return ": context and max_output cannot be negative";
  target.context = change.context.value_or(target.context);
  target.max_output = change.max_output.value_or(target.max_output);
  if (!change.mode.empty()) {
    const auto kind = parse_mode(change.mode);
    if (!kind)
      return ".mode: '" + change.mode +
             "' is not one of chat, embedding, image, audio_speech, audio_transcription, rerank, moderation";
    target.mode = *kind;
  }
  return std::nullopt;
}

/// The models of the tables stay sorted throughout: new ones are inserted where they belong.
fault change_models(const provider& owner, const std::vector<overlay::model_change>& changes, tables& data) {
  for (const auto& change : changes) {
    if (change.name.empty()) return ".models: a model has no name";
    model_entry wanted;
    wanted.provider = owner.id;
    wanted.id = change.name;
    auto at = std::lower_bound(data.models.begin(), data.models.end(), wanted, by_provider_and_id);
    if (at == data.models.end() || at->provider != owner.id || at->id != change.name)
      at = data.models.insert(at, std::move(wanted));
    if (auto wrong = change_model(*at, change, data)) return ".models." + change.name + *wrong;
  }
  return std::nullopt;
}

/// A server of the operator's own that names no models is asked for them.
void decide_on_discovery(provider& target, const overlay::provider_change& change, const tables& data) {
  const bool any = std::any_of(data.models.begin(), data.models.end(),
                               [&target](const model_entry& entry) { return entry.provider == target.id; });
  target.discover = change.discover.value_or(target.from_config && !any);
}

fault apply_provider(const overlay::provider_change& change, tables& data) {
  if (auto wrong = check_id(change.id)) return ": " + *wrong;
  auto at = std::lower_bound(data.providers.begin(), data.providers.end(), change.id,
                             [](const provider& p, const std::string& id) { return p.id < id; });
  if (at == data.providers.end() || at->id != change.id) {
    if (!change.dialect || !change.base_url)
      return ": no built-in provider has this name" + nearest_provider_hint(data.providers, change.id) +
             ", and a new one needs dialect and base_url";
    provider made;
    made.id = made.name = change.id;
    made.priority = priority_of_configured;
    at = data.providers.insert(at, std::move(made));
  }
  if (auto wrong = change_provider(*at, change, data)) return wrong;
  if (auto wrong = change_models(*at, change.models, data)) return wrong;
  decide_on_discovery(*at, change, data);
  return std::nullopt;
}

fault apply_alias(const alias_entry& change, tables& data) {
  if (change.name.empty()) return "aliases: an alias has no name";
  if (change.chain.empty()) return "aliases." + change.name + ": the chain is empty";
  const auto same = [&change](const alias_entry& known) { return known.name == change.name; };
  auto at = std::find_if(data.aliases.begin(), data.aliases.end(), same);
  if (at == data.aliases.end()) at = data.aliases.emplace(at);
  *at = change;
  at->from_config = true;
  return std::nullopt;
}

fault apply_rule(const rule& change, tables& data) {
  if (change.match.empty()) return "rules: a rule has no match";
  if (find_sorted(data.providers, change.provider) == nullptr)
    return "rules: '" + change.match + "' names the provider '" + change.provider + "', which does not exist" +
           nearest_provider_hint(data.providers, change.provider);
  data.rules.push_back(change);
  return std::nullopt;
}

}  // namespace

bool by_provider_and_id(const model_entry& left, const model_entry& right) noexcept {
  const int order = left.provider.compare(right.provider);
  return order != 0 ? order < 0 : left.id < right.id;
}

const provider* find_sorted(const std::vector<provider>& providers, std::string_view id) noexcept {
  const auto at = std::lower_bound(providers.begin(), providers.end(), id,
                                   [](const provider& p, std::string_view wanted) { return p.id < wanted; });
  return at != providers.end() && at->id == id ? &*at : nullptr;
}

std::string nearest_provider_hint(const std::vector<provider>& providers, std::string_view wanted) {
  std::vector<std::string_view> ids;
  for (const auto& known : providers) ids.push_back(known.id);
  return hint(wanted, ids);
}

fault apply(const overlay& changes, tables& data) {
  for (const auto& change : changes.providers)
    if (auto wrong = apply_provider(change, data)) return "providers." + change.id + *wrong;
  for (const auto& change : changes.aliases)
    if (auto wrong = apply_alias(change, data)) return wrong;
  for (const auto& change : changes.rules)
    if (auto wrong = apply_rule(change, data)) return wrong;
  return std::nullopt;
}

}  // namespace spidergate::catalogue
