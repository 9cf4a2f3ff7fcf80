#include <spidergate/auth/authenticator.hpp>
#include <spidergate/core/glob.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace spidergate::auth {

namespace {

bool any_matches(const std::vector<std::string>& globs, std::span<const std::string_view> names) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return glob_match(glob, name); });
  });
}

bool allows(const principal& who, std::span<const std::string_view> names) {
  if (any_matches(who.blocked_models, names)) return false;
  return who.allowed_models.empty() || any_matches(who.allowed_models, names);
}

}  // namespace

bool principal::has(scope s) const noexcept {
  return (scopes & static_cast<unsigned>(s)) != 0;
}

bool principal::may_read_management() const noexcept {
  return may_write_management() || role_named(role) == auth::role::viewer;
}

bool principal::may_write_management() const noexcept {
  const auto known = role_named(role);
  return known == auth::role::owner || known == auth::role::admin;
}

bool principal::may_change_brand() const noexcept {
  return role_named(role) == auth::role::owner;
}

bool principal::may_change_brands() const noexcept {
  return may_change_brand() && of_operator_brand;
}

bool principal::may_use(std::string_view name) const noexcept {
  const std::array names{name};
  return allows(*this, names);
}

bool principal::may_use(std::string_view asked, std::string_view provider_and_model) const noexcept {
  const auto slash = provider_and_model.find('/');
  const auto bare = slash == std::string_view::npos ? provider_and_model : provider_and_model.substr(slash + 1);
  const std::array names{asked, provider_and_model, bare};
  return allows(*this, names);
}

}  // namespace spidergate::auth
