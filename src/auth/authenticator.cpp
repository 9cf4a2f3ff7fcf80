#include "lockout.hpp"
#include "token_table.hpp"

#include <spidergate/auth/authenticator.hpp>
#include <spidergate/auth/token.hpp>

#include <algorithm>
#include <mutex>
#include <optional>

namespace spidergate::auth {

using model::api_errc;
using model::api_error;
using model::make_error;

namespace {

api_error missing_key() {
  return make_error(api_errc::missing_api_key,
                    "No API key was sent. Send one as 'Authorization: Bearer sg_key_…' (or as x-api-key or api-key).");
}

api_error malformed_key() {
  return make_error(api_errc::invalid_api_key,
                    "This is not a complete SpiderGate API key. Keys begin with sg_key_prod_, sg_key_dev_ or "
                    "spideriq_pat_, or are client_id:api_key:api_secret, and end with a checksum: copy the key again, "
                    "whole.");
}

api_error unknown_key(std::string_view credential) {
  return make_error(api_errc::invalid_api_key, "The API key " + display_form(credential) +
                                                   " is not known to this gateway. Check that it belongs here and has "
                                                   "not been deleted.");
}

api_error revoked_key(std::string_view credential, epoch_ms at) {
  return make_error(api_errc::revoked_api_key, "The API key " + display_form(credential) + " was revoked at " +
                                                   to_iso8601(at) + ". Use another one.");
}

api_error expired_key(std::string_view credential, epoch_ms at) {
  return make_error(api_errc::expired_api_key, "The API key " + display_form(credential) + " expired at " +
                                                   to_iso8601(at) + ". Create or rotate a key to go on.");
}

api_error foreign_address(std::string_view credential) {
  return make_error(api_errc::ip_not_allowed, "The API key " + display_form(credential) +
                                                  " may not be used from this address. Its owner can change its list "
                                                  "of allowed networks.");
}

api_error locked_out(std::chrono::milliseconds left) {
  const auto seconds = std::max<std::int64_t>(1, (left.count() + 999) / 1000);
  auto error =
      make_error(api_errc::too_many_auth_failures, "Too many failed authentication attempts from this address. Wait " +
                                                       std::to_string(seconds) + " s; a valid API key works at once.");
  error.retry_after = left;
  error.retry_useless = true;
  return error;
}

api_error forgotten_by_the_store() {
  auto error = make_error(api_errc::store_unavailable,
                          "The gateway has not reached its database for so long that it cannot tell any more which API "
                          "keys are valid. The key may be right: try again.");
  error.retry_after = std::chrono::seconds(5);
  return error;
}

bool may_come_from(const principal& who, std::string_view address) {
  if (who.allowed_cidrs.empty()) return true;
  const auto parsed = ip_address::parse(address);
  return parsed && std::any_of(who.allowed_networks.begin(), who.allowed_networks.end(),
                               [&](const cidr& network) { return network.contains(*parsed); });
}

/// Why a known token is not let in, or nothing.
std::optional<api_error> objection(const principal& who, std::string_view credential, std::string_view address,
                                   epoch_ms now) {
  if (who.revoked_at != 0 && who.revoked_at <= now) return revoked_key(credential, who.revoked_at);
  if (who.expires_at != 0 && who.expires_at <= now) return expired_key(credential, who.expires_at);
  if (!may_come_from(who, address)) return foreign_address(credential);
  return std::nullopt;
}

}  // namespace

struct authenticator::impl {
  impl(const runtime::published<token_table>& source, std::shared_ptr<lockout> shared,
       const std::atomic<bool>* memory_is_too_old)
      : tokens(source), failures(std::move(shared)), too_old(memory_is_too_old) {}

  api_error refuse(api_error why, std::string_view address, epoch_ms now) {
    const auto locked = failures->note_failure(address, now);
    return locked ? locked_out(*locked) : std::move(why);
  }

  void note_use(const std::string& token_id, epoch_ms now) {
    const std::lock_guard lock(mutex);
    last_used[token_id] = now;
  }

  runtime::published<token_table>::reader tokens;
  std::shared_ptr<lockout> failures;
  const std::atomic<bool>* too_old;
  std::mutex mutex;  // between this worker and whoever writes the times to the store
  boost::unordered_flat_map<std::string, epoch_ms> last_used;
};

std::shared_ptr<lockout> make_lockout(std::int64_t failures_per_minute, std::chrono::milliseconds duration) {
  return std::make_shared<lockout>(failures_per_minute, duration);
}

authenticator::authenticator(const runtime::published<token_table>& tokens, std::shared_ptr<lockout> failures,
                             const std::atomic<bool>* too_old)
    : impl_(std::make_unique<impl>(tokens, std::move(failures), too_old)) {}
authenticator::~authenticator() = default;

model::outcome<std::shared_ptr<const principal>> authenticator::identify(std::string_view credential,
                                                                         std::string_view address, epoch_ms now) {
  if (credential.empty()) {
    const auto locked = impl_->failures->locked_for(address, now);
    return locked ? locked_out(*locked) : missing_key();
  }
  if (!well_formed(credential)) return impl_->refuse(malformed_key(), address, now);
  if (impl_->too_old != nullptr && impl_->too_old->load(std::memory_order_relaxed)) return forgotten_by_the_store();
  auto who = impl_->tokens.get()->find(credential);
  if (who == nullptr) return impl_->refuse(unknown_key(credential), address, now);
  if (auto why = objection(*who, credential, address, now)) return impl_->refuse(*std::move(why), address, now);
  impl_->note_use(who->token_id, now);
  return who;
}

std::vector<std::pair<std::string, epoch_ms>> authenticator::take_last_used() {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::pair<std::string, epoch_ms>> taken(impl_->last_used.begin(), impl_->last_used.end());
  impl_->last_used.clear();
  return taken;
}

}  // namespace spidergate::auth
