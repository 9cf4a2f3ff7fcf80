#pragma once
#include <spidergate/core/time.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

/// AWS Signature Version 4 (AWS General Reference, "Create a signed AWS API request").
namespace spidergate::providers::bedrock {

struct signing_key {
  std::string_view access_key_id, secret_access_key;
  std::string_view region, service;
};

/// What is signed. The path is as it goes over the wire: the signature is over the path encoded once more, as every
/// service but S3 has it.
struct unsigned_request {
  std::string_view method;
  std::string_view target;  ///< path and query
  /// Names in lower case, in any order: all are signed.
  std::span<const std::pair<std::string_view, std::string_view>> headers;
  std::string_view payload_hash;  ///< hex of the body's SHA-256
};

/// "20150830T123600Z": the value of x-amz-date.
[[nodiscard]] std::string amz_date(epoch_ms now);

/// The value of the authorization header. `date` is that of the x-amz-date header.
[[nodiscard]] std::string sigv4_authorization(const signing_key& key, std::string_view date,
                                              const unsigned_request& request);

}  // namespace spidergate::providers::bedrock
