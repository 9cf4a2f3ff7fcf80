#pragma once
#include <spidergate/catalogue/catalogue.hpp>

#include <string>

namespace spidergate::cli {

/// docs/providers.md: every provider of the built-in catalogue, what of it is served by this build, and what is not and
/// why. The same text for the same catalogue and build.
[[nodiscard]] std::string provider_page(const catalogue::catalogue& data);

}  // namespace spidergate::cli
