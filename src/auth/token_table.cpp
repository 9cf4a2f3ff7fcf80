#include "token_table.hpp"

#include <algorithm>
#include <map>

namespace spidergate::auth {

namespace {

std::uint8_t scope_bits(const std::vector<std::string>& names) {
  unsigned bits = 0;
  for (const auto& name : names) {
    if (name == "inference") bits |= static_cast<unsigned>(scope::inference);
    if (name == "usage") bits |= static_cast<unsigned>(scope::usage);
    if (name == "vault") bits |= static_cast<unsigned>(scope::vault);
    if (name == "admin") bits |= static_cast<unsigned>(scope::admin);
  }
  return static_cast<std::uint8_t>(bits);
}

/// In records -1 says "unlimited" and 0 "the default"; in a principal 0 says that there is no limit.
std::int64_t effective(std::int64_t recorded, std::int64_t when_unset) {
  return std::max<std::int64_t>(0, recorded == 0 ? when_unset : recorded);
}

store::limit_set effective(store::limit_set recorded, std::int64_t default_rpm) {
  recorded.rpm = effective(recorded.rpm, default_rpm);
  recorded.rpd = effective(recorded.rpd, std::int64_t{0});
  recorded.tpm = effective(recorded.tpm, std::int64_t{0});
  recorded.max_parallel = effective(recorded.max_parallel, std::int64_t{0});
  return recorded;
}

std::shared_ptr<const principal> make_principal(const store::token_record& token, const store::client_record& client,
                                                const store::brand_record& brand, std::int64_t default_rpm) {
  auto who = std::make_shared<principal>();
  who->token_id = token.id;
  who->client_id = token.client_id;
  who->brand_id = token.brand_id;
  who->brand_name = brand.name;
  who->label = token.label;
  who->scopes = scope_bits(token.scopes);
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
  who->revoked_at = token.revoked_at;
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
    crypto::sha256_digest hash{};
    const auto brand = known_brands.find(token.brand_id);
    const auto client = known_clients.find(token.client_id);
    if (token.hash.size() != hash.size() || brand == known_brands.end()) continue;
    if (client == known_clients.end() || client->second->brand_id != token.brand_id) continue;
    std::copy(token.hash.begin(), token.hash.end(), hash.begin());
    table->add(hash, make_principal(token, *client->second, *brand->second, default_rpm));
  }
  return table;
}

}  // namespace spidergate::auth
