#include "destination.hpp"

#include <algorithm>
#include <utility>

namespace spidergate::engine {

namespace {

bool has_settings(std::string_view base_url) {
  return base_url.find('{') != std::string_view::npos;
}

/// "{account_id}" in a base URL is filled from the credential's settings.
std::optional<std::string> fill_settings(std::string_view pattern, const providers::credential& secret) {
  std::string filled;
  while (!pattern.empty()) {
    const auto open = pattern.find('{');
    filled.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = pattern.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto name = pattern.substr(open + 1, close - open - 1);
    const auto found =
        std::find_if(secret.settings.begin(), secret.settings.end(), [&](const auto& s) { return s.first == name; });
    if (found == secret.settings.end()) return std::nullopt;
    filled.append(found->second.reveal());
    pattern.remove_prefix(close + 1);
  }
  return filled;
}

/// "https://{workspace_host}/v1": the account decides where it goes.
bool names_its_host_by_setting(std::string_view base_url) {
  const auto scheme = base_url.find("://");
  const auto host = base_url.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
  return host.substr(0, host.find('/')).find('{') != std::string_view::npos;
}

/// Whether it is the origin that the key was bound to when it was stored.
bool is_bound_to(const vault::lease& key, const destination& to) {
  return key.origin.empty() || to.origin_text == key.origin;
}

/// False where a variant sends a key and the credential signs instead.
bool can_speak(const catalogue::provider& spoken, const providers::credential& secret) {
  using catalogue::auth_style;
  const bool sends_key = spoken.auth == auth_style::bearer || spoken.auth == auth_style::header ||
                         spoken.auth == auth_style::query || spoken.auth == auth_style::scheme;
  return !sends_key || !secret.key.empty();
}

}  // namespace

std::shared_ptr<const destination> destinations::at(std::string_view base_url, const providers::credential& secret,
                                                    bool allow_private) {
  if (!has_settings(base_url)) return at(base_url, allow_private);
  const auto filled = fill_settings(base_url, secret);
  return filled ? at(*filled, allow_private) : nullptr;
}

std::shared_ptr<const destination> destinations::at(std::string_view url, bool allow_private) {
  auto& known = allow_private ? trusted_ : public_only_;
  if (const auto found = known.find(url); found != known.end()) return found->second;
  auto parsed = upstream::parse_url(catalogue::callable_url(std::string(url)));
  if (!parsed) return nullptr;
  parsed->where.allow_private = allow_private;
  auto text = parsed->where.to_string();
  auto authority = text.substr(text.find("://") + 3);
  const auto made = std::make_shared<const destination>(
      destination{std::move(parsed->where), std::move(parsed->path), std::move(text), std::move(authority)});
  // Most are the catalogue's own, so being full is rare, and learning them again cheap.
  if (size() >= capacity) {
    trusted_.clear();
    public_only_.clear();
  }
  known.emplace(url, made);
  return made;
}

std::shared_ptr<const destination> destinations::find(const catalogue::provider& provider, const vault::lease& key,
                                                      const providers::credential& secret, bool allow_private_base_urls,
                                                      std::string_view dialect) {
  const auto& spoken = provider.in_dialect(dialect);
  const bool own_url = !key.base_url.empty();
  // What came through the API is held to public targets: a base_url of its own, or a setting that names the host. The
  // catalogue and the config file are the operator's word.
  const bool allow_private =
      provider.from_config || allow_private_base_urls || (!own_url && !names_its_host_by_setting(spoken.base_url));
  auto to = at(own_url ? std::string_view(key.base_url) : spoken.base_url, secret, allow_private);
  if (to == nullptr) return nullptr;
  if (&spoken == &provider) return is_bound_to(key, *to) ? to : nullptr;
  if (!can_speak(spoken, secret)) return nullptr;
  if (own_url) return is_bound_to(key, *to) ? to : nullptr;
  // A key that was stored for the provider's own base URL may go to its variants too: they are its own places.
  const auto own = at(provider.base_url, secret, allow_private);
  return own != nullptr && is_bound_to(key, *own) ? to : nullptr;
}

}  // namespace spidergate::engine
