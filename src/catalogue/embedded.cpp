#include "embedded.hpp"

#include <cstddef>

// Made by sg_embed() in CMakeLists.txt.
extern "C" {
extern const unsigned char catalogue_providers_begin[], catalogue_providers_end[];
extern const unsigned char catalogue_variants_begin[], catalogue_variants_end[];
extern const unsigned char catalogue_unsupported_begin[], catalogue_unsupported_end[];
extern const unsigned char catalogue_models_begin[], catalogue_models_end[];
extern const unsigned char catalogue_aliases_begin[], catalogue_aliases_end[];
extern const unsigned char catalogue_synonyms_begin[], catalogue_synonyms_end[];
extern const unsigned char catalogue_patterns_begin[], catalogue_patterns_end[];
}

namespace spidergate::catalogue::embedded {
namespace {

std::string_view between(const unsigned char* begin, const unsigned char* end) noexcept {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view providers() noexcept {
  return between(catalogue_providers_begin, catalogue_providers_end);
}
std::string_view variants() noexcept {
  return between(catalogue_variants_begin, catalogue_variants_end);
}
std::string_view unsupported() noexcept {
  return between(catalogue_unsupported_begin, catalogue_unsupported_end);
}
std::string_view models() noexcept {
  return between(catalogue_models_begin, catalogue_models_end);
}
std::string_view aliases() noexcept {
  return between(catalogue_aliases_begin, catalogue_aliases_end);
}
std::string_view synonyms() noexcept {
  return between(catalogue_synonyms_begin, catalogue_synonyms_end);
}
std::string_view patterns() noexcept {
  return between(catalogue_patterns_begin, catalogue_patterns_end);
}

}  // namespace spidergate::catalogue::embedded
