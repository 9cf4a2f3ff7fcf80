#include "failure.hpp"

#include <spidergate/upstream/errc.hpp>

namespace spidergate::engine {

namespace {

model::api_error refused_by_provider(const providers::provider_error& said) {
  auto error = model::make_error(model::api_errc::provider_refused, said.message, said.param);
  error.provider_status = said.status >= 400 && said.status < 500 ? said.status : 400;
  error.provider_type = said.type;
  error.provider_code = said.code;
  error.from_provider = true;
  return error;
}

std::string_view clock_of(upstream::errc code, std::string_view reading) noexcept {
  switch (code) {
    case upstream::errc::connect_timeout:
      return "connect";
    case upstream::errc::tls_timeout:
      return "tls";
    case upstream::errc::write_timeout:
    case upstream::errc::head_timeout:
      return "response_head";
    case upstream::errc::read_timeout:
      return reading;
    default:
      return {};
  }
}

}  // namespace

owned_failure from_provider(const providers::provider_error& said) {
  using providers::error_class;
  auto f = std::make_unique<failure>();
  f->status = said.status;
  f->label = said.status != 0 ? std::to_string(said.status) : "in-band error";
  f->message = said.message;
  f->retry_after = said.retry_after;
  switch (said.kind) {
    case error_class::request_fault:
      f->next = next_step::give_up;
      f->to_client = refused_by_provider(said);
      break;
    case error_class::context_length:
      f->next = next_step::larger_window;
      f->to_client = refused_by_provider(said);
      break;
    case error_class::invalid_credentials:
      f->next = next_step::other_key;
      f->key = vault::key_outcome::invalid_credentials;
      f->credentials_refused = true;
      break;
    case error_class::no_such_model:
      f->next = next_step::other_candidate;
      break;
    case error_class::rate_limited:
      f->next = next_step::other_key;
      f->key = vault::key_outcome::rate_limited;
      f->rate_limited = true;
      break;
    case error_class::overloaded:
    case error_class::failed:
      f->next = next_step::same_candidate;
      // 408 and 409 are passing trouble of one request, not a sign of an unwell provider.
      f->counts_for_breaker = said.status == 0 || said.status >= 500;
      break;
  }
  return f;
}

owned_failure from_transport(error_code code, std::string_view clock) {
  auto f = std::make_unique<failure>();
  f->message = code.message();
  f->label = "connection";
  f->counts_for_breaker = true;
  if (code.category() != upstream::category()) return f;
  const auto what = static_cast<upstream::errc>(code.value());
  if (const auto fired = clock_of(what, clock); !fired.empty()) {
    f->label = "clock " + std::string(fired);
    f->message = "no answer in time: the " + std::string(fired) + " clock ran out";
  }
  switch (what) {
    case upstream::errc::address_refused:
    case upstream::errc::too_many_connections:
      f->next = next_step::other_candidate;
      f->counts_for_breaker = false;
      break;
    case upstream::errc::cancelled:
      f->next = next_step::stop;
      f->counts_for_breaker = false;
      break;
    default:
      break;
  }
  return f;
}

owned_failure cannot_say(const providers::refusal& why) {
  auto f = std::make_unique<failure>();
  f->next = next_step::other_candidate;
  f->unsupported = true;
  f->label = "unsupported";
  f->message = why.message;
  f->to_client = model::make_error(model::api_errc::unsupported_by_model, why.message, why.param);
  return f;
}

owned_failure would_drop(const std::string& candidate, const std::vector<std::string>& params) {
  std::string names;
  for (const auto& param : params) names.append(names.empty() ? "'" : "', '").append(param);
  return cannot_say({params.front(), "strict_params is set, and '" + candidate + "' does not take " + names +
                                         "': leave that out, or strict_params."});
}

owned_failure unparsable(std::string message) {
  auto f = std::make_unique<failure>();
  f->label = "bad answer";
  f->message = std::move(message);
  f->counts_for_breaker = true;
  return f;
}

}  // namespace spidergate::engine
