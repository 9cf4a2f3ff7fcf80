#include "repeatable.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

constexpr epoch_ms kept_for = day_ms;

/// Bound as an answer of this token under this key: sealed_answer copied to another row does not open. The colon keeps
/// these apart from integrations.
vault::binding binding_of(const repeatable& what, std::string_view purpose) {
  return {.brand_id = what.brand_id, .integration_id = purpose, .origin = what.key};
}

std::string purpose_of(const repeatable& what) {
  return "idempotency:" + what.token_id;
}

model::api_error conflict(const repeatable& what, std::string_view why) {
  auto error = model::make_error(model::api_errc::conflict,
                                 "The Idempotency-Key '" + what.key + "' " + std::string(why), "Idempotency-Key");
  error.retry_useless = true;
  return error;
}

}  // namespace

bool is_valid_idempotency_key(std::string_view key) noexcept {
  constexpr std::size_t longest = 255;
  return !key.empty() && key.size() <= longest &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string request_fingerprint(const repeatable& of, std::string_view method, std::string_view path,
                                std::string_view query, std::string_view body) {
  std::string all;
  for (const auto part : {std::string_view(of.token_id), std::string_view(of.key), method, path, query, body})
    all.append(std::to_string(part.size())).append(":").append(part);
  const auto digest = crypto::sha256(all);
  return crypto::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

model::outcome<std::optional<answer>> repeatable::recall(sql::connection& on, const vault::key_ring& keys) const {
  const auto row = store::idempotency::find(on, brand_id, token_id, key);
  if (!row) return store_fault(row.error());
  if (!*row || (*row)->created_at <= now - kept_for) return std::optional<answer>();
  if ((*row)->fingerprint != fingerprint)
    return conflict(*this, "was used for another request: give each request a key of its own.");
  const auto purpose = purpose_of(*this);
  const auto plain = vault::open_credential(keys, binding_of(*this, purpose), (*row)->sealed_answer);
  if (!plain) return conflict(*this, "was used before, and the answer can no longer be opened.");
  const auto text = plain->reveal();
  const auto status = parse_integer<int>(text.substr(0, 3));
  if (!status) return conflict(*this, "was used before, and the answer can no longer be read.");
  return std::optional(answer{.status = *status, .body = std::string(text.substr(3)), .replayed = true});
}

result<void> repeatable::remember(sql::connection& on, crypto::random_source& random, const vault::key_ring& keys,
                                  const answer& said) const {
  if (auto done = store::idempotency::remove_older(on, now - kept_for + 1); !done) return done.error();
  const auto purpose = purpose_of(*this);
  return store::idempotency::insert(on,
                                    {.brand_id = brand_id,
                                     .token_id = token_id,
                                     .key = key,
                                     .fingerprint = fingerprint,
                                     .sealed_answer = vault::seal_credential(random, keys, binding_of(*this, purpose),
                                                                             std::to_string(said.status) + said.body),
                                     .created_at = now});
}

model::api_error store_fault(const error_code& code) {
  if (code == store::errc::bad_cursor)
    return model::make_error(model::api_errc::invalid_value, "'cursor' must be a next_cursor of an earlier page.",
                             "cursor");
  return model::make_error(model::api_errc::store_unavailable, "The store cannot be used right now: " + code.message());
}

}  // namespace spidergate::api
