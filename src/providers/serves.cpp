#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers {

bool serves(std::string_view dialect, model::endpoint kind) noexcept {
  const auto* spoken = find_dialect(dialect);
  return spoken != nullptr && spoken->serves(kind);
}

}  // namespace spidergate::providers
