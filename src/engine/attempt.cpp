#include "attempt.hpp"

#include "call_reading.hpp"
#include "converse.hpp"
#include "credential.hpp"

#include <spidergate/vault/credentials.hpp>

#include <utility>

namespace spidergate::engine {

namespace {

owned_failure misplaced_credential() {
  auto f = std::make_unique<failure>();
  f->next = next_step::other_key;
  f->label = "key not usable";
  f->message = "the credential is bound to another origin, or a setting that the provider's base URL needs is missing";
  return f;
}

owned_failure not_spoken(std::string_view dialect) {
  auto why = unparsable("this build does not speak the provider's dialect " + std::string(dialect));
  why->next = next_step::other_candidate;
  why->counts_for_breaker = false;
  return why;
}

/// The provider's own dialect knows how its credentials are exchanged, whatever a model of it speaks.
const providers::dialect& issuer_for(const catalogue::provider& who, const providers::dialect& speaks) {
  if (speaks.name() == who.dialect) return speaks;
  const auto* own = providers::find_dialect(who.dialect);
  return own != nullptr ? *own : speaks;
}

std::string starred(std::string text, std::string_view secret) {
  if (secret.empty()) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
    text.replace(at, secret.size(), "***");
  return text;
}

/// Providers echo keys in their messages; nothing that leaves an attempt may hold one.
void mask(attempt_outcome& outcome, const vault::lease& key, std::string_view token) {
  if (!outcome.why) return;
  for (auto* text : {&outcome.why->message, &outcome.why->to_client.message}) {
    if (!text->empty()) *text = starred(vault::without_secrets(std::move(*text), key.credentials), token);
  }
}

bool token_is_refused(const attempt_outcome& outcome) {
  return outcome.how == attempt_outcome::ending::failed && outcome.why->credentials_refused && outcome.status == 401;
}

/// The call with the token that the credential is exchanged for. One that is refused before its time is tried once more
/// with a fresh one. Not inlined, or every attempt would have room for its frame.
[[gnu::noinline]] awaitable<void> converse_with_token(attempt_setting& in, const partner& with, const vault::lease& key,
                                                      attempt_outcome& outcome) {
  for (bool again = false;; again = true) {
    auto got = co_await in.tokens.get({.issuer = issuer_for(*with.who.provider, with.speaks),
                                       .who = *with.who.provider,
                                       .secret = with.secret,
                                       .key = key,
                                       .clocks = {.connect = in.clocks.connect_timeout,
                                                  .tls = in.clocks.tls_timeout,
                                                  .head = in.clocks.first_byte_timeout,
                                                  .total = in.what.deadline},
                                       .stop = in.what.stop});
    if (got.why) co_return outcome.fail(std::move(got.why));
    if (!got.token) co_return co_await converse(in, with, outcome);
    const providers::credential exchanged{got.token->token, with.secret.settings};
    co_await converse(in, {with.who, with.spoken, with.speaks, with.to, exchanged}, outcome);
    mask(outcome, key, exchanged.key.reveal());
    if (!token_is_refused(outcome)) co_return;
    in.tokens.drop(*got.token);
    if (got.token->fresh || again) co_return;
    outcome = {};
  }
}

}  // namespace

awaitable<void> make_attempt(attempt_setting& in, const router::candidate& who, const vault::lease& key,
                             attempt_outcome& outcome) {
  const std::string_view dialect =
      who.entry != nullptr && !who.entry->dialect.empty() ? who.entry->dialect : who.provider->dialect;
  const auto* speaks = providers::find_dialect(dialect);
  if (speaks == nullptr) co_return outcome.fail(not_spoken(dialect));
  const auto secret = read_credential(key.credentials.reveal());
  if (!secret) co_return outcome.fail(misplaced_credential());
  const auto to = in.places.find(*who.provider, key, *secret, in.clocks.allow_private_base_urls, dialect);
  if (!to) co_return outcome.fail(misplaced_credential());
  const partner with{who, who.provider->in_dialect(dialect), *speaks, *to, *secret};
  if (in.tokens.is_sent_itself(issuer_for(*who.provider, *speaks), *who.provider, *secret)) {
    co_await converse(in, with, outcome);
  } else {
    co_await converse_with_token(in, with, key, outcome);
  }
  mask(outcome, key, {});
  if (outcome.how == attempt_outcome::ending::failed &&
      in.what.stop.why() == runtime::stop_signal::reason::client_gone) {
    outcome.how = attempt_outcome::ending::client_gone;
  }
}

}  // namespace spidergate::engine
