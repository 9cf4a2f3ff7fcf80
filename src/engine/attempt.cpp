#include "attempt.hpp"

#include "call_reading.hpp"
#include "converse.hpp"
#include "credential.hpp"

#include <spidergate/vault/credentials.hpp>

#include <utility>

namespace spidergate::engine {

namespace {

failure misplaced_credential() {
  failure f;
  f.next = next_step::other_key;
  f.label = "key not usable";
  f.message = "the credential is bound to another origin, or a setting that the provider's base URL needs is missing";
  return f;
}

failure not_spoken(std::string_view dialect) {
  auto why = unparsable("this build does not speak the provider's dialect " + std::string(dialect));
  why.next = next_step::other_candidate;
  why.counts_for_breaker = false;
  return why;
}

/// The provider's own dialect knows how its credentials are exchanged, whatever a model of it speaks.
const providers::dialect& issuer_for(const catalogue::provider& who, const providers::dialect& speaks) {
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
  for (auto* text : {&outcome.why.message, &outcome.why.to_client.message}) {
    if (!text->empty()) *text = starred(vault::without_secrets(std::move(*text), key.credentials), token);
  }
}

bool token_is_refused(const attempt_outcome& outcome) {
  return outcome.how == attempt_outcome::ending::failed && outcome.why.credentials_refused && outcome.status == 401;
}

/// The call with the credential itself, or with the token that it is exchanged for. A token that is refused before its
/// time is tried once more with a fresh one.
awaitable<attempt_outcome> with_token(attempt_setting& in, const partner& with, const vault::lease& key,
                                      std::vector<std::string>& dropped) {
  const auto& provider = *with.who.provider;
  for (bool again = false;; again = true) {
    auto got = co_await in.tokens.get({.issuer = issuer_for(provider, with.speaks),
                                       .who = provider,
                                       .secret = with.secret,
                                       .key = key,
                                       .clocks = {.connect = in.clocks.connect_timeout,
                                                  .tls = in.clocks.tls_timeout,
                                                  .head = in.clocks.first_byte_timeout,
                                                  .total = in.what.deadline},
                                       .stop = in.what.stop});
    if (got.why) {
      auto outcome = failed(std::move(*got.why));
      mask(outcome, key, {});
      co_return outcome;
    }
    if (!got.token) {
      auto outcome = co_await converse(in, with, dropped);
      mask(outcome, key, {});
      co_return outcome;
    }
    const providers::credential exchanged{got.token->token, with.secret.settings};
    auto outcome = co_await converse(in, {with.who, with.spoken, with.speaks, with.to, exchanged}, dropped);
    mask(outcome, key, exchanged.key.reveal());
    if (token_is_refused(outcome)) in.tokens.drop(*got.token);
    if (!token_is_refused(outcome) || got.token->fresh || again) co_return outcome;
  }
}

}  // namespace

awaitable<attempt_outcome> make_attempt(attempt_setting& in, const router::candidate& who, const vault::lease& key) {
  const std::string_view dialect =
      who.entry != nullptr && !who.entry->dialect.empty() ? who.entry->dialect : who.provider->dialect;
  const auto* speaks = providers::find_dialect(dialect);
  if (speaks == nullptr) co_return failed(not_spoken(dialect));
  const auto secret = read_credential(key.credentials.reveal());
  if (!secret) co_return failed(misplaced_credential());
  const auto to = destination_of(*who.provider, key, *secret, in.clocks.allow_private_base_urls, dialect);
  if (!to) co_return failed(misplaced_credential());
  std::vector<std::string> dropped;
  const partner with{who, who.provider->in_dialect(dialect), *speaks, *to, *secret};
  auto outcome = co_await with_token(in, with, key, dropped);
  outcome.dropped_params = std::move(dropped);
  if (outcome.how == attempt_outcome::ending::failed &&
      in.what.stop.why() == runtime::stop_signal::reason::client_gone) {
    outcome.how = attempt_outcome::ending::client_gone;
  }
  co_return outcome;
}

}  // namespace spidergate::engine
