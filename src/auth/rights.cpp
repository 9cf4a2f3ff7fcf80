#include <spidergate/auth/rights.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace spidergate::auth {

namespace {

constexpr std::uint8_t bit(scope s) noexcept {
  return static_cast<std::uint8_t>(s);
}
constexpr auto every_scope =
    static_cast<std::uint8_t>(bit(scope::inference) | bit(scope::usage) | bit(scope::vault) | bit(scope::admin));

struct named_role {
  std::string_view name;
  role is;
  std::uint8_t most;      ///< scopes that it may hold
  std::uint8_t at_first;  ///< scopes of a new token that asks for none
};
constexpr std::array roles{
    named_role{"owner", role::owner, every_scope, every_scope},
    named_role{"admin", role::admin, every_scope, every_scope},
    named_role{"member", role::member, bit(scope::inference) | bit(scope::usage),
               bit(scope::inference) | bit(scope::usage)},
    named_role{"viewer", role::viewer, every_scope & ~bit(scope::inference), bit(scope::usage)},
};
constexpr std::array scopes_by_name{
    std::pair<std::string_view, scope>{"inference", scope::inference},
    std::pair<std::string_view, scope>{"usage", scope::usage},
    std::pair<std::string_view, scope>{"vault", scope::vault},
    std::pair<std::string_view, scope>{"admin", scope::admin},
};

const named_role& row_of(role of) noexcept {
  return *std::find_if(roles.begin(), roles.end(), [of](const named_role& one) { return one.is == of; });
}

}  // namespace

std::string_view name_of(role of) noexcept {
  return row_of(of).name;
}

std::optional<role> role_named(std::string_view name) noexcept {
  for (const auto& one : roles)
    if (one.name == name) return one.is;
  return std::nullopt;
}

std::optional<scope> scope_named(std::string_view name) noexcept {
  for (const auto& [known, is] : scopes_by_name)
    if (known == name) return is;
  return std::nullopt;
}

std::vector<std::string> default_scopes(role of) {
  std::vector<std::string> names;
  for (const auto& [name, is] : scopes_by_name)
    if ((row_of(of).at_first & bit(is)) != 0) names.emplace_back(name);
  return names;
}

role default_role(const std::vector<std::string>& scopes) noexcept {
  const auto has = [&scopes](std::string_view name) {
    return std::find(scopes.begin(), scopes.end(), name) != scopes.end();
  };
  if (has("admin")) return role::owner;
  return has("vault") ? role::admin : role::member;
}

bool may_hold(role of, scope what) noexcept {
  return (row_of(of).most & bit(what)) != 0;
}

std::uint8_t effective_scopes(std::string_view role_name, const std::vector<std::string>& scopes) noexcept {
  const auto known = role_named(role_name);
  if (!known) return 0;
  unsigned bits = 0;
  for (const auto& name : scopes)
    if (const auto named = scope_named(name)) bits |= *named == scope::admin ? every_scope : bit(*named);
  return static_cast<std::uint8_t>(bits & row_of(*known).most);
}

}  // namespace spidergate::auth
