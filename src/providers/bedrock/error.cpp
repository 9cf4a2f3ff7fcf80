#include "../error_reading.hpp"
#include "bedrock_dialect.hpp"
#include "reading.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace spidergate::providers::bedrock {

namespace {

bool holds(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

struct meaning {
  std::string_view type;
  error_class kind;
  int status;
};

// The exceptions of the API reference's "Common errors", Converse and InvokeModel, with their statuses.
constexpr std::array meanings{meaning{"ThrottlingException", error_class::rate_limited, 429},
                              meaning{"TooManyRequestsException", error_class::rate_limited, 429},
                              meaning{"ServiceQuotaExceededException", error_class::rate_limited, 400},
                              meaning{"RequestLimitExceeded", error_class::rate_limited, 400},
                              meaning{"ModelNotReadyException", error_class::overloaded, 429},
                              meaning{"ServiceUnavailableException", error_class::overloaded, 503},
                              meaning{"ServiceUnavailable", error_class::overloaded, 503},
                              meaning{"InternalServerException", error_class::overloaded, 500},
                              meaning{"InternalFailure", error_class::overloaded, 500},
                              meaning{"ModelTimeoutException", error_class::failed, 408},
                              meaning{"ModelErrorException", error_class::failed, 424},
                              meaning{"ModelStreamErrorException", error_class::failed, 424},
                              meaning{"ConflictException", error_class::failed, 400},
                              meaning{"ResourceNotFoundException", error_class::no_such_model, 404},
                              meaning{"UnknownOperationException", error_class::no_such_model, 404},
                              meaning{"AccessDeniedException", error_class::invalid_credentials, 403},
                              meaning{"ExpiredTokenException", error_class::invalid_credentials, 403},
                              meaning{"ExpiredToken", error_class::invalid_credentials, 403},
                              meaning{"UnrecognizedClientException", error_class::invalid_credentials, 403},
                              meaning{"InvalidSignatureException", error_class::invalid_credentials, 403},
                              meaning{"SignatureDoesNotMatch", error_class::invalid_credentials, 403},
                              meaning{"IncompleteSignatureException", error_class::invalid_credentials, 403},
                              meaning{"InvalidClientTokenId", error_class::invalid_credentials, 403},
                              meaning{"MissingAuthenticationTokenException", error_class::invalid_credentials, 403},
                              meaning{"NotAuthorized", error_class::invalid_credentials, 403},
                              meaning{"OptInRequired", error_class::invalid_credentials, 403},
                              meaning{"ValidationException", error_class::request_fault, 400},
                              meaning{"ValidationError", error_class::request_fault, 400}};

const meaning* meaning_of(std::string_view type) {
  const auto* found =
      std::find_if(meanings.begin(), meanings.end(), [type](const meaning& m) { return iequals(m.type, type); });
  return found == meanings.end() ? nullptr : found;
}

/// One type stands for many things, which only its message tells apart.
error_class by_message(error_class kind, const provider_error& error) {
  const std::string said = to_lower(error.message);
  if (kind == error_class::request_fault) {
    provider_error plain;
    plain.status = 400;
    plain.message = error.message;
    if (classify(plain) == error_class::context_length) return error_class::context_length;
    // An id that is none, is not offered in this region, or wants an inference profile: another candidate may do.
    if (holds(said, {"model identifier is invalid", "on-demand throughput isn", "model id is not supported",
                     "isn't supported in this region", "end of its life"}))
      return error_class::no_such_model;
  }
  // Access is granted model by model: nothing is wrong with the key.
  if (kind == error_class::invalid_credentials &&
      holds(said, {"access to the model", "access to this model", "model access", "not available for this account"}))
    return error_class::no_such_model;
  return kind;
}

}  // namespace

std::string plain_type(std::string_view type) {
  // "com.amazon.coral.service#ExpiredTokenException", "ThrottlingException:http://internal.amazon.com/…"
  type = type.substr(0, type.find(':'));
  if (const auto hash = type.find('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  type = trim(type);
  std::string name(type.substr(0, 128));
  if (!name.empty() && name.front() >= 'a' && name.front() <= 'z') name.front() -= 'a' - 'A';
  return name;
}

void classify_aws(provider_error& error) {
  const auto* known = meaning_of(error.type);
  if (known == nullptr) {
    error.kind = classify(error);
    return;
  }
  if (error.status == 0) error.status = known->status;
  error.kind = by_message(known->kind, error);
}

provider_error bedrock_dialect::decode_error(int status, header_fields fields, std::string_view body) const {
  provider_error error;
  error.status = status;
  json::reader reader;
  if (reader.read(json::without_bom(body), json::surrogates::any)) {
    const auto root = reader.root();
    for (const std::string_view name : {"message", "Message", "errorMessage", "originalMessage"}) {
      if (error.message.empty()) error.message = presentable(root.find(name).text());
    }
    if (error.message.empty()) read_error(root, error);
    error.type = plain_type(root.find("__type").text());
  }
  if (const auto header = find_header(fields, "x-amzn-errortype"); !header.empty()) error.type = plain_type(header);
  error.type = presentable(error.type);
  if (error.message.empty()) {
    const bool page = body.find_first_not_of(" \t\r\n") == std::string_view::npos || body.find('<') < 64;
    error.message =
        page ? "The provider answered with status " + std::to_string(status) + " and no message." : presentable(body);
  }
  error.retry_after = read_retry_after(find_header(fields, "retry-after"), find_header(fields, "retry-after-ms"));
  classify_aws(error);
  return error;
}

}  // namespace spidergate::providers::bedrock
