#include <spidergate/auth/issue.hpp>
#include <spidergate/crypto/record_id.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace spidergate::auth {

namespace {

fresh_token secret_for(crypto::random_source& random, const store::token_record& draft) {
  if (draft.kind == "key") return make_key(random, draft.env);
  if (draft.kind == "pat") return make_pat(random);
  if (draft.kind == "triple") return make_triple(random, draft.client_id);
  throw std::invalid_argument("a token is a key, a pat or a triple");
}

}  // namespace

issued issue(const issuer& by, store::token_record draft) {
  auto made = secret_for(by.random, draft);
  draft.id = crypto::record_id(by.random, "tok_", by.now_us);
  draft.display = std::move(made.display);
  draft.hash.assign(made.hash.begin(), made.hash.end());
  draft.secret_hash.clear();
  if (made.secret_hash) draft.secret_hash.assign(made.secret_hash->begin(), made.secret_hash->end());
  draft.created_at = by.now();
  draft.created_by = by.created_by;
  draft.revoked_at = draft.last_used_at = 0;
  draft.rotated_to.clear();
  return {.row = std::move(draft), .secret = std::move(made.text)};
}

std::string_view state_of(const store::token_record& token, epoch_ms now) noexcept {
  if (token.revoked_at > 0) return "revoked";
  if (token.expires_at > 0 && token.expires_at <= now) return "expired";
  return token.rotated_to.empty() ? "active" : "rotated";
}

result<rotated> rotate(sql::connection& on, const issuer& by, const store::token_record& old,
                       std::chrono::milliseconds grace) {
  rotated done{.made = issue(by, old), .old_ends_at = by.now() + grace.count()};
  if (old.expires_at > 0) done.old_ends_at = std::min(done.old_ends_at, old.expires_at);
  auto work = sql::transaction::begin(on);
  if (!work) return work.error();
  if (const auto stored = store::tokens::insert(on, done.made.row); !stored) return stored.error();
  const auto ended = store::tokens::set_expiry(on, old.id, done.old_ends_at, done.made.row.id);
  if (!ended) return ended.error();
  // Somebody else has replaced it since `old` was read.
  if (!*ended) return store::make_error_code(store::errc::already_exists);
  if (const auto kept = work->commit(); !kept) return kept.error();
  return done;
}

}  // namespace spidergate::auth
