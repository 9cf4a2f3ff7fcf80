#pragma once
#include "stored_rows.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// How the local snapshot writes rows down. Each record names its fields once, in a structured binding: a field that is
// added to a record stops the build here until it is written as well (and local_snapshot's version raised).
namespace spidergate::app {

template <class T, class Record>
concept like = std::same_as<std::remove_const_t<T>, Record>;

template <class Archive, like<money> T>
void each_field(Archive& at, T& r) {
  auto& [nano_usd] = r;
  at(nano_usd);
}

template <class Archive, like<store::limit_set> T>
void each_field(Archive& at, T& r) {
  auto& [rpm, rpd, tpm, max_parallel, per_request, daily, weekly, monthly] = r;
  at(rpm, rpd, tpm, max_parallel, per_request, daily, weekly, monthly);
}

template <class Archive, like<store::brand_record> T>
void each_field(Archive& at, T& r) {
  auto& [id, name, pool_access, is_operator, limits, prices, preferences, suspended_at, created_at] = r;
  at(id, name, pool_access, is_operator, limits, prices, preferences, suspended_at, created_at);
}

template <class Archive, like<store::client_record> T>
void each_field(Archive& at, T& r) {
  auto& [id, brand_id, name, limits, revoked_at, created_at] = r;
  at(id, brand_id, name, limits, revoked_at, created_at);
}

template <class Archive, like<store::token_record> T>
void each_field(Archive& at, T& r) {
  auto& [id, brand_id, client_id, kind, label, env, display, hash, secret_hash, role, scopes, limits, allowed_models,
         blocked_models, allowed_cidrs, expires_at, revoked_at, last_used_at, created_at, created_by, rotated_to] = r;
  at(id, brand_id, client_id, kind, label, env, display, hash, secret_hash, role, scopes, limits, allowed_models,
     blocked_models, allowed_cidrs, expires_at, revoked_at, last_used_at, created_at, created_by, rotated_to);
}

template <class Archive, like<store::integration_record> T>
void each_field(Archive& at, T& r) {
  auto& [id, brand_id, provider, key_label, origin, base_url, sealed, masked_key, fingerprint, source, daily_limit,
         minute_limit, is_primary, is_active, priority, prices, expires_at, created_at, updated_at] = r;
  at(id, brand_id, provider, key_label, origin, base_url, sealed, masked_key, fingerprint, source, daily_limit,
     minute_limit, is_primary, is_active, priority, prices, expires_at, created_at, updated_at);
}

template <class Archive, like<store::integration_state_record> T>
void each_field(Archive& at, T& r) {
  auto& [integration_id, day, daily_count, health, reason, consecutive_failures, last_error, last_used_at,
         resting_until] = r;
  at(integration_id, day, daily_count, health, reason, consecutive_failures, last_error, last_used_at, resting_until);
}

template <class Archive, like<store::alias_record> T>
void each_field(Archive& at, T& r) {
  auto& [brand_id, name, chain, updated_at] = r;
  at(brand_id, name, chain, updated_at);
}

template <class Archive, like<store::rule_record> T>
void each_field(Archive& at, T& r) {
  auto& [brand_id, position, match, provider] = r;
  at(brand_id, position, match, provider);
}

template <class Archive, like<stored_rows> T>
void each_field(Archive& at, T& r) {
  auto& [tokens, clients, brands, aliases, rules, integrations] = r;
  at(tokens, clients, brands, aliases, rules, integrations);
}

/// Integers as eight bytes, little end first; texts and lists with their length before them.
class row_writer {
 public:
  explicit row_writer(std::string& out) : out_(out) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }

 private:
  void put(bool flag) { out_ += flag ? '\1' : '\0'; }
  void put(std::int64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
      out_ += static_cast<char>(static_cast<std::uint64_t>(number) >> shift & 0xffU);
  }
  void put(const std::string& text) {
    put(static_cast<std::int64_t>(text.size()));
    out_ += text;
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::int64_t>(list.size()));
    for (const auto& item : list) put(item);
  }
  template <class Record>
    requires std::is_class_v<Record>
  void put(const Record& record) {
    each_field(*this, record);
  }

  std::string& out_;
};

/// Reads what row_writer wrote. Once something does not fit, all that follows is left empty and ok() is false.
class row_reader {
 public:
  explicit row_reader(std::string_view bytes) : rest_(bytes) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  /// Everything was there, and nothing is left.
  [[nodiscard]] bool ok() const noexcept { return ok_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t bytes) {
    ok_ = ok_ && bytes <= rest_.size();
    if (!ok_) return {};
    const auto taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  /// A length that the bytes that are left can hold.
  std::size_t length() {
    std::int64_t number = 0;
    get(number);
    ok_ = ok_ && number >= 0 && static_cast<std::uint64_t>(number) <= rest_.size();
    return ok_ ? static_cast<std::size_t>(number) : 0;
  }
  void get(bool& flag) { flag = take(1) == std::string_view("\1"); }
  void get(std::int64_t& number) {
    std::uint64_t bits = 0;
    int shift = 0;
    for (const char byte : take(8)) {
      bits |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    number = static_cast<std::int64_t>(bits);
  }
  void get(std::string& text) { text = take(length()); }
  template <class T>
  void get(std::vector<T>& list) {
    list.clear();
    for (auto left = length(); left > 0 && ok_; --left) get(list.emplace_back());
  }
  template <class Record>
    requires std::is_class_v<Record>
  void get(Record& record) {
    each_field(*this, record);
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace spidergate::app
