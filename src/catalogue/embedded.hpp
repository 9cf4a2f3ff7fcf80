#pragma once
#include <string_view>

/// The files of config/catalogue as they were when this binary was built.
namespace spidergate::catalogue::embedded {

[[nodiscard]] std::string_view providers() noexcept;
[[nodiscard]] std::string_view variants() noexcept;
[[nodiscard]] std::string_view unsupported() noexcept;
[[nodiscard]] std::string_view models() noexcept;
[[nodiscard]] std::string_view aliases() noexcept;
[[nodiscard]] std::string_view synonyms() noexcept;
[[nodiscard]] std::string_view patterns() noexcept;

}  // namespace spidergate::catalogue::embedded
