#include "token_table.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>

namespace spidergate::auth {

namespace {

/// In records -1 says "unlimited" and 0 "the default"; in a principal 0 says that there is no limit.
std::int64_t effective(std::int64_t recorded, std::int64_t when_unset) {
  return std::max<std::int64_t>(0, recorded == 0 ? when_unset : recorded);
}

store::limit_set effective(store::limit_set recorded, std::int64_t default_rpm) {
  recorded.rpm = effective(recorded.rpm, default_rpm);
  recorded.rpd = effective(recorded.rpd, std::int64_t{0});
  recorded.tpm = effective(recorded.tpm, std::int64_t{0});
  recorded.max_parallel = effective(recorded.max_parallel, std::int64_t{0});
  for (auto* budget : {&recorded.per_request, &recorded.daily, &recorded.weekly, &recorded.monthly})
    *budget = std::max(*budget, money{});
  return recorded;
}

/// The earliest of the times that are set; 0 when none is.
epoch_ms earliest(std::initializer_list<epoch_ms> times) {
  epoch_ms first = 0;
  for (const auto at : times)
    if (at != 0 && (first == 0 || at < first)) first = at;
  return first;
}

std::optional<crypto::sha256_digest> digest_of(std::string_view bytes) {
  crypto::sha256_digest digest{};
  if (bytes.size() != digest.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::shared_ptr<const principal> make_principal(const store::token_record& token, const store::client_record& client,
                                                const store::brand_record& brand, std::int64_t default_rpm) {
  auto who = std::make_shared<principal>();
  who->token_id = token.id;
  who->client_id = token.client_id;
  who->brand_id = token.brand_id;
  who->brand_name = brand.name;
  who->label = token.label;
  who->scopes = effective_scopes(token.role, token.scopes);
  who->pool_access = brand.pool_access;
  who->role = token.role;
  who->of_operator_brand = brand.is_operator;
  who->token_limits = effective(token.limits, default_rpm);
  who->client_limits = effective(client.limits, 0);
  who->brand_limits = effective(brand.limits, 0);
  who->allowed_models = token.allowed_models;
  who->blocked_models = token.blocked_models;
  who->allowed_cidrs = token.allowed_cidrs;
  for (const auto& text : token.allowed_cidrs) {
    if (const auto network = cidr::parse(text)) who->allowed_networks.push_back(*network);
  }
  who->expires_at = token.expires_at;
  who->revoked_at = earliest({token.revoked_at, client.revoked_at, brand.suspended_at});
  return who;
}

template <class Record>
std::map<std::string_view, const Record*> by_id(const std::vector<Record>& records) {
  std::map<std::string_view, const Record*> found;
  for (const auto& record : records) found.emplace(record.id, &record);
  return found;
}

}  // namespace

std::shared_ptr<const token_table> compile_tokens(const std::vector<store::token_record>& tokens,
                                                  const std::vector<store::client_record>& clients,
                                                  const std::vector<store::brand_record>& brands,
                                                  std::int64_t default_rpm) {
  const auto known_clients = by_id(clients);
  const auto known_brands = by_id(brands);
  auto table = std::make_shared<token_table>();
  table->reserve(tokens.size());
  for (const auto& token : tokens) {
    const auto brand = known_brands.find(token.brand_id);
    const auto client = known_clients.find(token.client_id);
    if (brand == known_brands.end() || client == known_clients.end()) continue;
    if (client->second->brand_id != token.brand_id) continue;
    const auto hash = digest_of(token.hash);
    const auto secret_hash = digest_of(token.secret_hash);
    const bool is_triple = token.kind == "triple";
    if (!hash || secret_hash.has_value() != is_triple) continue;
    auto who = make_principal(token, *client->second, *brand->second, default_rpm);
    is_triple ? table->add_triple(*hash, *secret_hash, std::move(who)) : table->add(*hash, std::move(who));
  }
  return table;
}

}  // namespace spidergate::auth
