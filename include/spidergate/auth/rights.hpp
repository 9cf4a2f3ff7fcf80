#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a token may do is said twice, and both must agree: its scopes say in which areas, its role says how much of
/// what is there. Values and pure functions; any thread.
namespace spidergate::auth {

/// The areas. `admin` is the management of brands, clients, keys and tokens, `vault` that of provider keys.
enum class scope : std::uint8_t { inference = 1, usage = 2, vault = 4, admin = 8 };

/// | role | may |
/// |---|---|
/// | owner | everything in its brand, the brand itself included; of the operator brand: also make and change brands |
/// | admin | everything in its brand but changes of the brand itself |
/// | member | inference and usage; no management, not even of its own token |
/// | viewer | look at management and usage; no inference |
enum class role : std::uint8_t { viewer, member, admin, owner };

[[nodiscard]] std::string_view name_of(role of) noexcept;
/// Nothing for a name that is none.
[[nodiscard]] std::optional<role> role_named(std::string_view name) noexcept;
[[nodiscard]] std::optional<scope> scope_named(std::string_view name) noexcept;

/// The scopes of a new token that asks for none: all of an owner and an admin, inference and usage of a member, usage
/// of a viewer.
[[nodiscard]] std::vector<std::string> default_scopes(role of);
/// The least role that may hold all these scopes and write: for a token that asks for scopes but for no role. `admin`
/// gives owner, `vault` gives admin, all else member. Unknown names are ignored.
[[nodiscard]] role default_role(const std::vector<std::string>& scopes) noexcept;
/// Whether a token of this role may have that scope: a member's are inference and usage, a viewer's all but inference.
[[nodiscard]] bool may_hold(role of, scope what) noexcept;

/// The bits of `scope` that these names come to: `admin` implies every other scope, then all that the role may not hold
/// is taken away. An unknown role holds nothing.
[[nodiscard]] std::uint8_t effective_scopes(std::string_view role_name,
                                            const std::vector<std::string>& scopes) noexcept;

}  // namespace spidergate::auth
