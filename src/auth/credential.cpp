#include <spidergate/auth/authenticator.hpp>
#include <spidergate/core/ascii.hpp>

namespace spidergate::auth {

namespace {

std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer";
  authorization = trim(authorization);
  if (authorization.size() <= scheme.size() || !iequals(authorization.substr(0, scheme.size()), scheme)) return {};
  const auto rest = authorization.substr(scheme.size());
  const auto blank = rest.front() == ' ' || rest.front() == '\t';
  return blank ? trim(rest) : std::string_view{};
}

}  // namespace

std::string_view credential_from(std::string_view authorization, std::string_view x_api_key,
                                 std::string_view api_key) noexcept {
  if (const auto token = bearer_token(authorization); !token.empty()) return token;
  if (const auto token = trim(x_api_key); !token.empty()) return token;
  return trim(api_key);
}

}  // namespace spidergate::auth
